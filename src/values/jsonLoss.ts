/** What JSON would lose of a value, or turn into something else. */

import { TroupeError } from './failure.ts';
import { throughJson, type Json } from './json.ts';

/** A value after `JSON.stringify` and `JSON.parse`. Throws `invalid` with the place of what would be lost, and what `JSON.stringify` throws. */
export function wholeJson(value: unknown): Json {
  const loss = jsonLoss(value);
  if (loss === undefined) return throughJson(value);
  throw new TroupeError('invalid', `${loss}, which JSON would lose or change`);
}

/** The deepest value that is looked into. */
const deepest = 500;

/**
 * The first such thing with its place, such as `.rows[0].at is a Date`; undefined when there is none. Functions and `undefined` are left out of objects, and what has a
 * `toJSON` says itself how it is written.
 */
function jsonLoss(value: unknown): string | undefined {
  return lossAt(value, '', new Set());
}

function lossAt(value: unknown, path: string, above: Set<object>): string | undefined {
  const is = (what: string) => `${path === '' ? 'it' : path} is ${what}`;
  if (typeof value === 'number') return Number.isFinite(value) ? undefined : is(String(value));
  if (typeof value === 'bigint') return is('a bigint');
  if (typeof value !== 'object' || value === null) return undefined;
  const odd = oddObject(value);
  if (odd !== undefined) return is(odd);
  if (hasToJson(value)) return undefined;
  if (above.has(value)) return is('an object that contains itself');
  if (above.size > deepest) return is(`nested deeper than ${deepest} levels`);
  above.add(value);
  for (const key of Object.keys(value)) {
    const inner: unknown = (value as Readonly<Record<string, unknown>>)[key];
    const loss = lossAt(inner, Array.isArray(value) ? `${path}[${key}]` : `${path}.${key.slice(0, 100)}`, above);
    if (loss !== undefined) return loss;
  }
  above.delete(value);
  return undefined;
}

const hasToJson = (value: object): boolean => 'toJSON' in value && typeof value.toJSON === 'function';

/** What kind of object it is, when JSON has nothing, or something else, for it. */
function oddObject(value: object): string | undefined {
  const isOdd =
    value instanceof Date ||
    value instanceof Error ||
    ArrayBuffer.isView(value) ||
    (!hasToJson(value) && !isPlain(value) && Object.keys(value).length === 0);
  if (!isOdd) return undefined;
  const name = value.constructor?.name || 'class of its own';
  return `${/^[AEIO]/.test(name) ? 'an' : 'a'} ${name}`;
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null || Array.isArray(value);
}
