/** What a flow has stored, as plain JSON for those who look at it. */
import type { Json } from '../values/json.ts';
import { decodeValue, type EncodedValue } from './encode.ts';

/** A stored value as plain JSON: dates as ISO text, maps as objects or pairs, sets as arrays, bytes in base64, big integers as text, `undefined` as null. */
export const viewOfStored = (stored: EncodedValue): Json => (stored.encoded ? view(decodeValue(stored)) : stored.json);

function view(value: unknown): Json {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value;
    case 'number':
      return Number.isFinite(value) ? value : String(value);
    case 'bigint':
      return String(value);
    case 'object':
      return value === null ? null : viewOfObject(value);
    default:
      return null;
  }
}

function viewOfObject(value: object): Json {
  if (Array.isArray(value)) return value.map(view);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (value instanceof Set) return [...value].map(view);
  if (value instanceof Map) return viewOfMap(value);
  if (value instanceof Error) return { name: value.name, message: value.message };
  if (value instanceof URL || value instanceof RegExp) return String(value);
  if (value instanceof ArrayBuffer) return Buffer.from(value).toString('base64');
  if (ArrayBuffer.isView(value))
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64');
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, view(inner)]));
}

function viewOfMap(map: ReadonlyMap<unknown, unknown>): Json {
  const entries = [...map].map(([key, value]): [unknown, Json] => [key, view(value)]);
  return entries.every(([key]) => typeof key === 'string')
    ? Object.fromEntries(entries as [string, Json][])
    : entries.map(([key, value]) => [view(key), value]);
}
