/**
 * A preset: the task belongs to one member at a time. The owner answers it or hands it over.
 *
 * H1 A hand-over goes to a member, or to a recipient outside that `until.handedOff` names. The schema of the message allows no other recipient.
 * H2 Hand-overs end: a member that gets the task a second time from the same member, or after `maxHandoffs`, must answer.
 */
import * as z from 'zod';
import { TroupeError } from '../../values/failure.ts';
import { slug } from '../../values/ids.ts';
import {
  ConversationResult,
  conversationFrom,
  finishConversation,
  conversationPrompt,
  partsSoFar,
} from './conversation.ts';
import {
  atLeastOne,
  presetLabel,
  presetOptionNames,
  makePreset,
  sendTo,
  type Preset,
  type PresetOptions,
} from './preset.ts';
import { requireUntil, type Turn, type Until } from './until.ts';
import { participantsByName, participantMember, requireText, type Participant } from './participants.ts';

/** What a hand-off is defined with. */
export interface HandoffOptions extends PresetOptions {
  /** The members that may own the task; at least one. */
  readonly members: readonly Participant[];
  /** The name of the first owner; the first of the members by default. */
  readonly start?: string;
  /** A condition that ends it before a member has answered; none by default. */
  readonly until?: Until;
  /** After so many hand-overs the owner must answer; 8 by default. */
  readonly maxHandoffs?: number;
}

/**
 * A team in which the owner of a task answers it or hands it over, with a note. Agents without a protocol can do both; others can only answer.
 * @example handoff({ name: 'support', members: [triage, billing, tech], start: 'triage', until: until.handedOff('person') })
 */
export function handoff(options: HandoffOptions): Preset<string, ConversationResult> {
  const where = presetLabel('hand-off', options, {
    ...presetOptionNames,
    members: true,
    start: true,
    until: true,
    maxHandoffs: true,
  });
  const participants = participantsByName(where, options.members);
  for (const participant of participants.values()) requireText(where, participant);
  const names = [...participants.keys()];
  const start = options.start === undefined ? names[0] : slug(options.start);
  if (start === undefined || !participants.has(start))
    throw new TroupeError(
      'definition',
      `The ${where} starts with "${start}", who is not in it. It has ${names.join(', ')}.`,
    );
  const until = options.until === undefined ? undefined : requireUntil(where, options.until);
  const maxHandoffs = atLeastOne(`maxHandoffs of ${where}`, options.maxHandoffs ?? 8);
  const targets = [...new Set([...names, ...(until?.exits ?? [])])];
  return makePreset(options, {
    what: 'hand-off',
    messages: {
      task: { body: z.string() },
      turn: { body: z.string(), replies: ['reply', 'handoff'] },
      decide: { body: z.string(), replies: ['reply'] },
      reply: { body: z.string().min(1).describe('Your answer to the task. It ends the conversation. Call it alone.') },
      handoff: {
        body: z
          .object({ to: z.enum(targets), note: z.string() })
          .describe('Hands the task over to somebody who is better at it, with what they need to know. Call it alone.'),
      },
      result: { body: ConversationResult },
    },
    members: (protocol) =>
      Object.fromEntries(
        [...participants].map(([name, participant]) => [
          name,
          // A member with messages of its own has none for a hand-over: what it says is its answer.
          participantMember(where, participant, {
            protocol,
            handles: ['turn', 'decide'],
            ...(participant.kind === 'agent' && participant.handles.length === 0 ? {} : { gives: 'reply' }),
          }),
        ]),
      ),
    next(said) {
      const conversation = conversationFrom(said);
      const { turns } = conversation;
      const latest = turns.at(-1);
      const reason = until?.reason(conversation);
      if (reason !== undefined) return finishConversation(conversation, reason);
      if (latest && latest.to === undefined) {
        const path = [...turns.slice(0, -1).map(({ from }) => from), latest.from].join(' > ');
        const forced = mustAnswer(turns.slice(0, -1), maxHandoffs);
        return finishConversation(conversation, forced ? `handed round too often: ${path}` : `${latest.from} answered`);
      }
      const owner = latest?.to ?? start;
      const ask = (type: string, text: string) =>
        sendTo(owner, type, conversationPrompt(conversation, text), partsSoFar(said));
      return mustAnswer(turns, maxHandoffs)
        ? ask('decide', `You are ${owner}. It was handed round enough: answer it yourself, as well as you can.`)
        : ask('turn', `You are ${owner}, and the task is yours. Answer it, or hand it over: ${targets.join(', ')}.`);
    },
    maxTurns: maxHandoffs + 1,
  });
}

/** Whether the owner may not hand the task over any more (H2). */
function mustAnswer(turns: readonly Turn[], maxHandoffs: number): boolean {
  const latest = turns.at(-1);
  if (!latest) return false;
  const same = turns.filter(({ from, to }) => from === latest.from && to === latest.to).length;
  return latest.to === latest.from || same > 1 || turns.length >= maxHandoffs;
}
