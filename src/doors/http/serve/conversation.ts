/** The conversation of an agent as the messages of the HTTP contract, and back: a runtime that goes on with it need not be the one that began it. */
import * as z from 'zod';
import type { MediaPart } from '../../../contracts/media.ts';
import { Message, ProviderContent, ToolCall, type ToolResult } from '../../../contracts/model.ts';
import { mediaInWords } from '../../../contracts/parts.ts';
import { toolContentIn, type ToolContent } from '../../../contracts/toolContent.ts';
import { anyJson } from '../../../values/anyJson.ts';
import { isJsonObject, type Json, type JsonObject } from '../../../values/json.ts';
import type { AgentMessage } from '../contracts/stepMessages.ts';

/** What the model has said, and what came of the calls that were settled. */
export interface SaidSoFar {
  /** The answers of the model, in their order. */
  readonly answers: readonly Extract<Message, { role: 'assistant' }>[];
  /** By the id of the call. */
  readonly results: ReadonlyMap<string, SettledCall>;
}

/** What came of a call: what the model was told, and images, audio and files as a tool gives them. */
export interface SettledCall extends Pick<ToolResult, 'ok' | 'content'> {
  readonly media: ToolContent['content'];
}

const text = (words: string) => ({ type: 'text', text: words });

/** The bytes of an artifact in base64; undefined when they are not sent along. */
export type BytesOf = (part: MediaPart) => string | undefined;

/** A message of a transcript in the form of the contract: calls of tools and their results are blocks, as JSON. An artifact without bytes is said in words. */
export function agentMessage(entry: Json, bytesOf: BytesOf): AgentMessage | undefined {
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
        content: JSON.stringify(message.results.map((result) => settledBlock(result, bytesOf))),
      };
  }
}

function settledBlock({ id, ok, content, parts = [] }: ToolResult, bytesOf: BytesOf) {
  const media = parts.flatMap((part) => {
    const data = bytesOf(part);
    return data === undefined ? [] : [mediaBlock(part, data)];
  });
  const words = parts.filter((part) => bytesOf(part) === undefined).map(mediaInWords);
  const said = [content, ...words].join('\n');
  return toolResultBlock(id, media.length === 0 ? said : [text(said), ...media], ok);
}

/** An artifact as a tool gives it. */
const mediaBlock = ({ type, mediaType, name }: MediaPart, data: string): ToolContent['content'][number] =>
  type === 'file' || name !== undefined
    ? { type: 'resource', resource: { blob: data, mimeType: mediaType, ...(name === undefined ? {} : { uri: name }) } }
    : { type, data, mimeType: mediaType };

/** What came of a call, as the contract says it. */
export const toolResultBlock = (id: string, content: string | readonly object[], ok: boolean) => ({
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
  content: z.union([z.string(), z.array(anyJson())]).default(''),
  is_error: z.boolean().default(false),
});

/** Reads the messages of the contract, as any runtime may have written them. The first one is what the agent was asked. */
export function saidIn(messages: readonly AgentMessage[]): SaidSoFar {
  const answers: Extract<Message, { role: 'assistant' }>[] = [];
  const results = new Map<string, SettledCall>();
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
        if (result) results.set(result.tool_use_id, { ok: !result.is_error, ...shownIn(result.content) });
      }
  }
  return { answers, results };
}

/** The words of a result, and what is beside them. */
function shownIn(content: z.infer<typeof Result>['content']): Pick<SettledCall, 'content' | 'media'> {
  if (typeof content === 'string') return { content, media: [] };
  const blocks = toolContentIn({ content })?.content ?? [];
  const words = blocks.flatMap((block) => (block.type === 'text' ? block.text : []));
  return { content: words.join('\n'), media: blocks.filter(({ type }) => type !== 'text') };
}

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
