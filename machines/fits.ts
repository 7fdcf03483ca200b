/** A small, pure check against the flat schemas that tickets have: type, required, enum, const, properties. Other keywords are left to the door. */
import type { Json, JsonObject } from '../src/contracts/json.ts';

const typeOf = (value: Json): string =>
  value === null ? 'null' : Array.isArray(value) ? 'array' : Number.isInteger(value) ? 'integer' : typeof value;

const equal = (a: Json, b: Json): boolean => JSON.stringify(a) === JSON.stringify(b);

export function fits(schema: JsonObject, value: Json): boolean {
  const { type, required, properties, enum: choices, const: only, additionalProperties } = schema;
  const is = typeOf(value);
  if (type !== undefined) {
    const allowed = Array.isArray(type) ? type : [type];
    if (!allowed.includes(is) && !(is === 'integer' && allowed.includes('number'))) return false;
  }
  if (only !== undefined && !equal(only, value)) return false;
  if (Array.isArray(choices) && !choices.some((choice: Json) => equal(choice, value))) return false;
  if (is !== 'object') return true;
  const object = value as JsonObject;
  const known = (properties ?? {}) as JsonObject;
  if (Array.isArray(required) && !required.every((key) => Object.hasOwn(object, key as string))) return false;
  return Object.entries(object).every(([key, inner]) =>
    Object.hasOwn(known, key) ? fits(known[key] as JsonObject, inner) : additionalProperties !== false,
  );
}
