/** The conversation of an agent as the messages of the HTTP contract, and back: a runtime that goes on with it need not be the one that began it. */
import * as z from 'zod';
import { Message, ProviderContent, ToolCall, type ToolResult } from '../../../contracts/model.ts';
import { anyJson } from '../../../values/anyJson.ts';
import { isJsonObject, type Json, type JsonObject } from '../../../values/json.ts';
import type { AgentMessage } from '../contracts/stepMessages.ts';

/** What the model has said, and what came of the calls that were settled. */
export interface SaidSoFar {
  /** The answers of the model, in their order. */
  readonly answers: readonly Extract<Message, { role: 'assistant' }>[];
  /** By the id of the call. */
  readonly results: ReadonlyMap<string, Pick<ToolResult, 'ok' | 'content'>>;
}

const text = (words: string) => ({ type: 'text', text: words });

/** A message of a transcript in the form of the contract: calls of tools and their results are blocks, as JSON. */
export function agentMessage(entry: Json): AgentMessage | undefined {
  const message = Message.safeParse(entry).data;
  if (!message) return undefined;
  switch (message.role) {
    case 'user':
      return { role: 'user', content: message.text };
    case 'assistant': {
      const { text: words, calls, provider } = message;
      const blocks = [...(words === '' ? [] : [text(words)]), ...calls.map((call) => ({ type: 'tool_use', ...call }))];
      return {
        role: 'assistant',
        content: calls.length === 0 ? words : JSON.stringify(blocks),
        ...(provider ? { provider } : {}),
      };
    }
    case 'tool':
      return {
        role: 'user',
        content: JSON.stringify(message.results.map(({ id, ok, content }) => toolResultBlock(id, content, ok))),
      };
  }
}

/** What came of a call, as the contract says it. */
export const toolResultBlock = (id: string, content: string, ok: boolean) => ({
  type: 'tool_result',
  tool_use_id: id,
  content,
  ...(ok ? {} : { is_error: true }),
});

const Use = ToolCall.extend({ type: z.literal('tool_use'), input: anyJson().default(null) });
const Words = z.object({ type: z.literal('text'), text: z.string() });
const Result = z.object({
  type: z.literal('tool_result'),
  tool_use_id: z.string(),
  content: z.union([z.string(), z.array(Words)]).default(''),
  is_error: z.boolean().default(false),
});

/** Reads the messages of the contract, as any runtime may have written them. The first one is what the agent was asked. */
export function saidIn(messages: readonly AgentMessage[]): SaidSoFar {
  const answers: Extract<Message, { role: 'assistant' }>[] = [];
  const results = new Map<string, Pick<ToolResult, 'ok' | 'content'>>();
  for (const { role, content, provider } of messages.slice(1)) {
    const blocks = jsonObjectsIn(content);
    if (role === 'assistant') {
      const calls = blocks.flatMap((block) => {
        const { type: _, ...call } = Use.safeParse(block).data ?? {};
        return 'id' in call ? [call] : [];
      });
      const words = blocks.flatMap((block) => Words.safeParse(block).data?.text ?? []).join('');
      const own = ProviderContent.safeParse(provider).data;
      answers.push({
        role,
        text: calls.length === 0 ? content : words,
        calls,
        ...(own === undefined ? {} : { provider: own }),
      });
    } else
      for (const block of blocks) {
        const { data: result } = Result.safeParse(block);
        if (result) results.set(result.tool_use_id, { ok: !result.is_error, content: wordsOf(result.content) });
      }
  }
  return { answers, results };
}

const wordsOf = (content: z.infer<typeof Result>['content']): string =>
  typeof content === 'string' ? content : content.map(({ text: words }) => words).join('\n');

/** The objects of the JSON list that a text is; none when it is something else. */
function jsonObjectsIn(content: string): readonly JsonObject[] {
  if (!content.startsWith('[')) return [];
  try {
    // Only valid JSON gets further.
    const list = JSON.parse(content) as Json;
    return Array.isArray(list) ? list.filter(isJsonObject) : [];
  } catch {
    return [];
  }
}
