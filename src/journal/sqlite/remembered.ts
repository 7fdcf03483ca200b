/**
 * What the next writes need of what is stored, as this process wrote it: reading a row takes longer than writing one.
 *
 * It is used only within a transaction, in which no other connection writes. What another one has written since the last transaction shows in `data_version`: then
 * all is forgotten, and read again. A write that fails may have changed what is remembered and not the file: then all is forgotten.
 */
import type { Json } from '../../values/json.ts';
import type { RunLease } from '../journal.ts';
import type { SqliteDriver, SqlStatement } from './database.ts';
import type { ActorColumns, CommitColumns } from './rows.ts';

/** An actor as of its last commit. `hash` is that of the commit. */
export interface ActorHead extends Pick<ActorColumns, 'id' | 'seq' | 'status' | 'meta'> {
  readonly hash: CommitColumns['hash'];
  /** What `meta` is the text of, where this process wrote it: it is the same value as long as the actor is in memory. */
  readonly metaOf?: Json;
}

/** Of so many runs and actors it is remembered. */
const most = 2_000;

/** Remembers rows by their key, and forgets the one that was set longest ago when there are too many. */
class Rows<Key, Row> {
  readonly #rows = new Map<Key, Row>();

  get(key: Key): Row | undefined {
    return this.#rows.get(key);
  }

  set(key: Key, row: Row): void {
    this.#rows.delete(key);
    this.#rows.set(key, row);
    if (this.#rows.size <= most) return;
    for (const oldest of this.#rows.keys()) return void this.#rows.delete(oldest);
  }

  delete(key: Key): void {
    this.#rows.delete(key);
  }

  clear(): void {
    this.#rows.clear();
  }
}

/** The rows that this process wrote last. */
export class RememberedRows {
  /** The leases of runs, by their id. */
  readonly leases: Pick<Rows<string, RunLease>, 'get' | 'set'>;
  /** Actors, by their address. */
  readonly heads: Pick<Rows<string, ActorHead>, 'get' | 'set' | 'delete'>;
  /** The leases of runs that are new, by run: each is stored with the first commit of its run. No other place has them, so they are never forgotten. */
  readonly claimed: Map<string, RunLease> = new Map();
  /** Of those, the runs whose lease is not in the file. */
  readonly unstored: Set<string> = new Set();
  /** The runs that were claimed for the first time, and have no actors. */
  readonly beginnings: Set<string> = new Set();
  /** The position of the last commit. */
  lastPosition: number | undefined;
  readonly #leases = new Rows<string, RunLease>();
  readonly #heads = new Rows<string, ActorHead>();
  readonly #versionOf: SqlStatement<{ readonly data_version: number }>;
  #version: number | undefined;

  constructor(db: SqliteDriver) {
    this.leases = this.#leases;
    this.heads = this.#heads;
    this.#versionOf = db.prepare('PRAGMA data_version');
    // What is read before the first transaction counts as well.
    this.#version = this.#versionOf.get()?.data_version;
  }

  /** A transaction has begun. */
  begin(): void {
    const version = this.#versionOf.get()?.data_version;
    if (version !== this.#version || version === undefined) this.forget();
    this.#version = version;
  }

  /** Nothing is known any more. */
  forget(): void {
    this.#leases.clear();
    this.unstored.clear();
    this.beginnings.clear();
    this.#heads.clear();
    this.lastPosition = undefined;
  }
}
