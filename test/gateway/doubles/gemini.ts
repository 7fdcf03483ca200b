/** The Gemini API. */
import * as z from 'zod';
import { isJsonObject, type JsonObject } from '../../../src/values/json.ts';
import { describeMismatch } from '../../../src/values/explain.ts';
import { sse, type DoubleTurn, type Wire } from './double.ts';
import { firstProblem } from './schemas.ts';

const name = z
  .string()
  .regex(/^[a-zA-Z_][a-zA-Z0-9_.-]{0,63}$/, 'Invalid function name. Must start with a letter or an underscore.');
const Part = z.union([
  z.strictObject({ text: z.string().min(1), thought: z.boolean().optional(), thoughtSignature: z.string().optional() }),
  z.strictObject({
    functionCall: z.looseObject({ name, args: z.record(z.string(), z.json()) }),
    thoughtSignature: z.string().optional(),
  }),
  z.strictObject({
    functionResponse: z.looseObject({
      name,
      response: z.record(z.string(), z.json()),
      parts: z.array(z.json()).optional(),
    }),
  }),
  z.strictObject({ inlineData: z.object({ mimeType: z.string(), data: z.string().min(1) }) }),
]);
const Body = z.looseObject({
  systemInstruction: z.object({ parts: z.array(z.object({ text: z.string().min(1) })).min(1) }).optional(),
  contents: z.array(z.object({ role: z.enum(['user', 'model']), parts: z.array(Part).min(1) })).min(1),
  tools: z
    .array(
      z.looseObject({
        functionDeclarations: z.array(
          z.strictObject({ name, description: z.string(), parameters: z.record(z.string(), z.json()).optional() }),
        ),
      }),
    )
    .optional(),
});

/** `signed`: calls must come back with the signature of the thoughts before them. */
export const gemini = (signed = false): Wire => ({
  refusal(body) {
    const parsed = Body.safeParse(body);
    if (!parsed.success) return `Invalid JSON payload received. ${describeMismatch(parsed.error, body)}`;
    for (const { functionDeclarations } of parsed.data.tools ?? [])
      for (const { name: tool, parameters } of functionDeclarations) {
        const fault = parameters && firstProblem(parameters, schemaFault);
        if (fault !== undefined) return `* GenerateContentRequest.tools[0].function_declarations[${tool}].${fault}`;
      }
    return talkFault(parsed.data.contents, signed);
  },
  error: (message) => ({ error: { code: 400, message, status: 'INVALID_ARGUMENT' } }),
  stream: (turn) => sse([chunkOf(turn)]),
});

const known = new Set([
  'type',
  'description',
  'format',
  'nullable',
  'enum',
  'properties',
  'required',
  'items',
  'minLength',
  'anyOf',
]);
const types = new Set(['string', 'number', 'integer', 'boolean', 'array', 'object', 'null']);

function schemaFault(schema: JsonObject, path: string): string | undefined {
  const at = `parameters${path}`;
  const { type, anyOf, items, properties = {}, required = [], enum: values, format } = schema;
  const unknown = Object.keys(schema).find((key) => !known.has(key));
  if (unknown !== undefined) return `${at}: Unknown name "${unknown}": Cannot find field.`;
  if (anyOf !== undefined) {
    const beside = Object.keys(schema).find((key) => key !== 'anyOf' && key !== 'nullable');
    return beside === undefined ? undefined : `${at}: when using any_of, it must be the only field set (${beside})`;
  }
  if (typeof type !== 'string' || !types.has(type)) return `${at}.type: must be specified`;
  if (type === 'array' && !isJsonObject(items)) return `${at}.items: missing field.`;
  const lost = z
    .array(z.string())
    .parse(required)
    .find((key) => !Object.hasOwn(properties as JsonObject, key));
  if (lost !== undefined) return `${at}.required[0]: property is not defined (${lost})`;
  if (values !== undefined && (type !== 'string' || z.array(z.string().min(1)).min(1).safeParse(values).error))
    return `${at}.enum: only allowed for STRING type, and cannot be empty`;
  if (typeof format === 'string' && type === 'string' && !['enum', 'date-time'].includes(format))
    return `${at}.format: only 'enum' and 'date-time' are supported for STRING type`;
  return undefined;
}

function talkFault(contents: z.infer<typeof Body>['contents'], signed: boolean): string | undefined {
  if (contents[0]?.role !== 'user') return 'Please ensure that the first turn is from the user.';
  if (contents.at(-1)?.role === 'model') return 'Please ensure that the last turn is from the user.';
  for (const [at, { role, parts }] of contents.entries()) {
    const calls = parts.flatMap((part) => ('functionCall' in part ? [part] : []));
    const responses = (contents[at + 1]?.parts ?? []).filter((part) => 'functionResponse' in part);
    if (calls.length !== responses.length && role === 'model')
      return 'Please ensure that the number of function response parts is equal to the number of function call parts of the function call turn.';
    if (role === 'user' && at === 0 && parts.some((part) => 'functionResponse' in part))
      return 'Please ensure that function response turn comes immediately after a function call turn.';
    if (signed && calls[0] && calls[0].thoughtSignature === undefined)
      return 'Function call is missing a thought_signature in functionCall parts.';
  }
  return undefined;
}

function chunkOf({ text, reasoning, signature, image, calls = [] }: DoubleTurn): JsonObject {
  const parts: JsonObject[] = [
    ...(reasoning === undefined ? [] : [{ text: reasoning, thought: true }]),
    ...(text === undefined || text === ''
      ? []
      : [{ text, ...(signature === undefined ? {} : { thoughtSignature: signature }) }]),
    ...(image === undefined ? [] : [{ inlineData: { mimeType: 'image/png', data: image } }]),
    ...calls.map((call) => ({
      functionCall: { name: call.name, args: JSON.parse(call.arguments) as JsonObject },
      ...(call.signature === undefined ? {} : { thoughtSignature: call.signature }),
    })),
  ];
  return {
    candidates: [{ content: { role: 'model', parts }, finishReason: 'STOP', index: 0 }],
    usageMetadata: { promptTokenCount: 10, candidatesTokenCount: 5, totalTokenCount: 15 },
  };
}
