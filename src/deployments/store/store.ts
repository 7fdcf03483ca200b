/**
 * The store of deployments and schedules: small records under keys. Each has a revision, by which a change is refused when another writer was first.
 *
 * DS1 A record is written only over the revision that its writer has read. Of two writers at once one is stored, and the other one gets `conflict`.
 * DS2 A reader gets a whole record, that of before a change or that of after it: never none, and never a part.
 * DS3 A record that was written is there when the store is opened again. A writer that is killed in the middle leaves the record of before.
 */
import type { Json } from '../../values/json.ts';
import { requireId } from '../../values/ids.ts';
import { TroupeError } from '../../values/failure.ts';

/** A record as it was read. */
export interface StoredRecord {
  /** What was written; null for a record that was deleted. */
  readonly value: Json;
  /** How often it was written, from 1. */
  readonly revision: number;
}

/** What a key begins with: the kind of record. */
export type RecordKind = 'deployments' | 'schedules';
/** The key of a record: its kind and an id. */
export type RecordKey = `${RecordKind}/${string}`;

/** Where deployments and schedules are kept. */
export interface DeploymentStore {
  /** The record of a key; undefined when it was never written. */
  get(key: RecordKey): Promise<StoredRecord | undefined>;
  /** Writes over this revision, 0 for a key that was never written; null deletes. Resolves to the new revision, rejects with `conflict` when the record has another one. */
  put(key: RecordKey, value: Json, revision: number): Promise<number>;
  /** The ids of all records of a kind that are not deleted, in the order of the alphabet. */
  ids(kind: RecordKind): Promise<string[]>;
}

/** More attempts than there can be writers at once. */
const maxAttempts = 1_000;

/** Reads a record, changes it, and writes it: again from the start when another writer was first. `change` gets null where there is no record, and may throw. */
export async function changeRecord<T>(
  store: DeploymentStore,
  key: RecordKey,
  change: (value: Json) => { readonly value: Json; readonly result: T },
): Promise<T> {
  for (let attempt = 0; attempt < maxAttempts; attempt++) {
    const { value, revision } = (await store.get(key)) ?? { value: null, revision: 0 };
    const changed = change(value);
    try {
      await store.put(key, changed.value, revision);
      return changed.result;
    } catch (thrown) {
      if (!(thrown instanceof TroupeError) || thrown.kind !== 'conflict') throw thrown;
    }
  }
  throw new TroupeError('storage', `The record ${key} is written by others all the time. Try again.`);
}

/** The kind and the id of a key. Throws `invalid` for an id that is none. */
export function partsOfKey(key: RecordKey): { readonly kind: string; readonly id: string } {
  const slash = key.indexOf('/');
  return { kind: key.slice(0, slash), id: requireId('The name of a record', key.slice(slash + 1)) };
}

/** The error of a writer that was not first. */
export const otherRevision = (key: RecordKey, revision: number): TroupeError =>
  new TroupeError('conflict', `The record ${key} is no longer at revision ${revision}: read it again.`);
