/** Secrets in cassettes: masked when a cassette is written, and equal to anything when it is compared. */
import { isDeepStrictEqual } from 'node:util';
import type { Json } from '../../values/json.ts';
import { processMask } from '../../observe/processMask.ts';
import { redactor } from '../../observe/redactor.ts';

const mask = '[redacted]';

/** Masks secrets. */
export interface Masker {
  /** Masks them in a text. */
  text(value: string): string;
  /** Masks them in every text of a value, the names of properties included. */
  json(value: Json): Json;
}

/** Masks these secrets in every encoding that the redactor knows, and every text that fits a pattern. */
export function masker(secrets: readonly string[], patterns: readonly RegExp[]): Masker {
  const given = redactor(secrets);
  // What the runs of this process have read of a store of secrets.
  const redact = (value: string) => processMask.redact(given(value));
  const global = patterns.map((pattern) => new RegExp(pattern.source, `${pattern.flags.replace('g', '')}g`));
  const text = (value: string) => global.reduce((masked, pattern) => masked.replace(pattern, mask), redact(value));
  const json = (value: Json): Json => {
    if (typeof value === 'string') return text(value);
    if (typeof value !== 'object' || value === null) return value;
    if (Array.isArray(value)) return value.map((one: Json) => json(one));
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [text(key), json(inner)]));
  };
  return { text, json };
}

/** Was something in a recorded value masked? */
export const isMasked = (recorded: Json): boolean => JSON.stringify(recorded).includes(mask);

/** Is a value the recorded one, apart from what was masked there? Both are JSON. */
export function fitsRecorded(recorded: unknown, came: unknown): boolean {
  if (typeof recorded === 'string')
    return recorded === came || (typeof came === 'string' && fitsMasked(recorded, came));
  if (typeof recorded !== 'object' || recorded === null) return recorded === came;
  if (typeof came !== 'object' || came === null) return false;
  if (Array.isArray(recorded))
    return (
      Array.isArray(came) &&
      recorded.length === came.length &&
      recorded.every((one: unknown, index) => fitsRecorded(one, came[index]))
    );
  if (Array.isArray(came)) return false;
  const names = Object.keys(recorded);
  if (names.some((name) => name.includes(mask))) return names.length === Object.keys(came).length;
  const [before, after]: Readonly<Record<string, unknown>>[] = [{ ...recorded }, { ...came }];
  return (
    before !== undefined &&
    after !== undefined &&
    isDeepStrictEqual([...names].sort(), Object.keys(after).sort()) &&
    names.every((name) => fitsRecorded(before[name], after[name]))
  );
}

function fitsMasked(recorded: string, came: string): boolean {
  const [head = '', ...rest] = recorded.split(mask);
  if (rest.length === 0 || !came.startsWith(head)) return false;
  let at = head.length;
  for (const [index, piece] of rest.entries()) {
    const last = index === rest.length - 1;
    const found = last ? came.length - piece.length : came.indexOf(piece, at);
    if (found < at || !came.startsWith(piece, found)) return false;
    at = found + piece.length;
  }
  return true;
}
