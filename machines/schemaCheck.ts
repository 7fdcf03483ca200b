/**
 * A small, pure check of a value against the flat JSON Schemas that tickets have: type, required, enum, const, properties, additionalProperties.
 * It ignores other keywords; the runtime checks an answer against the whole schema before it reaches the chart.
 */
import type { Json, JsonObject } from '../src/values/json.ts';

const typeOf = (value: Json): string =>
  value === null ? 'null' : Array.isArray(value) ? 'array' : Number.isInteger(value) ? 'integer' : typeof value;

const equal = (a: Json, b: Json): boolean => JSON.stringify(a) === JSON.stringify(b);

const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Whether the value meets the schema, as far as this check looks. */
export function fitsSchema(schema: JsonObject, value: Json): boolean {
  const { type, required, properties, enum: choices, const: only, additionalProperties } = schema;
  const actual = typeOf(value);
  if (type !== undefined) {
    const allowed = Array.isArray(type) ? type : [type];
    if (!allowed.includes(actual) && !(actual === 'integer' && allowed.includes('number'))) return false;
  }
  if (only !== undefined && !equal(only, value)) return false;
  if (Array.isArray(choices) && !choices.some((choice: Json) => equal(choice, value))) return false;
  if (!isObject(value)) return true;
  const known = isObject(properties) ? properties : {};
  if (Array.isArray(required) && !required.every((key) => Object.hasOwn(value, String(key)))) return false;
  return Object.entries(value).every(([key, inner]) => {
    if (!Object.hasOwn(known, key)) return additionalProperties !== false;
    const property = known[key];
    return !isObject(property) || fitsSchema(property, inner);
  });
}
