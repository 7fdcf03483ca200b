/** The chat completions of OpenAI, and of the servers that are compatible with them. */
import * as z from 'zod';
import type { JsonObject } from '../../../src/values/json.ts';
import { describeMismatch } from '../../../src/values/explain.ts';
import { sse, type DoubleTurn, type Wire } from './double.ts';
import { openaiSchemaFault } from './schemas.ts';

const name = z
  .string()
  .max(64, 'string too long')
  .regex(
    /^[a-zA-Z0-9_-]+$/,
    "string does not match pattern. Expected a string that matches the pattern '^[a-zA-Z0-9_-]+$'.",
  );
const Call = z.looseObject({
  id: z.string().min(1).max(40, 'string too long. Expected a string with maximum length 40.'),
  function: z.object({ name, arguments: z.string() }),
});
const Part = z.discriminatedUnion('type', [
  z.object({ type: z.literal('text'), text: z.string() }),
  z.object({ type: z.literal('image_url'), image_url: z.looseObject({ url: z.string().startsWith('data:image/') }) }),
  z.object({
    type: z.literal('input_audio'),
    input_audio: z.object({ data: z.string(), format: z.enum(['wav', 'mp3']) }),
  }),
  z.object({ type: z.literal('file'), file: z.looseObject({ filename: z.string() }) }),
]);
const Message = z.discriminatedUnion('role', [
  z.looseObject({ role: z.enum(['system', 'developer']), content: z.string() }),
  z.looseObject({ role: z.literal('user'), content: z.union([z.string(), z.array(Part).min(1)]) }),
  z.looseObject({
    role: z.literal('assistant'),
    content: z.string().nullish(),
    tool_calls: z.array(Call).min(1).optional(),
  }),
  z.looseObject({ role: z.literal('tool'), tool_call_id: z.string(), content: z.string() }),
]);
const Body = z.looseObject({
  messages: z.array(Message).min(1),
  tools: z
    .array(z.looseObject({ function: z.looseObject({ name, parameters: z.record(z.string(), z.json()) }) }))
    .optional(),
});

/** `strict`: what compatible servers add: sides alternate, and the last word is not the model's. */
export const openaiChat = (strict = false): Wire => ({
  refusal(body) {
    const parsed = Body.safeParse(body);
    if (!parsed.success) return `Invalid '${describeMismatch(parsed.error, body)}'`;
    const { messages, tools = [] } = parsed.data;
    for (const { function: tool } of tools) {
      const fault = openaiSchemaFault(tool.name, tool.parameters);
      if (fault !== undefined) return fault;
    }
    if (new Set(tools.map(({ function: tool }) => tool.name)).size < tools.length) return 'Tool names must be unique.';
    return pairingFault(messages) ?? (strict ? strictFault(messages) : undefined);
  },
  error: (message) => ({ error: { message, type: 'invalid_request_error', param: null, code: null } }),
  stream: (turn, count) => sse([...chunksOf(turn, count), '[DONE]']),
});

function pairingFault(messages: readonly z.infer<typeof Message>[]): string | undefined {
  let open: string[] = [];
  for (const message of messages) {
    if (message.role === 'tool') {
      if (!open.includes(message.tool_call_id))
        return "Invalid parameter: messages with role 'tool' must be a response to a preceeding message with 'tool_calls'.";
      open = open.filter((id) => id !== message.tool_call_id);
      continue;
    }
    if (open.length > 0)
      return `An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. The following tool_call_ids did not have response messages: ${open.join(', ')}`;
    if (message.role !== 'assistant') continue;
    open = (message.tool_calls ?? []).map(({ id }) => id);
    if (new Set(open).size < open.length) return 'Duplicate value for tool_call_id.';
    if (open.length === 0 && (message.content ?? '') === '')
      return "Invalid value for 'content': expected a string, got null.";
    for (const { function: call } of message.tool_calls ?? []) {
      const fault = argumentsFault(call.arguments);
      if (fault !== undefined) return fault;
    }
  }
  return open.length > 0 ? `No tool output for ${open.join(', ')}` : undefined;
}

/** Compatible servers read the arguments into a template that wants an object. */
function argumentsFault(text: string): string | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return undefined;
  } catch {
    // Said below.
  }
  return `Tool call arguments must be a JSON object, got ${text.slice(0, 40)}`;
}

function strictFault(messages: readonly z.infer<typeof Message>[]): string | undefined {
  const talk = messages.filter(({ role }) => role !== 'system' && role !== 'developer');
  if (talk[0]?.role !== 'user') return 'The first message must be from the user.';
  if (talk.at(-1)?.role === 'assistant') return 'Expected last role User or Tool for serving, but got assistant.';
  const twice = talk.find(({ role }, at) => role !== 'tool' && talk[at - 1]?.role === role);
  if (twice) return 'Conversation roles must alternate user/assistant/user/assistant/...';
  const blank = talk.find(
    ({ role, content }) => role !== 'assistant' && typeof content === 'string' && content.trim() === '',
  );
  return blank ? 'messages: content must not be blank' : undefined;
}

const chunk = (delta: JsonObject, finish: string | null = null): JsonObject => ({
  id: 'c1',
  object: 'chat.completion.chunk',
  created: 1,
  model: 'double',
  choices: [{ index: 0, delta, finish_reason: finish }],
});

function chunksOf({ text = '', reasoning, details = [], calls = [] }: DoubleTurn, count: number): JsonObject[] {
  return [
    ...details.map((some) => chunk({ role: 'assistant', content: '', reasoning_details: [...some] })),
    ...(reasoning === undefined ? [] : [chunk({ role: 'assistant', reasoning_content: reasoning })]),
    ...(text === '' ? [] : [chunk({ role: 'assistant', content: text })]),
    ...(calls.length === 0
      ? []
      : [
          chunk({
            role: 'assistant',
            content: null,
            tool_calls: calls.map((call, index) => ({
              index,
              id: call.id ?? `call_${count}_${index}`,
              type: 'function',
              function: { name: call.name, arguments: call.arguments },
              ...(call.signature === undefined
                ? {}
                : { extra_content: { google: { thought_signature: call.signature } } }),
            })),
          }),
        ]),
    chunk({}, calls.length > 0 ? 'tool_calls' : 'stop'),
    { ...chunk({}), choices: [], usage: { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 } },
  ];
}
