/** Verifies an actor's chain of commits, and by it the actor's row and the length of its lists (J4). */
import { hash } from 'node:crypto';
import { deadLetterList } from '../../contracts/deadLetter.ts';
import type { Address } from '../../values/ids.ts';
import { corruptActor } from '../chain.ts';
import type { SqliteDriver } from './database.ts';
import type { ValueCodec } from './blobs.ts';
import type { CommitReader, StoredCommit } from './commits.ts';
import { requireLastCommit } from './lookup.ts';
import type { Opened } from './record.ts';
import { storedValue, type ActorColumns, type InboxColumns, type ListColumns, type PendingColumns } from './rows.ts';

/** Where the entries of a list are. */
export interface ListPlaces {
  /** So many stand in the table `entries`: the first ones, and all dead letters. */
  listed: number;
  /** The commits that hold the others, one for each entry. */
  readonly commits: number[];
}

/** What a chain says beside its last commit, gathered commit by commit. */
interface Summary {
  /** What was opened and not settled by a commit, in order. A message is settled without a commit: it is here until it is known to be settled. */
  readonly opened: Map<string, Opened>;
  /** The commit that has the result of an effect that is not settled. */
  readonly answered: Map<string, number>;
  readonly lists: Map<string, ListPlaces>;
}

/** What is kept of a last commit: no value, because there are as many as actors, and a snapshot may be large. */
interface LastCommit extends Pick<StoredCommit, 'seq' | 'hash' | 'row' | 'status' | 'state' | 'at'> {
  /** The digest of its record as it is stored. */
  readonly digest: string;
}

/** A chain that was verified up to and with its last commit. */
interface Checkpoint extends Summary {
  readonly last: LastCommit;
}

/** So many actors are remembered. Of any other the whole chain is verified again. */
const mostCheckpoints = 10_000;

/** How far this process has verified each actor's chain. A load verifies only what came since, so it costs the same after ten thousand commits. */
export class Checkpoints {
  readonly #actors = new Map<Address, Checkpoint>();

  /** Takes it out: what is found from here on changes it. */
  take(actor: Address): Checkpoint | undefined {
    const known = this.#actors.get(actor);
    this.#actors.delete(actor);
    return known;
  }

