/** The context of a machine as a commit stores it: plain JSON, with a name in place of each reference to an actor. Of one that was saved before, only what changed is looked at. */
import { isPlain, requirePlain } from '../values/plain.ts';
import type { Address } from '../values/ids.ts';
import type { Json, JsonObject } from '../values/json.ts';
import { markOf, replaceReferences, type Reference } from './references.ts';

/** A context, and what was saved of it. Values in a context are never changed in place. */
export interface SavedContext {
  /** As the machine has it. */
  readonly context: object;
  /** As it is stored. */
  readonly saved: JsonObject;
}

/** Who has the context: a reference to itself or its parent is stored as an address. */
export interface ContextOwner {
  /** Its own address. */
  readonly address: Address;
  /** The address of its parent; undefined for the root of a run. */
  readonly parent: Address | undefined;
}

/** Saves a context; `before` is the same actor's at its last commit. Throws `definition` for a value that JSON would lose or change. */
export function saveContext(context: object, owner: ContextOwner, before?: SavedContext): SavedContext {
  if (context === before?.context) return before;
  const values = context as Record<string, Json>;
  let copy: Record<string, Json> | undefined;
  for (const key in values) {
    const value = values[key];
    const isSame = before !== undefined && value === (before.context as Record<string, unknown>)[key];
    // `undefined` is left out when it is stored.
    const saved = (isSame ? before.saved[key] : storable(key, value, owner, before?.saved[key])) as Json;
    if (saved !== value) (copy ??= { ...values })[key] = saved;
  }
  return { context, saved: copy ?? values };
}

/** `before`: what was saved under the key. */
function storable(key: string, value: unknown, owner: ContextOwner, before: Json | undefined): unknown {
  if (isPlain(value, before)) return value;
  const saved = replaceReferences(value, (reference) => stored(reference, owner));
  requirePlain(`The context of ${owner.address}`, { [key]: saved });
  return saved;
}

function stored(reference: Reference, { address, parent }: ContextOwner): Json {
  const { id } = reference;
  if (id === '#self') return { id: 'self', address };
  if (id === '#parent') return parent === undefined ? null : { id: 'parent', address: parent };
  return markOf(reference);
}
