/**
 * A portable schema in the dialect of Gemini: every schema has a type or a choice, nothing stands beside `anyOf`, only texts are enumerated, and
 * only formats that it knows are named.
 */
import { cutText } from '../../values/text.ts';
import { isJsonObject, type Json, type JsonObject } from '../../values/json.ts';

/** The dialect of a schema without references. The same schema object is converted once. */
export function geminiSchema(schema: JsonObject): JsonObject {
  const known = made.get(schema);
  if (known) return known;
  const result = dialectOf(schema);
  made.set(schema, result);
  return result;
}

const made = new WeakMap<JsonObject, JsonObject>();

const formats: Readonly<Record<string, readonly string[]>> = {
  string: ['date-time'],
  number: ['float', 'double'],
  integer: ['int32', 'int64'],
};

/** Anything: a schema without a type is refused. */
const anything: readonly JsonObject[] = [
  { type: 'string' },
  { type: 'number' },
  { type: 'boolean' },
  { type: 'object' },
  { type: 'array', items: { type: 'string' } },
];

function dialectOf(schema: Json | undefined): JsonObject {
  if (!isJsonObject(schema)) return { anyOf: anything };
  const { type, anyOf, description } = schema;
  const described = typeof description === 'string' ? { description } : {};
  if (Array.isArray(anyOf)) {
    const [first, ...others] = (anyOf as readonly Json[]).map(dialectOf).flatMap(choicesOf);
    return { anyOf: [{ ...described, ...first }, ...others] };
  }
  if (typeof type !== 'string') return { anyOf: [{ ...described, ...anything[0] }, ...anything.slice(1)] };
  const { format, properties, required, items, enum: values, minLength } = schema;
  return {
    type,
    ...described,
    ...(typeof format === 'string' && formats[type]?.includes(format) ? { format } : {}),
    ...(isJsonObject(properties) ? { properties: propertiesIn(properties) } : {}),
    ...(required === undefined ? {} : { required }),
    ...(type === 'array' ? { items: dialectOf(items) } : {}),
    ...(minLength === undefined ? {} : { minLength }),
    ...(Array.isArray(values) ? enumOf(values, type, description) : {}),
  };
}

const propertiesIn = (properties: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(properties).map(([key, inner]) => [key, dialectOf(inner)]));

const choicesOf = (schema: JsonObject): readonly JsonObject[] =>
  Array.isArray(schema['anyOf']) ? (schema['anyOf'] as readonly JsonObject[]) : [schema];

function enumOf(values: readonly Json[], type: string, description: Json | undefined): JsonObject {
  const texts = values.filter((value) => typeof value === 'string' && value !== '');
  if (type === 'string' && texts.length === values.length) return { enum: texts };
  const says = typeof description === 'string' ? `${description} ` : '';
  return { description: cutText(`${says}One of: ${JSON.stringify(values)}`, 2_000) };
}
