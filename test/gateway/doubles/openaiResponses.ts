/** The responses of OpenAI, without storage on its side: reasoning comes encrypted and is to be given back. */
import * as z from 'zod';
import type { JsonObject } from '../../../src/values/json.ts';
import { describeMismatch } from '../../../src/values/explain.ts';
import { sse, textField, type DoubleTurn, type Wire } from './double.ts';
import { openaiSchemaFault } from './schemas.ts';

const name = z
  .string()
  .max(64)
  .regex(/^[a-zA-Z0-9_-]+$/, 'string does not match pattern');
const Part = z.discriminatedUnion('type', [
  z.looseObject({ type: z.literal('input_text'), text: z.string().min(1) }),
  z.looseObject({ type: z.literal('output_text'), text: z.string() }),
  z.looseObject({ type: z.literal('input_image'), image_url: z.string().startsWith('data:image/') }),
  z.looseObject({ type: z.literal('input_file'), file_data: z.string() }),
]);
const Item = z.union([
  z.looseObject({ type: z.literal('function_call'), call_id: z.string().min(1).max(64), name, arguments: z.string() }),
  z.looseObject({
    type: z.literal('function_call_output'),
    call_id: z.string(),
    output: z.union([z.string(), z.array(Part)]),
  }),
  z.looseObject({
    type: z.literal('reasoning'),
    id: z.string(),
    encrypted_content: z.string(),
    summary: z.array(z.json()),
  }),
  z.looseObject({
    type: z.undefined().optional(),
    role: z.enum(['system', 'developer', 'user', 'assistant']),
    content: z.union([z.string(), z.array(Part).min(1)]),
  }),
]);
const Body = z.looseObject({
  input: z.array(Item).min(1),
  store: z.boolean().optional(),
  tools: z.array(z.looseObject({ name, parameters: z.record(z.string(), z.json()) })).optional(),
});

export const openaiResponses: Wire = {
  refusal(body) {
    const parsed = Body.safeParse(body);
    if (!parsed.success) return `Invalid value: ${describeMismatch(parsed.error, body)}`;
    for (const tool of parsed.data.tools ?? []) {
      const fault = openaiSchemaFault(tool.name, tool.parameters);
      if (fault !== undefined) return fault;
    }
    const open = new Set<string>();
    const seen = new Set<string>();
    for (const item of parsed.data.input) {
      if (item.type === 'function_call') {
        if (seen.has(item.call_id)) return `Duplicate function call id ${item.call_id}.`;
        seen.add(item.call_id);
        open.add(item.call_id);
      } else if (item.type === 'function_call_output' && !open.delete(item.call_id))
        return `No tool call found for function call output with call_id ${item.call_id}.`;
    }
    const [missing] = open;
    return missing === undefined ? undefined : `No tool output found for function call ${missing}.`;
  },
  error: (message) => ({ error: { message, type: 'invalid_request_error', param: 'input', code: null } }),
  stream: (turn, count) => sse(eventsOf(turn, count), true),
};

function eventsOf({ text, reasoning, redacted, calls = [] }: DoubleTurn, count: number): JsonObject[] {
  const items: JsonObject[] = [];
  if (reasoning !== undefined || redacted !== undefined)
    items.push({
      type: 'reasoning',
      id: `rs_${count}`,
      encrypted_content: redacted ?? 'sealed',
      summary: reasoning === undefined ? [] : [{ type: 'summary_text', text: reasoning }],
    });
  if (text !== undefined && text !== '')
    items.push({
      type: 'message',
      id: `msg_${count}`,
      role: 'assistant',
      status: 'completed',
      content: [{ type: 'output_text', text, annotations: [] }],
    });
  calls.forEach((call, index) =>
    items.push({
      type: 'function_call',
      id: `fc_${count}_${index}`,
      call_id: call.id ?? `call_${count}_${index}`,
      name: call.name,
      arguments: call.arguments,
      status: 'completed',
    }),
  );
  const response = { id: `resp_${count}`, created_at: 1, model: 'double', service_tier: null };
  return [
    { type: 'response.created', response },
    ...items.flatMap((item, output_index) => itemEvents(item, output_index, reasoning)),
    { type: 'response.completed', response: { ...response, usage: { input_tokens: 10, output_tokens: 5 } } },
  ];
}

function itemEvents(item: JsonObject, output_index: number, reasoning: string | undefined): JsonObject[] {
  const item_id = textField(item, 'id');
  const added = { type: 'response.output_item.added', output_index, item };
  const done = { type: 'response.output_item.done', output_index, item };
  if (item['type'] === 'message')
    return [added, { type: 'response.output_text.delta', item_id, delta: textOf(item) }, done];
  if (item['type'] !== 'reasoning' || reasoning === undefined) return [added, done];
  return [
    { ...added, item: { ...item, summary: [] } },
    { type: 'response.reasoning_summary_part.added', item_id, summary_index: 0 },
    { type: 'response.reasoning_summary_text.delta', item_id, summary_index: 0, delta: reasoning },
    { type: 'response.reasoning_summary_part.done', item_id, summary_index: 0 },
    done,
  ];
}

const textOf = ({ content }: JsonObject): string =>
  z
    .array(z.looseObject({ text: z.string() }))
    .parse(content)
    .map(({ text }) => text)
    .join('');
