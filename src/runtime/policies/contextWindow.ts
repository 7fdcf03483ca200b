/** The context-window policy: which messages of a long conversation a model is shown. */
import * as z from 'zod';
import type { Message, Model } from '../../contracts/model.ts';
import { parseDefinition } from '../../values/explain.ts';

/** How large the window of a model is, and what of it is for the conversation. */
export interface ContextWindow {
  /** What the model can read and write in one call, in tokens; 8,192 by default. */
  readonly maxTokens?: number;
  /** What is kept free for the answer, in tokens; 1,024 by default. */
  readonly reserve?: number;
  /** So many of the latest messages are shown, however long they are; 2 by default. */
  readonly minMessages?: number;
}

const WindowSchema = z.strictObject({
  maxTokens: z.number().int().positive().default(8_192),
  reserve: z.number().int().nonnegative().default(1_024),
  minMessages: z.number().int().nonnegative().default(2),
});

/** What every message costs beside its text, in tokens. */
const overhead = 4;
const bytes = new TextEncoder();
/** Providers count otherwise; a quarter of the bytes is close for most texts. */
const tokensOf = (text: string): number => Math.max(1, Math.floor(bytes.encode(text).length / 4));

/** About how many tokens a text or a message costs: a token for four bytes, and four for each message. */
export function estimateTokens(of: string | Message): number {
  if (typeof of === 'string') return tokensOf(of);
  switch (of.role) {
    case 'user':
      return tokensOf(of.text) + overhead;
    case 'assistant':
      return (
        tokensOf(of.text + of.calls.map(({ name, input }) => name + JSON.stringify(input ?? null)).join('')) + overhead
      );
    case 'tool':
      return tokensOf(of.results.map(({ name, content }) => name + content).join('')) + overhead;
  }
}

/**
 * The messages of a conversation that fit into the window, in their order: the first one, which is the task, and the latest ones, at least `minMessages`
 * of them. Calls and their results stay together. One that is too long is left out, and shorter ones before it may stay. `instructions` are counted.
 * @example pruneMessages(messages, { maxTokens: 32_000, reserve: 4_000 })
 */
export function pruneMessages(
  messages: readonly Message[],
  window: ContextWindow = {},
  instructions = '',
): readonly Message[] {
  const { maxTokens, reserve, minMessages } = parseDefinition(WindowSchema, window, 'The context window');
  const room = Math.max(0, maxTokens - reserve) - (instructions === '' ? 0 : tokensOf(instructions) + overhead);
  if (messages.reduce((sum, message) => sum + estimateTokens(message), 0) <= room) return messages;
  const [task = [], ...others] = unitsOf(messages);
  const costOf = (unit: readonly Message[]) => unit.reduce((sum, message) => sum + estimateTokens(message), 0);
  const kept: (readonly Message[])[] = [];
  let [used, count] = [costOf(task), 0];
  for (const unit of others.toReversed()) {
    const cost = costOf(unit);
    if (used + cost > room && count >= minMessages) continue;
    kept.push(unit);
    used += cost;
    count += unit.length;
  }
  return [...task, ...kept.toReversed().flat()];
}

/** Messages that belong together: an answer that calls tools, and the results of the calls. */
const unitsOf = (messages: readonly Message[]): Message[][] => {
  const units: Message[][] = [];
  for (const message of messages) {
    const unit = units.at(-1);
    if (message.role === 'tool' && unit) unit.push(message);
    else units.push([message]);
  }
  return units;
};

/**
 * A model that is shown what fits into its window. For a model object; a model by name gets its history by `maxHistory` of its agent.
 * @example agent({ name: 'clerk', model: withContextWindow(aiSdkModel(local), { maxTokens: 4_096 }) })
 */
export function withContextWindow(model: Model, window: ContextWindow = {}): Model {
  // A wrong option is told now, and not at the first call.
  const checked = parseDefinition(WindowSchema, window, 'The context window');
  return {
    id: model.id,
    stream: (request, scope) =>
      model.stream({ ...request, messages: pruneMessages(request.messages, checked, request.instructions) }, scope),
  };
}
