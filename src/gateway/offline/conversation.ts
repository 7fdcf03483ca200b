/** Reads a conversation for the offline model: the task, the results of tools, and complaints about an earlier answer. */
import type { Json, JsonObject } from '../../values/json.ts';
import { isList, textField } from './fields.ts';
import { isJsonObject } from '../../values/json.ts';
import type { Message, ModelRequest, ToolSpec } from '../../contracts/model.ts';

/** The result of a tool call. */
export interface ToolReading {
  /** The name of the tool. */
  readonly tool: string;
  /** The input of the call. */
  readonly input: Json;
  /** False when the call failed. */
  readonly ok: boolean;
  /** The text of the result, without its wrapping. */
  readonly text: string;
}

/** What the offline model knows when it answers. */
export interface OfflineConversation {
  /** The task as JSON; empty when it is a plain text. */
  readonly body: JsonObject;
  /** The task as a text. */
  readonly text: string;
  /** The results of tool calls, oldest first. */
  readonly reads: readonly ToolReading[];
  /** Problems with an earlier answer, to be corrected. */
  readonly complaints: string;
  /** Tools by which it may answer. */
  readonly answers: readonly ToolSpec[];
  /** The JSON Schema that its instructions ask for, as those of agent steps do; undefined when they ask for none. */
  readonly output: JsonObject | undefined;
  /** All other tools. */
  readonly tools: readonly ToolSpec[];
}

/** The conversation in a request. */
export function offlineConversation({ instructions, messages, tools }: ModelRequest): OfflineConversation {
  const [first, ...rest] = messages;
  const text = first?.role === 'user' ? first.text : '';
  const reads = readsIn(messages);
  const notes = rest.flatMap((message) => (message.role === 'user' ? [message.text] : []));
  const refused = reads.filter(({ tool, ok }) => !ok && tool.startsWith('answer_')).map((read) => read.text);
  return {
    body: bodyIn(text),
    text,
    reads,
    complaints: [...notes, ...refused].join('\n'),
    output: schemaAskedFor(instructions),
    answers: tools.filter(({ name }) => name.startsWith('answer_')),
    tools: tools.filter(({ name }) => !name.startsWith('answer_') && name !== 'request_tools'),
  };
}

/** The schema at the end of the instructions. */
function schemaAskedFor(instructions: string): JsonObject | undefined {
  const [, text] = /JSON schema:\n(\{[\s\S]*\})\s*$/.exec(instructions) ?? [];
  const schema = text === undefined ? {} : bodyIn(text);
  return Object.keys(schema).length === 0 ? undefined : schema;
}

/** A task is `type:` and its body as JSON; anything else has no fields. */
export function bodyIn(text: string): JsonObject {
  const start = text.indexOf('{');
  if (start < 0) return {};
  try {
    const body: unknown = JSON.parse(text.slice(start));
    return isJsonObject(body) ? body : {};
  } catch {
    return {};
  }
}

function readsIn(messages: readonly Message[]): ToolReading[] {
  const inputs = new Map<string, Json>();
  const reads: ToolReading[] = [];
  for (const message of messages) {
    if (message.role === 'assistant') for (const { id, input } of message.calls) inputs.set(id, input);
    if (message.role !== 'tool') continue;
    for (const { id, name, ok, content } of message.results) {
      reads.push({ tool: name, input: inputs.get(id) ?? null, ok, text: textIn(content) });
    }
  }
  return reads;
}

/** Tool servers wrap text as `{ content: [{ text }] }` or `{ content: "text" }`; our own give it bare or as a JSON string. */
function textIn(content: string): string {
  try {
    const value: unknown = JSON.parse(content);
    if (typeof value === 'string') return value;
    const inner = isJsonObject(value) ? value['content'] : undefined;
    if (typeof inner === 'string') return inner;
    if (isList(inner)) return inner.map((part) => textField(part, 'text') ?? '').join('\n');
  } catch {
    // Not JSON: it is the text.
  }
  return content;
}
