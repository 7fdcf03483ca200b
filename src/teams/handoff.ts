/**
 * The conversation belongs to one member at a time. Who owns it answers, or hands it over.
 *
 * H1 A hand-over goes to a member, or to somebody outside whom `until.handedOff` names: nobody else can be said.
 * H2 Nobody hands over for ever: who gets it a second time from the same member, or after `maxHandoffs`, must answer.
 */
import * as z from 'zod';
import { TroupeError } from '../contracts/failure.ts';
import { slug } from '../contracts/ids.ts';
import { ChatResult, conversationOf, over, prompt } from './chat.ts';
import { atLeastOne, place, preset, send, type Preset, type PresetOptions } from './plan.ts';
import { requireUntil, type Turn, type Until } from './until.ts';
import { cast, memberOf, requireText, type Voice } from './voice.ts';

export interface HandoffOptions extends PresetOptions {
  readonly members: readonly Voice[];
  /** Who has it first; the first of the members unless told otherwise. */
  readonly start?: string;
  /** When it is over before anybody answered. */
  readonly until?: Until;
  /** Eight unless told otherwise. */
  readonly maxHandoffs?: number;
}

/**
 * A team in which the owner of a task answers it or hands it over, with a note. Agents without a protocol can do both; others can only answer.
 * @example handoff({ name: 'support', members: [triage, billing, tech], start: 'triage', until: until.handedOff('person') })
 */
export function handoff(options: HandoffOptions): Preset<string, ChatResult> {
  const where = place('hand-off', options);
  const voices = cast(where, options.members);
  for (const voice of voices.values()) requireText(where, voice);
  const names = [...voices.keys()];
  const start = options.start === undefined ? names[0]! : slug(options.start);
  if (!voices.has(start))
    throw new TroupeError(
      'definition',
      `The ${where} starts with "${start}", who is not in it. It has ${names.join(', ')}.`,
    );
  const until = options.until === undefined ? undefined : requireUntil(where, options.until);
  const maxHandoffs = atLeastOne(`maxHandoffs of ${where}`, options.maxHandoffs ?? 8);
  const targets = [...new Set([...names, ...(until?.exits ?? [])])];
  return preset(options, {
    what: 'hand-off',
    messages: {
      task: { body: z.string() },
      turn: { body: z.string(), replies: ['reply', 'handoff'] },
      decide: { body: z.string(), replies: ['reply'] },
      reply: { body: z.string().min(1).describe('Your answer to the task. It ends the conversation. Call it alone.') },
      handoff: {
        body: z
          .object({ to: z.enum(targets as [string, ...string[]]), note: z.string() })
          .describe('Hands the task over to somebody who is better at it, with what they need to know. Call it alone.'),
      },
      result: { body: ChatResult },
    },
    members: (protocol) =>
      Object.fromEntries(
        [...voices].map(([name, voice]) => [
          name,
          // Whoever has messages of its own cannot say "handoff": what it says is its answer.
          memberOf(where, voice, {
            protocol,
            handles: ['turn', 'decide'],
            ...(voice.kind === 'agent' && voice.handles.length === 0 ? {} : { gives: 'reply' }),
          }),
        ]),
      ),
    next(said) {
      const conversation = conversationOf(said);
      const { turns } = conversation;
      const latest = turns.at(-1);
      const reason = until?.reason(conversation);
      if (reason !== undefined) return over(conversation, reason);
      if (latest && latest.to === undefined) {
        const way = [...turns.slice(0, -1).map(({ from }) => from), latest.from].join(' > ');
        const forced = mustAnswer(turns.slice(0, -1), maxHandoffs);
        return over(conversation, forced ? `handed round too often: ${way}` : `${latest.from} answered`);
      }
      const owner = latest?.to ?? start;
      const [type, ask] = mustAnswer(turns, maxHandoffs)
        ? ['decide', `You are ${owner}. It was handed round enough: answer it yourself, as well as you can.`]
        : ['turn', `You are ${owner}, and the task is yours. Answer it, or hand it over: ${targets.join(', ')}.`];
      return send(owner, type!, prompt(conversation, ask!));
    },
    maxTurns: maxHandoffs + 1,
  });
}

/** H2 */
function mustAnswer(turns: readonly Turn[], maxHandoffs: number): boolean {
  const latest = turns.at(-1);
  if (!latest) return false;
  const same = turns.filter(({ from, to }) => from === latest.from && to === latest.to).length;
  return latest.to === latest.from || same > 1 || turns.length >= maxHandoffs;
}
