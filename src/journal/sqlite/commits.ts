/** Reads the commits of an actor, each compared with the hash chain: nothing is returned that is not what was written (J4). */
import { corruptActor } from '../chain.ts';
import type { SqliteDriver } from './database.ts';
import { aloneBefore, dictionaryAfter, unpacked, type Dictionary } from './packing.ts';
import { recordOf, type CommitRecord } from './record.ts';
import type { ActorColumns, CommitColumns } from './rows.ts';

/** A commit that is what was written. */
export interface StoredCommit extends CommitRecord {
  readonly position: number;
  readonly seq: number;
  readonly hash: string;
  /** The hash of the commit before it; empty for the first. */
  readonly before: string;
  /** Its record as it is stored. */
  readonly bytes: Uint8Array;
}

/** Of so many actors the dictionary is remembered. Of any other it is read again. */
const mostDictionaries = 2_000;

/** What the next commits of actors are stored as differences to. Two processes may write one file: so a dictionary is known by the hash of the commit before. */
class Dictionaries {
  readonly #actors = new Map<number, { readonly hash: string; readonly dictionary: Dictionary }>();

  /** The dictionary for the commit after the one with this hash. */
  get(actor: number, hash: string): Dictionary | undefined {
    const known = this.#actors.get(actor);
    return known?.hash === hash ? known.dictionary : undefined;
  }

  /** Remembers one, and forgets the one that was set longest ago when there are too many. */
  set(actor: number, hash: string, dictionary: Dictionary): void {
    this.#actors.delete(actor);
    this.#actors.set(actor, { hash, dictionary });
    if (this.#actors.size <= mostDictionaries) return;
    for (const oldest of this.#actors.keys()) return void this.#actors.delete(oldest);
  }

  delete(actor: number): void {
    this.#actors.delete(actor);
  }
}

/** Reads commits. */
export interface CommitReader {
  /** The commits of an actor from this one to that one, in order; fewer when it has fewer. Throws `corrupt` when one is missing before the last, or is not what was written. */
  read(actor: Pick<ActorColumns, 'id' | 'actor'>, from: number, to?: number): StoredCommit[];
  /** The dictionary for the commit after this one; empty when it is to stand alone, or no dictionary can be read. */
  dictionaryAfter(actor: Pick<ActorColumns, 'id' | 'actor'>, seq: number, hash: string): Dictionary;
  /** Remembers what the next commit of an actor is a difference to. */
  remember(actor: number, hash: string, dictionary: Dictionary): void;
  /** Forgets it: no commit follows, unless its run is retried. */
  forget(actor: number): void;
}

/** The commits in an open journal. */
export function commitReader(db: SqliteDriver): CommitReader {
  const dictionaries = new Dictionaries();
  const rowsOf = db.prepare<CommitColumns>(
    'SELECT position, actor, seq, hash, record FROM commits WHERE actor = ? AND seq >= ? AND seq <= ? ORDER BY seq',
  );

  /** The rows from the first that is needed to read the commit `from`: the one before it, whose hash is needed, or the one that stands alone before it. */
  function rowsFor(id: number, from: number, to: number): { first: number; rows: CommitColumns[]; known?: Dictionary } {
    const first = Math.max(1, from - 1);
    const rows = rowsOf.all(id, first, to);
    if (aloneBefore(from) === from) return { first, rows };
    const known = dictionaries.get(id, String(rows[0]?.hash));
    if (known) return { first, rows, known };
    return { first: aloneBefore(from), rows: rowsOf.all(id, aloneBefore(from), to) };
  }

  /** The commits, and the dictionary for the one after them. That of an actor that has ended is not remembered. */
  function read(
    { id, actor }: Pick<ActorColumns, 'id' | 'actor'>,
    from: number,
    to: number,
  ): { commits: StoredCommit[]; next: Dictionary } {
    const { first, rows, known } = rowsFor(id, from, to);
    const commits: StoredCommit[] = [];
    let dictionary = known ?? [];
    let last = '';
    for (const [n, { seq, hash, position, record }] of rows.entries()) {
      if (seq !== first + n) throw corruptActor(actor, first + n, 'a commit is missing');
      const bytes = bytesOf(record);
      // Of the one before, only the hash is needed where its text is known, or the next stands alone.
      const isSkipped = seq < from && (known !== undefined || aloneBefore(from) === from);
      const text = isSkipped ? undefined : unpacked(bytes, dictionary);
      const before = last;
      const said = text !== undefined && seq >= from ? recordOf(text, seq, before, hash) : undefined;
      if (!isSkipped && (text === undefined || (seq >= from && !said)))
        throw corruptActor(actor, seq, 'the commit is not what was written');
      if (said) commits.push({ ...said, position: Number(position), seq, hash, before, bytes });
      if (text !== undefined) dictionary = dictionaryAfter(dictionary, seq, Buffer.from(text));
      last = hash;
    }
    if (commits.at(-1)?.status === 'active') dictionaries.set(id, last, dictionary);
    return { commits, next: dictionary };
  }

  return {
    read: (actor, from, to = Number.MAX_SAFE_INTEGER) => read(actor, from, to).commits,
    dictionaryAfter(actor, seq, hash) {
      if (aloneBefore(seq + 1) === seq + 1) return [];
      const known = dictionaries.get(actor.id, hash);
      if (known) return known;
      try {
        // Also for an actor that had ended, whose run is retried: what is remembered from here on must be what any other process reads.
        return read(actor, seq, seq).next;
      } catch {
        // Damage is told when the actor is loaded; the next commit stands alone.
        return [];
      }
    },
    remember: (actor, hash, dictionary) => dictionaries.set(actor, hash, dictionary),
    forget: (actor) => dictionaries.delete(actor),
  };
}

/** A damaged file may have something else in this column. */
const bytesOf = (record: unknown): Uint8Array => (record instanceof Uint8Array ? record : new Uint8Array());
