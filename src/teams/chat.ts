/** A conversation, read from the messages of a team, and what is shown of it to whoever speaks next. */
import * as z from 'zod';
import { nothingUsed } from '../../machines/agent/context.ts';
import { together } from '../../machines/member.ts';
import type { TeamMessage } from '../team.ts';
import { finish, type PresetOptions } from './plan.ts';
import type { Conversation, Turn, Until } from './until.ts';

export interface ChatOptions extends PresetOptions {
  /** When it is over. */
  readonly until: Until;
}

/** What a conversation gives: the last thing that was said, by whom, and why it ended there. */
export const ChatResult = z.object({
  text: z.string(),
  by: z.string(),
  reason: z.string(),
  /** How often somebody spoke. */
  turns: z.number(),
});
export type ChatResult = z.infer<typeof ChatResult>;

/** Messages that are somebody's turn; the others only lead there. */
export const turnTypes: ReadonlySet<string> = new Set(['said', 'reply', 'handoff', 'argument']);

const turnOf = ({ from = '', body }: TeamMessage): Turn => {
  if (typeof body === 'string') return { from, text: body };
  const { to, note } = body as { readonly to: string; readonly note: string };
  return { from, text: note, to };
};

export function conversationOf(said: readonly TeamMessage[]): Conversation {
  const [task, ...answers] = said;
  return {
    task: task!.body as string,
    turns: answers.filter(({ type }) => turnTypes.has(type)).map(turnOf),
    usage: answers.reduce((sum, { usage }) => together(sum, usage ?? nothingUsed), nothingUsed),
    elapsed: Math.max(0, (said.at(-1)!.at ?? 0) - (task!.at ?? 0)),
  };
}

/** The conversation is over, for this reason. */
export function over({ turns }: Conversation, reason: string) {
  const { text, from } = turns.at(-1) ?? { text: '', from: '' };
  return finish({ text, by: from, reason, turns: turns.length } satisfies ChatResult);
}

const line = ({ from, text, to }: Turn): string => `[${from}${to === undefined ? '' : ` to ${to}`}] ${text}`;

/** Everything so far as a text, and what is asked of whom. */
export const prompt = ({ task, turns }: Conversation, ask: string): string =>
  [task, ...(turns.length > 0 ? ['So far:', ...turns.map(line)] : []), ask].join('\n\n');

/** More is handed out only to find out who speaks; `per` turn. */
export const boundOf = ({ turns }: Until, per = 1): { maxTurns?: number } =>
  turns === undefined ? {} : { maxTurns: turns * per };
