/** The hash of a call: the same for the same tool and arguments, in whatever order their keys came. */
import { createHash } from 'node:crypto';
import type { Json } from '../src/contracts/json.ts';

export const hashOf = (name: string, input: Json): string =>
  createHash('sha256')
    .update(`${name}\n${canonical(input)}`)
    .digest('base64url');

function canonical(value: Json): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map((item: Json) => canonical(item)).join(',')}]`;
  const object = value as { readonly [key: string]: Json };
  return `{${Object.keys(object)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonical(object[key]!)}`)
    .join(',')}}`;
}
