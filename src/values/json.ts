/** What can be stored: every value that crosses a journal, a wire or a process boundary. */
import { isFinishedList } from './finishedList.ts';

/** Any JSON value. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
/** A JSON object. */
export type JsonObject = { readonly [key: string]: Json };

/** `T` if JSON can hold it; properties that may be `undefined` are left out when it is stored. */
export type Plain<T> = T extends Json | undefined
  ? T
  : T extends (...args: never[]) => unknown
    ? never
    : T extends object
      ? { readonly [K in keyof T]: Plain<T[K]> }
      : never;

/** A value whose type shows that it is JSON, as `Json`: an interface is not assignable to an index signature. */
export const asJson = <T extends object>(value: T & Plain<T>): Json => value as Json;

/** The defaults, overridden by what is given; `undefined` counts as not given. */
export const withDefaults = <T extends object>(
  defaults: T,
  given: { readonly [K in keyof T]?: T[K] | undefined } = {},
): T => ({ ...defaults, ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) });

/** Is it an object, and no array? What is inside is not checked. */
export const isJsonObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A value after `JSON.stringify` and `JSON.parse`. Throws what `JSON.stringify` throws, and for a value that JSON leaves out. */
export const throughJson = (value: unknown): Json => JSON.parse(JSON.stringify(value)) as Json;

/** The deepest value that `plainCopy` copies, and `isJson` looks through. */
const deepest = 100;

/** Is it what `throughJson` gives of it, but for properties that are symbols? False for a value that is nested very deep as well. */
export function isJson(value: unknown, depth = 0): value is Json {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return true;
  if (typeof value === 'number') return isJsonNumber(value);
  if (typeof value !== 'object' || depth > deepest) return false;
  if (Array.isArray(value)) {
    if (isFinishedList(value)) return true;
    // An index, since `every` passes over holes.
    for (let at = 0; at < value.length; at++) if (!isJson(value[at], depth + 1)) return false;
    return true;
  }
  if (!isPlainObject(value)) return false;
  for (const key in value) {
    // Most properties are texts.
    const inner = (value as Readonly<Record<string, unknown>>)[key];
    if (typeof inner !== 'string' && !isJson(inner, depth + 1)) return false;
  }
  return true;
}

const isJsonNumber = (value: number): boolean => Number.isFinite(value) && !Object.is(value, -0);

/** Is it no instance of a class, and has it no text of its own? JSON asks the method `toJSON` also where it is hidden. */
function isPlainObject(object: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(object);
  return (prototype === Object.prototype || prototype === null) && !('toJSON' in object);
}

/**
 * A deep copy of a value that is JSON as it stands: what `throughJson` gives, without the text between. Undefined for any other value, such as one with a date, a
 * property that is `undefined`, or a class, and for one with a key `__proto__`, which some readers keep and some leave out. `mayShare`: the copy is not changed
 * either, so a finished list is not copied.
 */
export function plainCopy(value: unknown, mayShare = false, depth = 0): Json | undefined {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'number') return isJsonNumber(value) ? value : undefined;
  if (typeof value !== 'object' || depth > deepest) return undefined;
  return Array.isArray(value) ? arrayCopy(value, mayShare, depth) : objectCopy(value, mayShare, depth);
}

function arrayCopy(array: readonly unknown[], mayShare: boolean, depth: number): Json | undefined {
  // Only JSON is marked as finished.
  if (mayShare && isFinishedList(array)) return array as readonly Json[];
  const copy: Json[] = [];
  for (let at = 0; at < array.length; at++) {
    const inner = plainCopy(array[at], mayShare, depth + 1);
    if (inner === undefined) return undefined;
    copy.push(inner);
  }
  return copy;
}

function objectCopy(object: object, mayShare: boolean, depth: number): Json | undefined {
  if (!isPlainObject(object)) return undefined;
  // In one piece, with the shape of the object: property by property takes twice the time and the memory.
  const copy: Record<string, unknown> = { ...object };
  if (Object.getOwnPropertySymbols(copy).length > 0) return undefined;
  for (const key of Object.keys(copy)) {
    const inner = copy[key];
    if (key === '__proto__') return undefined;
    if (typeof inner === 'string') continue;
    const copied = plainCopy(inner, mayShare, depth + 1);
    if (copied === undefined) return undefined;
    if (copied !== inner) copy[key] = copied;
  }
  // Every property was looked at.
  return copy as JsonObject;
}

/** A deep copy. Properties that are `undefined` stay. */
export const cloneJson = (value: unknown): unknown =>
  Array.isArray(value)
    ? value.map(cloneJson)
    : typeof value === 'object' && value !== null
      ? Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, cloneJson(inner)]))
      : value;

/** The JSON text of a value, the same whatever the order of its keys. */
export function canonicalJson(value: Json): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map((item: Json) => canonicalJson(item)).join(',')}]`;
  // The compiler does not tell lists that cannot be changed by `isArray`.
  const object = value as JsonObject;
  // Sorted by UTF-16 code units, whatever the language of the process. Every key that is listed has a value.
  const fields = Object.keys(object)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonicalJson(object[key] as Json)}`);
  return `{${fields.join(',')}}`;
}
