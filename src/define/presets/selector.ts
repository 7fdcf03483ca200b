/** A preset: a function or a model chooses the next speaker. */
import * as z from 'zod';
import type { Agent } from '../agent.ts';
import { describeValue } from '../../values/explain.ts';
import { TroupeError } from '../../values/failure.ts';
import type { Messages } from '../../contracts/protocol.ts';
import { namedCall } from '../namedCall.ts';
import { kindOf } from '../schemas.ts';
import { latestOf } from '../team.ts';
import {
  turnLimit,
  ConversationResult,
  conversationFrom,
  finishConversation,
  conversationPrompt,
  partsSoFar,
  type ConversationOptions,
} from './conversation.ts';
import { presetLabel, presetOptionNames, makePreset, sendTo, type Preset } from './preset.ts';
import { requireUntil, type Conversation } from './until.ts';
import { participantsByName, participantMember, requireText, type Participant } from './participants.ts';

/** Gives the name of the next speaker. Pure: it is called again after a restart. */
export type ChooseSpeaker = (conversation: Conversation, members: readonly string[]) => string;

/** What a conversation with a selector is defined with. */
export interface SelectorOptions extends ConversationOptions {
  /** The members that may speak; at least one. */
  readonly members: readonly Participant[];
  /** A pure function, or an agent without a protocol, which is shown the conversation and the names. */
  readonly choose: ChooseSpeaker | Agent<Record<never, never>, never>;
}

/**
 * A conversation whose next speaker is chosen each time, by a function or by a model.
 * @example selector({ name: 'desk', members: [writer, critic], choose: ({ turns }) => (turns.length % 3 === 2 ? 'critic' : 'writer'), until: until.maxTurns(9) })
 */
export function selector(options: SelectorOptions): Preset<string, ConversationResult> {
  const where = presetLabel('selector', options, { ...presetOptionNames, until: true, members: true, choose: true });
  const { choose } = options;
  const chooser = typeof choose === 'function' ? undefined : requireChooser(where, choose);
  const participants = participantsByName(where, options.members);
  participantsByName(where, chooser ? [...options.members, chooser] : options.members);
  for (const participant of participants.values()) requireText(where, participant);
  const until = requireUntil(where, options.until);
  const names = [...participants.keys()];
  const choices: Messages = {
    choose: { body: z.string(), replies: ['chosen'] },
    chosen: { body: z.object({ speaker: z.enum(names) }) },
  };
  return makePreset(options, {
    what: 'selector',
    messages: {
      task: { body: z.string() },
      turn: { body: z.string(), replies: ['said'] },
      said: { body: z.string() },
      ...(chooser ? choices : {}),
      result: { body: ConversationResult },
    },
    members: (protocol) => ({
      ...Object.fromEntries(
        [...participants].map(([name, participant]) => [
          name,
          participantMember(where, participant, { protocol, handles: ['turn'], gives: 'said' }),
        ]),
      ),
      ...(chooser ? { [chooser.name]: participantMember(where, chooser, { protocol, handles: ['choose'] }) } : {}),
    }),
    next(said) {
      const conversation = conversationFrom(said);
      const { type, body } = latestOf(said);
      const turn = (speaker: string) =>
        sendTo(
          speaker,
          'turn',
          conversationPrompt(conversation, `You are ${speaker}. It is your turn.`),
          partsSoFar(said),
        );
      if (type === 'chosen') return turn(Chosen.parse(body).speaker);
      const reason = until.reason(conversation);
      if (reason !== undefined) return finishConversation(conversation, reason);
      if (typeof choose === 'function') return turn(chosenBy(choose, conversation));
      return sendTo(
        choose.name,
        'choose',
        conversationPrompt(conversation, `Who speaks next? One of ${names.join(', ')}.`),
        partsSoFar(said),
      );
    },
    ...turnLimit(until, chooser ? 2 : 1),
  });

  function chosenBy(choice: ChooseSpeaker, conversation: Conversation): string {
    const speaker = namedCall(`The choose of ${where}`, () => choice(conversation, names));
    if (names.includes(speaker)) return speaker;
    throw new TroupeError(
      'unknown_recipient',
      `The choose of ${where} must give one of ${names.join(', ')}; it gave ${typeof speaker === 'string' ? `"${speaker}"` : describeValue(speaker)}.`,
    );
  }
}

const Chosen = z.object({ speaker: z.string() });

const isPlainAgent = (value: unknown): value is Agent<Record<never, never>, never> =>
  kindOf(value) === 'agent' && z.object({ handles: z.array(z.unknown()).length(0) }).safeParse(value).success;

function requireChooser(where: string, choose: unknown): Agent<Record<never, never>, never> {
  if (isPlainAgent(choose)) return choose;
  throw new TroupeError(
    'definition',
    `In ${where}, "choose" is a function of the conversation, or an agent without a protocol; got ${describeValue(choose)}.`,
  );
}
