/** References to actors as data: where XState has a reference, what is stored and sent has an address, to which a machine can send as well. */
import type { Address } from '../values/ids.ts';
import { isFinishedList } from '../values/finishedList.ts';
import { isJsonObject, type Json, type JsonObject } from '../values/json.ts';

/** A reference to an actor in an event, an input, an output or a context: pass it to `sendTo`. */
export interface ActorAddress {
  /** The id that it had where the reference was made. */
  readonly id: string;
  /** Where the actor is reached: `type/key`. */
  readonly address: Address;
}

/** What is read of a reference of XState. */
export interface Reference {
  /** The id that it had where the reference was made. */
  readonly id: string;
}

/** Deeper values are left as they are: they are refused as data. */
const maxDepth = 500;

/** The value with an address in place of every reference; the value itself when there is none. `addressOf` gives undefined for an actor that is no longer there: then null. */
export function withAddresses<T>(value: T, addressOf: (reference: { id?: string }) => Address | undefined): T {
  const replacement = (reference: Reference): ActorAddress | null => {
    const address = addressOf(reference);
    return address === undefined ? null : { id: reference.id, address };
  };
  // What is replaced has another type than before: it is JSON now, which is what every caller stores.
  return replaceReferences(value, replacement) as T;
}

/** The value with `replacement(reference)` in place of every reference to an actor; the value itself when there is none. */
export function replaceReferences(value: unknown, replacement: (reference: Reference) => unknown, depth = 0): unknown {
  if (typeof value !== 'object' || value === null || depth > maxDepth) return value;
  if (isReference(value)) return replacement(value);
  if (Array.isArray(value) && isFinishedList(value)) return value;
  let copy: Record<string, unknown> | unknown[] | undefined;
  for (const key in value) {
    const inner = (value as Record<string, unknown>)[key];
    if (typeof inner !== 'object') continue;
    const replaced = replaceReferences(inner, replacement, depth + 1);
    if (replaced === inner) continue;
    copy ??= Array.isArray(value) ? [...(value as unknown[])] : { ...value };
    (copy as Record<string, unknown>)[key] = replaced;
  }
  return copy ?? value;
}

/** XState recognises a reference by these properties when it saves a context. */
const isReference = (value: object): value is Reference => 'sessionId' in value && 'send' in value && 'ref' in value;

/** The address in a reference that was sent or stored as data. */
export const addressIn = (target: unknown): Address | undefined =>
  isJsonObject(target) && !isReference(target) && typeof target.address === 'string' ? target.address : undefined;

/** A reference as XState saves it: it finds a child again by its id when it restores the snapshot. */
export const markOf = ({ id }: Reference): Json => ({ xstate$$type: 1, id });

/** A context with XState's mark in place of every reference. */
export const withMarks = (context: object): JsonObject => replaceReferences(context, markOf) as JsonObject;
