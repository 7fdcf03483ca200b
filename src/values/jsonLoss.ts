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
 * The first such thing with its place, such as `.rows[0].at is a Date`; undefined when there is none. Functions, symbols and `undefined` are left out of objects, and
 * what has a `toJSON` says itself how it is written.
 */
function jsonLoss(value: unknown): string | undefined {
  return lossAt(value, '', new Set());
}

function lossAt(value: unknown, path: string, above: Set<object>): string | undefined {
  const is = (what: string) => `${path === '' ? 'it' : path} is ${what}`;
  if (value === undefined) return is('undefined');
  if (typeof value === 'number') return Number.isFinite(value) ? undefined : is(String(value));
  const odd = oddObject(value);
  if (odd !== undefined) return is(odd);
  if (hasToJson(value)) return undefined;
  if (typeof value === 'bigint' || typeof value === 'function' || typeof value === 'symbol')
    return is(`a ${typeof value}`);
  if (typeof value !== 'object' || value === null) return undefined;
  if (above.has(value)) return is('an object that contains itself');
  if (above.size > deepest) return is(`nested deeper than ${deepest} levels`);
  above.add(value);
  const isList = Array.isArray(value);
  // The indexes of a list, because its keys pass over holes.
  for (const key of isList ? value.keys() : Object.keys(value)) {
    const inner: unknown = (value as Readonly<Record<string | number, unknown>>)[key];
    if (!isList && isLeftOut(inner)) continue;
    const loss = lossAt(inner, isList ? `${path}[${key}]` : `${path}.${String(key).slice(0, 100)}`, above);
    if (loss !== undefined) return loss;
  }
  above.delete(value);
  return undefined;
}

/** Does JSON leave out a property with it? */
const isLeftOut = (value: unknown): boolean =>
  value === undefined || typeof value === 'symbol' || (typeof value === 'function' && !hasToJson(value));

/** JSON asks big integers, too, when a program has given them the method. */
const hasToJson = (value: unknown): boolean =>
  typeof (value as { toJSON?: unknown } | null | undefined)?.toJSON === 'function';

/** What kind of object it is, when JSON has nothing, or something else, for it. The same for an object of another realm, which is no `instanceof` of ours. */
function oddObject(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const tag = Object.prototype.toString.call(value).slice('[object '.length, -1);
  const isOdd =
    tag === 'Date' ||
    tag === 'Error' ||
    value instanceof Error ||
    ArrayBuffer.isView(value) ||
    (!hasToJson(value) && (collections.has(tag) || (!writtenWhole.has(tag) && Object.keys(value).length === 0)));
  if (!isOdd) return undefined;
  const name = value.constructor?.name || tag;
  return `${/^[AEIO]/.test(name) ? 'an' : 'a'} ${name}`;
}

/** Tags of what JSON writes without its contents, whatever fields it has besides. */
const collections: ReadonlySet<string> = new Set(['Map', 'Set', 'WeakMap', 'WeakSet', 'Promise', 'RegExp']);
/** Tags of what JSON writes whole, also when it has no field. Any other tag is that of a class whose contents are hidden, such as `Response`. */
const writtenWhole: ReadonlySet<string> = new Set(['Object', 'Array', 'Number', 'String', 'Boolean', 'Arguments']);
