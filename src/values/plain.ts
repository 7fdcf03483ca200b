/** Checks that a value is JSON: what a journal would lose or change (a Date, a Map, NaN, a function) is rejected before the commit, with its path. */
import { TroupeError } from './failure.ts';
import { isFinishedList } from './finishedList.ts';
import type { Json } from './json.ts';

/** The deepest nesting that is checked, well within the stack; it also ends a circle. */
const maxDepth = 500;

/** Throws `definition`, saying where. `undefined` properties are left out when stored, so they are allowed. */
export function requirePlain(what: string, value: unknown): void {
  if (isPlain(value)) return;
  throw new TroupeError(
    'definition',
    `${what} must be plain JSON, so that it is the same after a restart; ${problemIn(value, '', 0)}. Keep numbers, strings, booleans, null, arrays and plain objects.`,
  );
}

/** Does the value survive a journal as it is? `known` is JSON that it may share objects with, which are not looked at again. */
export function isPlain(value: unknown, known?: unknown, depth = 0): boolean {
  switch (typeof value) {
    case 'string':
    case 'boolean':
    case 'undefined':
      return true;
    case 'number':
      return Number.isFinite(value);
    case 'object':
      return value === null || value === known || isPlainInside(value, known, depth);
    default:
      return false;
  }
}

function isPlainInside(value: object, known: unknown, depth: number): boolean {
  if (depth > maxDepth) return false;
  const before = (typeof known === 'object' && known !== null ? known : nothing) as Readonly<Record<string, unknown>>;
  if (Array.isArray(value)) {
    if (isFinishedList(value)) return true;
    // An index, since `every` passes over holes.
    for (let i = 0; i < value.length; i++) {
      const inner: unknown = value[i];
      if (typeof inner !== 'string' && (inner === undefined || !isPlain(inner, before[i], depth + 1))) return false;
    }
  } else {
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype !== Object.prototype && prototype !== null) return false;
    for (const key in value) {
      const inner = (value as Record<string, unknown>)[key];
      if (typeof inner !== 'string' && !isPlain(inner, before[key], depth + 1)) return false;
    }
  }
  return true;
}

const nothing = {};

/** A value from outside, as JSON holds it: plain, and with texts that every store and every model accepts. Throws `invalid`, saying where. */
export function requireInput(what: string, value: unknown): Json {
  const text = isPlain(value) ? JSON.stringify(value ?? null) : undefined;
  const problem =
    text === undefined ? problemIn(value, '', 0) : mayBeUnstorable.test(text) ? unstorableTextIn(value, '') : undefined;
  if (text === undefined || problem !== undefined)
    throw new TroupeError(
      'invalid',
      `${what} must be plain JSON; ${problem}. Keep numbers, strings, booleans, null, arrays and plain objects.`,
    );
  return JSON.parse(text) as Json;
}

/** How a NUL and half of a surrogate pair are written in JSON. */
const mayBeUnstorable = /\\u(?:0000|d[89a-f])/i;

function unstorableTextIn(value: unknown, path: string): string | undefined {
  if (typeof value === 'string')
    return /[\0\p{Surrogate}]/u.test(value)
      ? `${at(path)} has a character that is none (NUL, or half of a surrogate pair)`
      : undefined;
  if (typeof value !== 'object' || value === null) return undefined;
  for (const [key, inner] of Object.entries(value)) {
    const problem = unstorableTextIn(key, path) ?? unstorableTextIn(inner, path ? `${path}.${key}` : key);
    if (problem) return problem;
  }
  return undefined;
}

/** Where a value that is not plain has what JSON cannot hold. */
function problemIn(value: unknown, path: string, depth: number): string | undefined {
  switch (typeof value) {
    case 'string':
    case 'boolean':
    case 'undefined':
      return undefined;
    case 'number':
      return Number.isFinite(value) ? undefined : `${at(path)} is ${value}`;
    case 'object':
      return value === null ? undefined : problemInside(value, path, depth);
    default:
      return `${at(path)} is a ${typeof value}`;
  }
}

function problemInside(value: object, path: string, depth: number): string | undefined {
  if (depth > maxDepth) return `${at(path)} is nested more than ${maxDepth} deep, or in a circle`;
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) {
      const problem =
        value[i] === undefined
          ? `${at(`${path}[${i}]`)} is undefined`
          : problemIn(value[i], `${path}[${i}]`, depth + 1);
      if (problem) return problem;
    }
    return undefined;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null)
    return `${at(path)} is a ${value.constructor?.name || 'class instance'}`;
  for (const [key, inner] of Object.entries(value)) {
    const problem = problemIn(inner, path ? `${path}.${key}` : key, depth + 1);
    if (problem) return problem;
  }
  return undefined;
}

const at = (path: string) => (path === '' ? 'it' : `"${path}"`);
