/** References to actors as data: where XState has a reference, what is stored and sent has an address, to which a machine can send as well. */
import type { Address } from '../values/ids.ts';
import { isJsonObject, type Json } from '../values/json.ts';

/** A reference to an actor in an event, an input, an output or a context: pass it to `sendTo`. */
export interface ActorAddress {
  /** The id that it had where the reference was made. */
  readonly id: string;
  /** Where the actor is reached: `type/key`. */
  readonly address: Address;
}

/** Deeper values are left as they are: they are refused as data. */
const maxDepth = 500;

/** The value with an address in place of every reference; the value itself when there is none. `addressOf` gives undefined for an actor that is no longer there: then null. */
export function withAddresses<T>(value: T, addressOf: (reference: { id?: string }) => Address | undefined): T {
  // What is replaced has another type than before: it is JSON now, which is what every caller stores.
  return replaceIn(value, addressOf, 0) as T;
}

function replaceIn(
  value: unknown,
  addressOf: (reference: { id?: string }) => Address | undefined,
  depth: number,
): unknown {
  if (typeof value !== 'object' || value === null || depth > maxDepth) return value;
  if (isReference(value)) {
    const address = addressOf(value);
    return address === undefined ? null : ({ id: value.id, address } satisfies ActorAddress);
  }
  let copy: Record<string, unknown> | unknown[] | undefined;
  for (const [key, inner] of Object.entries(value)) {
    const replaced = replaceIn(inner, addressOf, depth + 1);
    if (replaced === inner) continue;
    copy ??= Array.isArray(value) ? [...(value as unknown[])] : { ...value };
    (copy as Record<string, unknown>)[key] = replaced;
  }
  return copy ?? value;
}

/** XState recognises a reference by these properties when it saves a context. */
const isReference = (value: object): value is { readonly id: string } =>
  'sessionId' in value && 'send' in value && 'ref' in value;

/** The address in a reference that was sent or stored as data. */
export const addressIn = (target: unknown): Address | undefined =>
  isJsonObject(target) && !isReference(target) && typeof target.address === 'string' ? target.address : undefined;

/**
 * A saved context in which XState left marks for the actor itself and its parent, which it could not restore: they become addresses.
 * `own` and `parent` are the addresses of the actor and its parent.
 */
export const withOwnAddresses = (context: Json, own: Address, parent: Address | undefined): Json =>
  replaceMarks(context, { '#self': own, '#parent': parent });

function replaceMarks(value: Json, addresses: Readonly<Record<string, Address | undefined>>): Json {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((inner: Json) => replaceMarks(inner, addresses));
  const entries = value as { readonly [key: string]: Json };
  if ('xstate$$type' in entries && typeof entries.id === 'string' && Object.hasOwn(addresses, entries.id)) {
    const address = addresses[entries.id];
    return address === undefined ? null : { id: entries.id.slice(1), address };
  }
  return Object.fromEntries(Object.entries(entries).map(([key, inner]) => [key, replaceMarks(inner, addresses)]));
}