  /** Remembers one, and forgets the one that was set longest ago when there are too many. */
  set(actor: Address, checkpoint: Checkpoint): void {
    this.#actors.set(actor, checkpoint);
    if (this.#actors.size <= mostCheckpoints) return;
    for (const oldest of this.#actors.keys()) return void this.#actors.delete(oldest);
  }
}

/** What a verified chain says of an actor. */
export interface VerifiedChain {
  /** Without its snapshot when it was verified earlier. */
  readonly last: Pick<StoredCommit, 'seq' | 'hash' | 'snapshot'>;
  readonly opened: ReadonlyMap<string, Opened>;
  readonly answered: ReadonlyMap<string, number>;
  readonly lists: ReadonlyMap<string, Readonly<ListPlaces>>;
}

/** Verifies a chain from its first commit, or onwards from what `checkpoints` have. Throws `corrupt`. */
export function chainVerifier(
  db: SqliteDriver,
  codec: ValueCodec,
  commits: CommitReader,
  checkpoints?: Checkpoints,
): (row: ActorColumns) => VerifiedChain {
  const lastOf = db.prepare<Pick<ListColumns, 'n'>>(
    'SELECT n FROM entries WHERE actor = ? AND list = ? ORDER BY n DESC LIMIT 1',
  );
  const keysOf = db.prepare<Pick<PendingColumns, 'key'>>('SELECT key FROM pending WHERE actor = ?');
  const count = db.prepare<Pick<ListColumns, 'list' | 'n'>>(
    'SELECT list, count(*) AS n FROM entries WHERE actor = ? GROUP BY list',
  );
  const inboxOf = db.prepare<InboxColumns>('SELECT id, seq FROM inbox WHERE actor = ?');
  const handledBy = db.prepare<InboxColumns>('SELECT id, seq FROM inbox WHERE actor = ? AND id = ?');
  const ownerOf = db.prepare<Pick<PendingColumns, 'actor'>>('SELECT actor FROM pending WHERE key = ?');
  const lastRow = db.prepare<Pick<StoredCommit, 'hash'> & { readonly record: Uint8Array }>(
    'SELECT hash, record FROM commits WHERE actor = ? AND seq = ?',
  );

  /** The inbox knows every message that these commits handled: one that it does not know would be handled again. */
  function requireHandled({ id, actor }: ActorColumns, chain: readonly StoredCommit[], isWhole: boolean): void {
    const all = isWhole ? new Map(inboxOf.all(id).map((entry) => [entry.id, entry.seq])) : undefined;
    let handled = 0;
    for (const { seq, event } of chain) {
      const { id: message, inbox } = storedValue('event', codec.extract(event));
      if (!inbox) continue;
      handled++;
      const found = all ? all.get(message) : handledBy.get(id, message)?.seq;
      if (found !== seq) throw corruptActor(actor, seq, `the inbox does not have the message ${message}`);
    }
    if (all && all.size !== handled) throw corruptActor(actor, 0, 'the inbox has messages that no commit handled');
  }

  /** Messages are settled without a commit: so one that the actor's index does not have is looked up by its key. */
  function requireSettled({ actor }: ActorColumns, chain: readonly StoredCommit[], waiting: ReadonlySet<string>): void {
    for (const { seq, opens } of chain)
      for (const { key, kind } of opens)
        if (kind === 'message' && !waiting.has(key) && ownerOf.get(key))
          throw corruptActor(actor, seq, `an index of what is pending does not have ${key}`);
  }

  /** Onwards from the last verified commit. From the first when that commit is another one now: the actor was pruned and created again, or is damaged. */
  function follow(row: ActorColumns): { known: Checkpoint | undefined; chain: readonly StoredCommit[] } {
    const known = checkpoints?.take(row.actor);
    const stored = known && lastRow.get(row.id, known.last.seq);
    if (known && stored?.hash === known.last.hash) {
      if (bytesDigest(stored.record) !== known.last.digest)
        throw corruptActor(row.actor, known.last.seq, 'the commit is not what was written');
      return { known, chain: commits.read(row, known.last.seq + 1) };
    }
    return { known: undefined, chain: commits.read(row, 1) };
  }

  /** When a chain is followed onwards, the number of a list's last entry tells how many there are: the entries before were counted earlier. */
  function requireListed({ id, actor, seq }: ActorColumns, { lists }: Summary, isWhole: boolean): void {
    const found = isWhole ? new Map(count.all(id).map(({ list, n }) => [String(list), Number(n)])) : undefined;
    for (const list of new Set([...lists.keys(), deadLetterList])) {
      const n = found ? (found.get(list) ?? 0) : Number(lastOf.get(id, list)?.n ?? -1) + 1;
      const expected = lists.get(list)?.listed ?? 0;
      // A dead letter can be stored without a commit, so that list may be longer.
      if (list === deadLetterList ? n < expected : n !== expected)
        throw corruptActor(actor, Number(seq), `the list "${list}" has ${n} entries instead of ${expected}`);
      found?.delete(list);
    }
  }

  return (row) => {
    const { known, chain } = follow(row);
    const waiting = new Set(keysOf.all(row.id).map(({ key }) => String(key)));
    requireHandled(row, chain, !known);
    requireSettled(row, chain, waiting);
    const last = requireLastCommit<StoredCommit | LastCommit>(row, chain.at(-1) ?? known?.last);
    const summary = summarize(known ?? { opened: new Map(), answered: new Map(), lists: new Map() }, chain);
    requireListed(row, summary, !known);
    // A message that is settled never waits again.
    for (const [key, { kind }] of summary.opened)
      if (kind === 'message' && !waiting.has(key)) summary.opened.delete(key);
    checkpoints?.set(row.actor, { ...summary, last: 'digest' in last ? last : lastCommit(last) });
    return { ...summary, last };
  };
}

/** A damaged file may have something else in this column. */
const bytesDigest = (stored: unknown): string =>
  stored instanceof Uint8Array ? hash('sha256', stored, 'base64url') : '';

const lastCommit = ({ seq, hash, row, status, state, at, bytes }: StoredCommit): LastCommit => ({
  seq,
  hash,
  row,
  status,
  state,
  at,
  digest: bytesDigest(bytes),
});

/** Adds what further commits say. */
function summarize({ opened, answered, lists }: Summary, chain: readonly StoredCommit[]): Summary {
  const placesOf = (list: string): ListPlaces => {
    const places = lists.get(list) ?? { listed: 0, commits: [] };
    lists.set(list, places);
    return places;
  };
  for (const { seq, closes, opens, results, appends, listed } of chain) {
    for (const key of closes) {
      opened.delete(key);
      answered.delete(key);
    }
    for (const open of opens) opened.set(open.key, open);
    for (const [key] of results) if (opened.has(key) && !answered.has(key)) answered.set(key, seq);
    for (const [list] of appends) placesOf(list).commits.push(seq);
    for (const list of listed) placesOf(list).listed++;
  }
  return { opened, answered, lists };
}
