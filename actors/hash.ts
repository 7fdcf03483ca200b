/** The hash of a call: the same for the same tool and arguments, whatever the order of their keys. */
import { createHash } from 'node:crypto';
import { canonicalJson, type Json } from '../src/values/json.ts';

/** SHA-256, as base64url. */
export const callHash = (name: string, input: Json): string =>
  createHash('sha256')
    .update(`${name}\n${canonicalJson(input)}`)
    .digest('base64url');
