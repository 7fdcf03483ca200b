/** Reads the commits of an actor, each compared with the hash chain: nothing is returned that is not what was written (J4). */
import { corruptActor } from '../chain.ts';
import type { SqliteDriver } from './database.ts';
import { aloneBefore, dictionaryOf, recordOf, unpacked, type CommitRecord } from './record.ts';
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

/** Of so many actors the last text is remembered, to write and read the next commit. */
const mostTexts = 2_000;

/** The texts that the next commits of actors are stored as differences to. Two processes may write one file: so a text is known by the hash of its commit. */
export class RecentTexts {
  readonly #actors = new Map<number, { readonly hash: string; readonly dictionary: Buffer }>();

  /** The dictionary that a commit with this hash is for the next. */
  get(actor: number, hash: string): Buffer | undefined {
    const known = this.#actors.get(actor);
    return known?.hash === hash ? known.dictionary : undefined;
  }

  set(actor: number, hash: string, text: string): void {
    this.#actors.delete(actor);
    this.#actors.set(actor, { hash, dictionary: dictionaryOf(text) });
    if (this.#actors.size <= mostTexts) return;
    for (const oldest of this.#actors.keys()) return void this.#actors.delete(oldest);
  }
}

/** Reads commits. */
export interface CommitReader {
  /** The commits of an actor from this one to that one, in order; fewer when it has fewer. Throws `corrupt` when one is missing before the last, or is not what was written. */
  read(actor: Pick<ActorColumns, 'id' | 'actor'>, from: number, to?: number): StoredCommit[];
  /** The dictionary for the commit after this one; undefined when there is none that can be read. */
  dictionary(actor: Pick<ActorColumns, 'id' | 'actor'>, seq: number, hash: string): Buffer | undefined;
}

/** The commits in an open journal. */
export function commitReader(db: SqliteDriver, texts: RecentTexts): CommitReader {
  const rowsOf = db.prepare<CommitColumns>(
    'SELECT position, actor, seq, hash, record FROM commits WHERE actor = ? AND seq >= ? AND seq <= ? ORDER BY seq',
  );

  /** The rows from the first that is needed to read the commit `from`: the one before it, whose hash is needed, or the one that stands alone before it. */
  function rowsFor(id: number, from: number, to: number): { first: number; rows: CommitColumns[]; known?: Buffer } {
    const first = Math.max(1, from - 1);
    const rows = rowsOf.all(id, first, to);
    if (aloneBefore(from) === from) return { first, rows };
    const known = texts.get(id, String(rows[0]?.hash));
    if (known) return { first, rows, known };
    return { first: aloneBefore(from), rows: rowsOf.all(id, aloneBefore(from), to) };
  }

  function read({ id, actor }: Pick<ActorColumns, 'id' | 'actor'>, from: number, to: number): StoredCommit[] {
    const { first, rows, known } = rowsFor(id, from, to);
    const commits: StoredCommit[] = [];
    let dictionary = (): Buffer | undefined => known;
    let last: { readonly hash: string; readonly text: string | undefined } | undefined;
    for (const [n, { seq, hash, position, record }] of rows.entries()) {
      if (seq !== first + n) throw corruptActor(actor, first + n, 'a commit is missing');
      const bytes = bytesOf(record);
      // Of the one before, only the hash is needed where its text is known, or the next stands alone.
      const isSkipped = seq < from && (known !== undefined || aloneBefore(from) === from);
      const text = isSkipped ? undefined : unpacked(bytes, dictionary);
      const before = last?.hash ?? '';
      const said = text !== undefined && seq >= from ? recordOf(text, seq, before, hash) : undefined;
      if (!isSkipped && (text === undefined || (seq >= from && !said)))
        throw corruptActor(actor, seq, 'the commit is not what was written');
      if (said) commits.push({ ...said, position: Number(position), seq, hash, before, bytes });
      if (text !== undefined) dictionary = () => dictionaryOf(text);
      last = { hash, text };
    }
    if (last?.text !== undefined) texts.set(id, last.hash, last.text);
    return commits;
  }

  return {
    read: (actor, from, to = Number.MAX_SAFE_INTEGER) => read(actor, from, to),
    dictionary(actor, seq, hash) {
      const known = texts.get(actor.id, hash);
      if (known || seq === 0) return known;
      try {
        read(actor, seq, seq);
      } catch {
        // Damage is told when the actor is loaded; the next commit stands alone.
      }
      return texts.get(actor.id, hash);
    },
  };
}

/** A damaged file may have something else in this column. */
const bytesOf = (record: unknown): Uint8Array => (record instanceof Uint8Array ? record : new Uint8Array());
