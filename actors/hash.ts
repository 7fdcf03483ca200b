/** Hashes by which calls and definitions are told apart. */
import { createHash } from 'node:crypto';
import { canonicalJson, type Json } from '../src/values/json.ts';

/** The same for the same tool and arguments, whatever the order of their keys: SHA-256, as base64url. */
export const callHash = (name: string, input: Json): string =>
  createHash('sha256')
    .update(`${name}\n${canonicalJson(input)}`)
    .digest('base64url');

/** Of a text, 16 hexadecimal digits. */
export const textHash = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 16);
