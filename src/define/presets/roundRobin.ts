/** A preset: members speak in turn, round after round. */
import * as z from 'zod';
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
import { requireUntil } from './until.ts';
import { participantsByName, participantMember, requireText, type Participant } from './participants.ts';

/** What a round robin is defined with. */
export interface RoundRobinOptions extends ConversationOptions {
  /** The members in the order in which they speak; at least one. */
  readonly members: readonly Participant[];
}

/**
 * A conversation in which each member in turn reads what was said so far and adds to it.
 * @example await run(roundRobin({ name: 'desk', members: [writer, critic], until: until.textMentions('DONE').or(until.maxTurns(8)) }), 'A haiku on tea')
 */
export function roundRobin(options: RoundRobinOptions): Preset<string, ConversationResult> {
  const where = presetLabel('round robin', options, { ...presetOptionNames, until: true, members: true });
  const participants = participantsByName(where, options.members);
  for (const participant of participants.values()) requireText(where, participant);
  const until = requireUntil(where, options.until);
  const names = [...participants.keys()];
  return makePreset(options, {
    what: 'round robin',
    messages: {
      task: { body: z.string() },
      turn: { body: z.string(), replies: ['said'] },
      said: { body: z.string() },
      result: { body: ConversationResult },
    },
    members: (protocol) =>
      Object.fromEntries(
        [...participants].map(([name, participant]) => [
          name,
          participantMember(where, participant, { protocol, handles: ['turn'], gives: 'said' }),
        ]),
      ),
    next(said) {
      const conversation = conversationFrom(said);
      const reason = until.reason(conversation);
      if (reason !== undefined) return finishConversation(conversation, reason);
      const speaker = names.at(conversation.turns.length % names.length) ?? '';
      return sendTo(
        speaker,
        'turn',
        conversationPrompt(conversation, `You are ${speaker}. It is your turn.`),
        partsSoFar(said),
      );
    },
    ...turnLimit(until),
  });
}
