/** Values of a framework in a form that can be recorded: what is not plain data is stored in the nearest form, with a note. */
import { createHash } from 'node:crypto';
import { encodeValue } from '../flow/encode.ts';
import type { Json } from '../values/json.ts';

/** A value that can be recorded. `note`: it is not the value itself, but its JSON or its text. */
export interface Storable {
  readonly value: unknown;
  readonly note?: 'json' | 'text';
}

/** The value itself where it can be recorded, else its JSON, else its text. */
export function storable(value: unknown): Storable {
  try {
    encodeValue('It', value);
    return { value };
  } catch {
    const json = jsonOf(value);
    return json === undefined ? { value: String(value), note: 'text' } : { value: json, note: 'json' };
  }
}

/** What a call is given, as a short value that is the same for the same thing: what JSON does not have is left out. */
export function identityOf(given: unknown): Json {
  let json: Json;
  try {
    ({ json } = encodeValue('It', given));
  } catch {
    json = jsonOf(given) ?? null;
  }
  const text = JSON.stringify(json, sortedKeys);
  return text.length <= 200 ? json : createHash('sha256').update(text).digest('hex');
}

const sortedKeys = (_: string, value: unknown): unknown =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
    : value;

function jsonOf(value: unknown): Json | undefined {
  try {
    // A function has no JSON: then it is undefined.
    return JSON.parse(JSON.stringify(value)) as Json;
  } catch {
    return undefined;
  }
}
