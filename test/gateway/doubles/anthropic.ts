/** The messages of Anthropic. */
import * as z from 'zod';
import type { JsonObject } from '../../../src/values/json.ts';
import { describeMismatch } from '../../../src/values/explain.ts';
import { sse, type DoubleTurn, type Wire } from './double.ts';
import { brokenReference, firstProblem } from './schemas.ts';

const words = z.string().refine((text) => text.trim() !== '', 'text content blocks must contain non-whitespace text');
const Text = z.looseObject({ type: z.literal('text'), text: words });
const Image = z.looseObject({
  type: z.literal('image'),
  source: z.object({
    type: z.literal('base64'),
    media_type: z.enum(['image/jpeg', 'image/png', 'image/gif', 'image/webp']),
    data: z.string().min(1),
  }),
});
const Document = z.looseObject({
  type: z.literal('document'),
  source: z.looseObject({ type: z.enum(['base64', 'text']) }),
});
const Block = z.discriminatedUnion('type', [
  Text,
  Image,
  Document,
  z.looseObject({
    type: z.literal('tool_use'),
    id: z.string().regex(/^[a-zA-Z0-9_-]+$/),
    name: z.string().regex(/^[a-zA-Z0-9_-]{1,128}$/),
    input: z.record(z.string(), z.json(), 'Input should be a valid dictionary'),
  }),
  z.looseObject({
    type: z.literal('tool_result'),
    tool_use_id: z.string(),
    content: z.union([z.string(), z.array(z.union([Text, Image, Document])).min(1)]).optional(),
  }),
  z.looseObject({ type: z.literal('thinking'), thinking: z.string(), signature: z.string().min(1) }),
  z.looseObject({ type: z.literal('redacted_thinking'), data: z.string().min(1) }),
]);
const Body = z.looseObject({
  system: z.array(Text).optional(),
  messages: z
    .array(
      z.object({ role: z.enum(['user', 'assistant']), content: z.array(Block).min(1, 'must have non-empty content') }),
    )
    .min(1),
  tools: z
    .array(
      z.looseObject({ name: z.string().regex(/^[a-zA-Z0-9_-]{1,128}$/), input_schema: z.record(z.string(), z.json()) }),
    )
    .optional(),
});

export const anthropic: Wire = {
  refusal(body) {
    const parsed = Body.safeParse(body);
    if (!parsed.success) return `messages: ${describeMismatch(parsed.error, body)}`;
    const { messages, tools = [] } = parsed.data;
    for (const { name, input_schema: schema } of tools) {
      const fault = schemaFault(schema);
      if (fault !== undefined) return `tools.${name}.custom.input_schema: ${fault}`;
    }
    if (new Set(tools.map(({ name }) => name)).size < tools.length) return 'tools: Tool names must be unique.';
    return talkFault(messages);
  },
  error: (message) => ({ type: 'error', error: { type: 'invalid_request_error', message } }),
  stream: (turn, count) => sse(eventsOf(turn, count), true),
};

function schemaFault(schema: JsonObject): string | undefined {
  if (schema['type'] !== 'object') return 'type: Field required';
  if (['anyOf', 'oneOf', 'allOf'].some((key) => key in schema))
    return 'input_schema does not support oneOf, allOf, or anyOf at the top level';
  const broken = brokenReference(schema);
  if (broken !== undefined) return `JSON schema is invalid. It must match JSON Schema draft 2020-12 (${broken})`;
  return firstProblem(schema, ({ properties = {}, type }, path) => {
    const key = Object.keys(properties as JsonObject).find((each) => !/^[a-zA-Z0-9_.-]{1,64}$/.test(each));
    if (key !== undefined) return `properties: Property keys should match pattern '^[a-zA-Z0-9_.-]{1,64}$' (${path})`;
    return Array.isArray(type) && type.length === 0 ? 'type: empty' : undefined;
  });
}

function talkFault(messages: z.infer<typeof Body>['messages']): string | undefined {
  const used = new Set<string>();
  if (messages[0]?.role !== 'user') return 'messages: first message must use the "user" role';
  for (const [at, { role, content }] of messages.entries()) {
    const calls = content.flatMap((block) => (block.type === 'tool_use' ? [block.id] : []));
    const results = content.flatMap((block) => (block.type === 'tool_result' ? [block.tool_use_id] : []));
    const before = (messages[at - 1]?.content ?? []).flatMap((block) => (block.type === 'tool_use' ? [block.id] : []));
    const after = (messages[at + 1]?.content ?? []).flatMap((block) =>
      block.type === 'tool_result' ? [block.tool_use_id] : [],
    );
    for (const id of calls) {
      if (used.has(id)) return 'messages: `tool_use` ids must be unique';
      used.add(id);
      if (!after.includes(id))
        return `messages.${at}: \`tool_use\` ids were found without \`tool_result\` blocks immediately after: ${id}`;
    }
    const stray = results.find((id) => !before.includes(id));
    if (stray !== undefined)
      return `messages.${at}: unexpected \`tool_use_id\` found in \`tool_result\` blocks: ${stray}`;
    const firstOther = content.findIndex(({ type }) => type !== 'tool_result');
    if (
      results.length > 0 &&
      firstOther >= 0 &&
      firstOther < content.findLastIndex(({ type }) => type === 'tool_result')
    )
      return `messages.${at}: tool_result blocks must come first`;
    const last = content.at(-1);
    if (role !== 'assistant') continue;
    if (at === messages.length - 1) return 'The conversation must end with a user message.';
    if (last?.type === 'thinking' || last?.type === 'redacted_thinking')
      return `messages.${at}: The final block in an assistant message cannot be thinking.`;
    if (last?.type === 'text' && /\s$/.test(last.text))
      return 'messages: final assistant content cannot end with trailing whitespace';
  }
  return undefined;
}

function eventsOf(
  { text, reasoning, signature = 'sig', redacted, calls = [] }: DoubleTurn,
  count: number,
): JsonObject[] {
  const blocks: { start: JsonObject; deltas: JsonObject[] }[] = [];
  if (reasoning !== undefined)
    blocks.push({
      start: { type: 'thinking', thinking: '', signature: '' },
      deltas: [
        { type: 'thinking_delta', thinking: reasoning },
        { type: 'signature_delta', signature },
      ],
    });
  if (redacted !== undefined) blocks.push({ start: { type: 'redacted_thinking', data: redacted }, deltas: [] });
  if (text !== undefined && text !== '')
    blocks.push({ start: { type: 'text', text: '' }, deltas: [{ type: 'text_delta', text }] });
  calls.forEach((call, index) =>
    blocks.push({
      start: { type: 'tool_use', id: call.id ?? `toolu_${count}_${index}`, name: call.name, input: {} },
      deltas: [{ type: 'input_json_delta', partial_json: call.arguments }],
    }),
  );
  const usage = { input_tokens: 10, output_tokens: 5 };
  return [
    {
      type: 'message_start',
      message: {
        id: 'm',
        type: 'message',
        role: 'assistant',
        model: 'claude',
        content: [],
        stop_reason: null,
        stop_sequence: null,
        usage,
      },
    },
    ...blocks.flatMap(({ start, deltas }, index) => [
      { type: 'content_block_start', index, content_block: start },
      ...deltas.map((delta) => ({ type: 'content_block_delta', index, delta })),
      { type: 'content_block_stop', index },
    ]),
    {
      type: 'message_delta',
      delta: { stop_reason: calls.length > 0 ? 'tool_use' : 'end_turn', stop_sequence: null },
      usage,
    },
    { type: 'message_stop' },
  ];
}
