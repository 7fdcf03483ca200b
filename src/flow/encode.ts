/**
 * Values as JSON and back. Most values are JSON as they are; dates, maps, sets, big integers, bytes, errors and `undefined` are written with a tag. What has no
 * stable form (a function, a class of its own, a circle) is refused with its place, before anything is stored.
 */
import { userFailure } from './flowErrors.ts';
import { TroupeError } from '../values/failure.ts';
import { plainCopy, type Json } from '../values/json.ts';

/** A value as JSON. `encoded`: it holds tags, and `decodeValue` must be told so. */
export interface EncodedValue {
  readonly json: Json;
  readonly encoded?: true;
}

/** The property that marks a tag. An object of the user with this property is written as a tag itself. */
const tag = '$';
const deepest = 500;
/** Characters of a key that a place shows. */
const longestKey = 100;

/** Throws `code` with the place of what cannot be stored; `what` names the value, such as `The result of "draft"`. */
export function encodeValue(what: string, value: unknown): EncodedValue {
  const plain = copyOf(value);
  return plain === undefined
    ? { json: encode(value, { what, path: '', above: new Set() }), encoded: true }
    : { json: plain };
}

/** A copy of what is JSON; undefined for what is not, and for what cannot be read, which `encode` refuses with its place. */
function copyOf(value: unknown): Json | undefined {
  try {
    return plainCopy(value);
  } catch {
    return undefined;
  }
}

/** What was encoded. */
export const decodeValue = ({ json, encoded }: EncodedValue): unknown => (encoded ? decode(json) : json);

interface Place {
  readonly what: string;
  readonly path: string;
  /** The objects around it, to find circles. */
  readonly above: Set<object>;
}

const tagged = (kind: string, value?: Json): Json => ({ [tag]: kind, ...(value === undefined ? {} : { value }) });

function encode(value: unknown, place: Place): Json {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value;
    case 'number':
      return Number.isFinite(value) && !Object.is(value, -0)
        ? value
        : tagged('number', Object.is(value, -0) ? '-0' : String(value));
    case 'undefined':
      return tagged('undefined');
    case 'bigint':
      return tagged('bigint', String(value));
    case 'object':
      return value === null ? null : inside(value, place);
    default:
      throw refusal(place, `a ${typeof value}`);
  }
}

function inside(value: object, place: Place): Json {
  const { above } = place;
  if (above.has(value)) throw refusal(place, 'an object that contains itself');
  if (above.size > deepest) throw refusal(place, `something nested deeper than ${deepest} levels`);
  above.add(value);
  try {
    return encodeObject(value, place);
  } catch (thrown) {
    if (thrown instanceof Refusal) throw thrown;
    throw refusal(place, `something that cannot be read: ${userFailure(thrown).message}`, thrown);
  } finally {
    above.delete(value);
  }
}

function encodeObject(value: object, place: Place): Json {
  const at = (key: string, inner: unknown) =>
    encode(inner, { ...place, path: `${place.path}${key.slice(0, longestKey)}` });
  if (Array.isArray(value)) return Array.from(value, (inner: unknown, i) => at(`[${i}]`, inner));
  if (value instanceof Date) {
    const time = value.getTime();
    return tagged('date', Number.isNaN(time) ? null : time);
  }
  if (value instanceof Map)
    return tagged(
      'map',
      [...value].map(([key, inner]: [unknown, unknown], i) => [
        at(`.key(${i})`, key),
        at(`.get(${typeof key === 'string' ? key : i})`, inner),
      ]),
    );
  if (value instanceof Set)
    return tagged(
      'set',
      [...value].map((inner: unknown, i) => at(`.item(${i})`, inner)),
    );
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return encodeBytes(value);
  if (value instanceof Error) return encodeError(value, at);
  if (value instanceof URL) return tagged('url', value.href);
  if (value instanceof RegExp) return tagged('regexp', [value.source, value.flags]);
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) {
    if ('toJSON' in value && typeof value.toJSON === 'function') return at('', (value.toJSON as () => unknown)());
    throw refusal(place, `an instance of ${value.constructor?.name || 'a class'}`);
  }
  const entries = Object.entries(value).map(([key, inner]: [string, unknown]): [string, Json] => [
    key,
    at(`.${key}`, inner),
  ]);
  const isSafe = entries.every(([key]) => key !== tag && key !== '__proto__');
  return isSafe ? Object.fromEntries(entries) : tagged('object', entries);
}

const arrays: Readonly<Record<string, new (buffer: ArrayBuffer) => object>> = {
  Int8Array,
  Uint8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
  DataView,
};

function encodeBytes(value: ArrayBufferView | ArrayBuffer): Json {
  const bytes = ArrayBuffer.isView(value)
    ? Buffer.from(value.buffer, value.byteOffset, value.byteLength)
    : Buffer.from(value);
  const name = Buffer.isBuffer(value) ? 'Buffer' : nameOf(value);
  return tagged('bytes', [name, bytes.toString('base64')]);
}

