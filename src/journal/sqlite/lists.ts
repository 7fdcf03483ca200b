/** Reads the lists of actors: entries stand in the commits that appended them; dead letters, and what earlier versions stored, in a table. */
import { deadLetterList } from '../../contracts/deadLetter.ts';
import { errorMessage } from '../../values/cause.ts';
import type { Json } from '../../values/json.ts';
import { corruptActor, sha256Digest } from '../chain.ts';
import type { ActorColumns, ListColumns } from './rows.ts';
import type { SqliteStore } from './store.ts';
import type { VerifiedChain } from './verify.ts';

/** Reads a value of an actor. Throws `corrupt` with its name when it cannot be read. */
export function naming<T>(actor: string, seq: number, what: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw corruptActor(actor, seq, `${what} cannot be read: ${errorMessage(cause)}`);
  }
}

/** Reads lists; `places` is what the verified chain of the actor says of them. */
export interface ListReader {
  /** How many entries each list has. */
  lengths(row: ActorColumns, places: VerifiedChain['lists']): Map<string, number>;
  /** Entries [from, to) of a list. */
  entries(row: ActorColumns, places: VerifiedChain['lists'], list: string, from?: number, to?: number): Json[];
}

/** The lists in an open journal. */
export function listReader({ db, codec, commits }: SqliteStore): ListReader {
  const entryAt = db.prepare<Pick<ListColumns, 'hash'>>(
    'SELECT hash FROM entries WHERE actor = ? AND list = ? AND n = ?',
  );
  const lastEntry = db.prepare<Pick<ListColumns, 'n'>>(
    'SELECT n FROM entries WHERE actor = ? AND list = ? ORDER BY n DESC LIMIT 1',
  );
  const entries = db.prepare<Pick<ListColumns, 'n' | 'data' | 'hash'>>(
    'SELECT n, data, hash FROM entries WHERE actor = ? AND list = ? AND n >= ? AND n < ? ORDER BY n',
  );
  /** Dead letters are counted in the table: some came without a commit. */
  function lengthsOf({ id }: ActorColumns, lists: VerifiedChain['lists']): Map<string, number> {
    const lengths = new Map([...lists].map(([list, { listed, commits: of }]) => [list, listed + of.length]));
    const dead = Number(lastEntry.get(id, deadLetterList)?.n ?? -1) + 1;
    return dead > 0 ? lengths.set(deadLetterList, dead) : lengths;
  }

  /** Entries [from, to) of the table. */
  function listedEntries({ id, actor, seq }: ActorColumns, list: string, from: number, to: number): Json[] {
    let hash = from === 0 ? '' : String(entryAt.get(id, list, from - 1)?.hash ?? '');
    let next = from;
    const found = entries.all(id, list, from, to);
    if (found.length !== Math.max(0, to - from))
      throw corruptActor(actor, Number(seq), `the list "${list}" cannot be read whole`);
    return found.map(({ n, data, hash: stored }) => {
      hash = sha256Digest(hash, String(data));
      if (n !== next++ || hash !== stored)
        throw corruptActor(actor, Number(seq), `entry ${n} of the list "${list}" is not what was written`);
      return naming(actor, Number(seq), `entry ${n} of "${list}"`, () => codec.read(String(data)));
    });
  }

  /** Entries [from, to) of those that stand in commits; `places` names the commit of each. */
  function committedEntries(
    row: ActorColumns,
    list: string,
    places: readonly number[],
    from: number,
    to: number,
  ): Json[] {
    const [first, last] = [places[from], places[to - 1]];
    if (first === undefined || last === undefined || from >= to) return [];
    const before = from - places.indexOf(first);
    return commits
      .read(row, first, last)
      .flatMap(({ seq, appends }) => appends.flatMap(([of, entry]) => (of === list ? [{ seq, entry }] : [])))
      .slice(before, before + to - from)
      .map(({ seq, entry }) => naming(row.actor, seq, `an entry of "${list}"`, () => codec.extract(entry)));
  }

  return {
    lengths: lengthsOf,
    entries(row, lists, list, from = 0, to) {
      const length = lengthsOf(row, lists).get(list) ?? 0;
      const places = lists.get(list)?.commits ?? [];
      const listed = length - places.length;
      const end = Math.min(to ?? length, length);
      return [
        ...(from < listed ? listedEntries(row, list, from, Math.min(end, listed)) : []),
        ...committedEntries(row, list, places, Math.max(0, from - listed), Math.max(0, end - listed)),
      ];
    },
  };
}
