/** A copy that nobody else holds: what a trip over a wire would make of a JSON value, at a tenth of the price. */
import { TroupeError } from '../contracts/failure.ts';

/** Deeper than anything meant, shallower than the stack; a cycle ends here too. */
const deepest = 1_000;

/** Copies JSON. Properties that are `undefined` are left out; what a wire would lose or change is refused with `invalid`. */
export function copy<T>(value: T, depth = 0): T {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value;
    case 'number':
      if (Number.isFinite(value)) return value;
      throw unfit(String(value));
    case 'object':
      if (value === null) return value;
      if (depth > deepest) throw unfit(`something nested more than ${deepest} deep, or in a circle`);
      return (Array.isArray(value) ? copyArray(value, depth + 1) : copyObject(value, depth + 1)) as T;
    default:
      throw unfit(`a value of type ${typeof value}`);
  }
}

function copyArray(from: readonly unknown[], depth: number): unknown[] {
  const to = Array.from<unknown>({ length: from.length });
  for (let i = 0; i < from.length; i++) to[i] = copy(from[i], depth);
  return to;
}

function copyObject(from: object, depth: number): object {
  const prototype: unknown = Object.getPrototypeOf(from);
  if (prototype !== Object.prototype && prototype !== null) {
    throw unfit(`an instance of ${from.constructor?.name || 'a class'}`);
  }
  const to: Record<string, unknown> = {};
  for (const key of Object.keys(from)) {
    const value = (from as Record<string, unknown>)[key];
    if (value === undefined) continue;
    // Assigning to `__proto__` would change what the copy is, instead of what it holds.
    if (key === '__proto__')
      Object.defineProperty(to, key, {
        value: copy(value, depth),
        enumerable: true,
        configurable: true,
        writable: true,
      });
    else to[key] = copy(value, depth);
  }
  return to;
}

const unfit = (what: string) =>
  new TroupeError(
    'invalid',
    `A message's body must be JSON: null, booleans, finite numbers, strings, arrays, plain objects; it held ${what}.`,
  );