/** Its own kind, also where a class extends it. */
const nameOf = (value: ArrayBufferView | ArrayBuffer): string =>
  Object.prototype.toString.call(value).slice('[object '.length, -1);

function decodeBytes(name: string, base64: string): unknown {
  const bytes = Buffer.from(base64, 'base64');
  if (name === 'Buffer') return bytes;
  // A buffer of its own, at an offset that every kind of array accepts.
  const buffer = new Uint8Array(bytes).buffer;
  if (name === 'ArrayBuffer') return buffer;
  const array = Object.hasOwn(arrays, name) ? arrays[name] : undefined;
  if (array) return new array(buffer);
  throw new TroupeError(
    'corrupt',
    `A stored value is an array of the unknown kind "${name}". Read it with the version of Node that has written it.`,
  );
}

function encodeError(error: Error, at: (key: string, inner: unknown) => Json): Json {
  const { name, message, stack, cause } = error;
  const own = Object.entries(error).filter(([key]) => !['name', 'message', 'stack', 'cause'].includes(key));
  return tagged('error', {
    name,
    message,
    ...(stack === undefined ? {} : { stack }),
    ...(cause === undefined ? {} : { cause: at('.cause', cause) }),
    ...(error instanceof AggregateError ? { errors: at('.errors', error.errors) } : {}),
    own: own.map(([key, inner]: [string, unknown]) => [key, at(`.${key}`, inner)]),
  });
}

const errors = { EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError } as const;

function decodeError(value: { readonly [key: string]: Json }): Error {
  const { name, message, stack, cause, errors: several, own } = value;
  const kind = typeof name === 'string' && Object.hasOwn(errors, name) ? errors[name as keyof typeof errors] : Error;
  const text = typeof message === 'string' ? message : '';
  const options = cause === undefined ? undefined : { cause: decode(cause) };
  // Written by `encodeError`.
  const error = several ? new AggregateError(decode(several) as unknown[], text, options) : new kind(text, options);
  // A name that another class has set.
  if (error.name !== name) Object.defineProperty(error, 'name', { value: name, configurable: true, writable: true });
  if (typeof stack === 'string') error.stack = stack;
  // Written by `encodeError`.
  for (const [key, inner] of own as unknown as [string, Json][])
    Object.defineProperty(error, key, { value: decode(inner), enumerable: true, configurable: true, writable: true });
  return error;
}

function decode(json: Json): unknown {
  if (json === null || typeof json !== 'object') return json;
  if (Array.isArray(json)) return json.map((inner: Json) => decode(inner));
  const { [tag]: kind, value } = json as { readonly [key: string]: Json };
  if (kind === undefined)
    return Object.fromEntries(
      Object.entries(json as { readonly [key: string]: Json }).map(([key, inner]) => [key, decode(inner)]),
    );
  return decodeTagged(typeof kind === 'string' ? kind : JSON.stringify(kind), value ?? null);
}

/** Each tag has the value that `encode` gives it. */
function decodeTagged(kind: string, value: Json): unknown {
  switch (kind) {
    case 'undefined':
      return undefined;
    case 'number':
      return Number(value);
    case 'bigint':
      return BigInt(value as string);
    case 'date':
      return new Date(value === null ? Number.NaN : (value as number));
    case 'map':
      return new Map((value as [Json, Json][]).map(([key, inner]) => [decode(key), decode(inner)]));
    case 'set':
      return new Set((value as Json[]).map(decode));
    case 'bytes':
      return decodeBytes(...(value as [string, string]));
    case 'error':
      return decodeError(value as { readonly [key: string]: Json });
    case 'url':
      return new URL(value as string);
    case 'regexp':
      return new RegExp(...(value as [string, string]));
    case 'object':
      return objectOf(value as [string, Json][]);
    default:
      throw new TroupeError(
        'corrupt',
        `A stored value has the unknown tag "${kind}". It was written by a later version, or changed.`,
      );
  }
}

function objectOf(entries: readonly (readonly [string, Json])[]): object {
  const object = {};
  // Not assigned: that would set the prototype.
  for (const [key, inner] of entries)
    Object.defineProperty(object, key, { value: decode(inner), enumerable: true, configurable: true, writable: true });
  return object;
}

/** What cannot be stored, and where it is. */
class Refusal extends TroupeError {}

const refusal = ({ what, path }: Place, came: string, cause?: unknown) =>
  new Refusal(
    'code',
    `${what} cannot be stored: ${path === '' ? 'it' : `at "${path.replace(/^\./, '').slice(0, 200)}" it`} is ${came}. Give JSON, or dates, maps, sets, big integers, bytes and errors.`,
    { cause, data: { reason: 'serialization' } },
  );
