/** Tells inputs of calls apart. */
import { createHash } from 'node:crypto';
import { canonicalJson, type Json } from '../../src/values/json.ts';

/** What identifies an input, beside the name of what is given it. */
export const inputHash = (input: Json): string =>
  createHash('sha256').update(canonicalJson(input)).digest('hex').slice(0, 16);
