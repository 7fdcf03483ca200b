/** Hashes by which calls and definitions are told apart. */
import { hash } from 'node:crypto';
import { canonicalJson, type Json } from '../src/values/json.ts';

/** The same for the same tool and arguments, whatever the order of their keys: SHA-256, as base64url. */
export const callHash = (name: string, input: Json): string =>
  hash('sha256', `${name}\n${canonicalJson(input)}`, 'base64url');

/** Of a text, 16 hexadecimal digits. */
export const textHash = (text: string): string => hash('sha256', text, 'hex').slice(0, 16);
