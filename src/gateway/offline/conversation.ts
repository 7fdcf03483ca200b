/** What the offline model understands of a conversation: the task, what tools returned, and what was wrong with an earlier answer. */
import type { Json, JsonObject } from '../../contracts/json.ts';
import type { Message, ModelRequest, ToolSpec } from '../../contracts/model.ts';

export interface Read {
  readonly tool: string;
  readonly input: Json;
  readonly ok: boolean;
  /** The text a tool returned, out of whatever it was wrapped in. */
  readonly text: string;
}

export interface Conversation {
  readonly body: JsonObject;
  readonly text: string;
  readonly reads: readonly Read[];
  /** What it was told after its first turn: problems to mend. */
  readonly complaints: string;
  readonly answers: readonly ToolSpec[];
  readonly tools: readonly ToolSpec[];
}

export function conversationOf({ messages, tools }: ModelRequest): Conversation {
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
    answers: tools.filter(({ name }) => name.startsWith('answer_')),
    tools: tools.filter(({ name }) => !name.startsWith('answer_') && name !== 'request_tools'),
  };
}

/** A task is `type:` and its body as JSON; anything else has no fields. */
function bodyIn(text: string): JsonObject {
  const start = text.indexOf('{');
  if (start < 0) return {};
  try {
    return JSON.parse(text.slice(start)) as JsonObject;
  } catch {
    return {};
  }
}

function readsIn(messages: readonly Message[]): Read[] {
  const inputs = new Map<string, Json>();
  const reads: Read[] = [];
  for (const message of messages) {
    if (message.role === 'assistant') for (const { id, input } of message.calls) inputs.set(id, input as Json);
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
    const value = JSON.parse(content) as unknown;
    if (typeof value === 'string') return value;
    const { content: inner } = (value ?? {}) as { content?: unknown };
    if (typeof inner === 'string') return inner;
    if (Array.isArray(inner)) return inner.map((part) => (part as { text?: string }).text ?? '').join('\n');
  } catch {
    // Not JSON: it is the text.
  }
  return content;
}
