/** The hash of a call: the same for the same tool and arguments, whatever the order of their keys. */
import { createHash } from 'node:crypto';
import type { Json } from '../src/values/json.ts';

/** SHA-256, as base64url. */
export const callHash = (name: string, input: Json): string =>
  createHash('sha256')
    .update(`${name}\n${canonical(input)}`)
    .digest('base64url');

function canonical(value: Json): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map((item: Json) => canonical(item)).join(',')}]`;
  const fields = Object.entries<Json>(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `{${fields.map(([key, inner]) => `${JSON.stringify(key)}:${canonical(inner)}`).join(',')}}`;
}
