/** A preset: members speak in turn, round after round. */
import * as z from 'zod';
import { boundOf, ChatResult, conversationOf, over, prompt, type ChatOptions } from './conversation.ts';
import { place, preset, send, type Preset } from './preset.ts';
import { requireUntil } from './until.ts';
import { cast, memberOf, requireText, type Voice } from './participants.ts';

/** What a round robin is defined with. */
export interface RoundRobinOptions extends ChatOptions {
  /** The members in the order in which they speak; at least one. */
  readonly members: readonly Voice[];
}

/**
 * A conversation in which each member in turn reads what was said so far and adds to it.
 * @example await run(roundRobin({ name: 'desk', members: [writer, critic], until: until.textMentions('DONE').or(until.maxTurns(8)) }), 'A haiku on tea')
 */
export function roundRobin(options: RoundRobinOptions): Preset<string, ChatResult> {
  const where = place('round robin', options);
  const voices = cast(where, options.members);
  for (const voice of voices.values()) requireText(where, voice);
  const until = requireUntil(where, options.until);
  const names = [...voices.keys()];
  return preset(options, {
    what: 'round robin',
    messages: {
      task: { body: z.string() },
      turn: { body: z.string(), replies: ['said'] },
      said: { body: z.string() },
      result: { body: ChatResult },
    },
    members: (protocol) =>
      Object.fromEntries(
        [...voices].map(([name, voice]) => [
          name,
          memberOf(where, voice, { protocol, handles: ['turn'], gives: 'said' }),
        ]),
      ),
    next(said) {
      const conversation = conversationOf(said);
      const reason = until.reason(conversation);
      if (reason !== undefined) return over(conversation, reason);
      const speaker = names.at(conversation.turns.length % names.length) ?? '';
      return send(speaker, 'turn', prompt(conversation, `You are ${speaker}. It is your turn.`));
    },
    ...boundOf(until),
  });
}
