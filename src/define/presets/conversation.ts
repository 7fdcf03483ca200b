/** A conversation, read from the messages of a team, and the prompt that shows it to the next speaker. */
import * as z from 'zod';
import { zeroUsage } from '../../../machines/usage.ts';
import { addUsage } from '../../../machines/usage.ts';
import type { PassedOn, TeamMessage } from '../teamDefinition.ts';
import { distinctParts, partsIn } from '../../contracts/parts.ts';
import { finishWith, type PresetOptions } from './preset.ts';
import type { Conversation, Turn, Until } from './until.ts';

/** Options of presets that are a conversation. */
export interface ConversationOptions extends PresetOptions {
  /** The condition that ends it. */
  readonly until: Until;
}

/** The result of a conversation: what was said last, by which member, and why it ended. */
export const ConversationResult = z.object({
  /** What was said last. */
  text: z.string(),
  /** The name of the member that said it. */
  by: z.string(),
  /** Why the conversation ended. */
  reason: z.string(),
  /** How many turns there were. */
  turns: z.number(),
});
export type ConversationResult = z.infer<typeof ConversationResult>;

/** Types of messages that are a turn of a member; all others only prepare one. */
export const turnTypes: ReadonlySet<string> = new Set(['said', 'reply', 'handoff', 'argument']);

const turnOf = ({ from = '', body }: TeamMessage): Turn => {
  if (typeof body === 'string') return { from, text: body };
  const { to, note } = Handoff.parse(body);
  return { from, text: note, to };
};
const Handoff = z.object({ to: z.string(), note: z.string() });

/** The conversation that the messages of a team are. The first message is its task, a text. */
export function conversationFrom(said: readonly TeamMessage[]): Conversation {
  const [task, ...answers] = said;
  return {
    task: typeof task?.body === 'string' ? task.body : '',
    turns: answers.filter(({ type }) => turnTypes.has(type)).map(turnOf),
    usage: answers.reduce((sum, { usage }) => addUsage(sum, usage ?? zeroUsage), zeroUsage),
    elapsed: Math.max(0, (said.at(-1)?.at ?? 0) - (task?.at ?? 0)),
  };
}

/** Who reads the whole conversation gets all images, audio and files of it. */
export const partsSoFar = (said: readonly TeamMessage[]): PassedOn =>
  partsIn(distinctParts(...said.map(({ parts }) => parts)));

/** Ends the conversation for this reason, with what was said last. */
export function finishConversation({ turns }: Conversation, reason: string) {
  const { text, from } = turns.at(-1) ?? { text: '', from: '' };
  return finishWith({ text, by: from, reason, turns: turns.length } satisfies ConversationResult);
}

const line = ({ from, text, to }: Turn): string => `[${from}${to === undefined ? '' : ` to ${to}`}] ${text}`;

/** The conversation so far as a text, followed by the instruction for the next speaker. */
export const conversationPrompt = ({ task, turns }: Conversation, ask: string): string =>
  [task, ...(turns.length > 0 ? ['So far:', ...turns.map(line)] : []), ask].join('\n\n');

/** The limit on messages that follows from a condition: `per` messages for each turn. */
export const turnLimit = ({ turns }: Until, per = 1): { maxTurns?: number } =>
  turns === undefined ? {} : { maxTurns: turns * per };
