/** Verifies an actor's chain of commits, and by it the actor's row and the length of its lists (J4). */
import { deadLetterList } from '../../contracts/deadLetter.ts';
import type { Address } from '../../values/ids.ts';
import { corruptActor, verifyChain, type ChainEnd, type ChainLink } from '../chain.ts';
import type { SqliteDriver } from './database.ts';
import type { ValueCodec } from './blobs.ts';
import { requireLastCommit } from './lookup.ts';
import {
  parseOpens,
  parseStrings,
  storedValue,
  type ActorColumns,
  type CommitColumns,
  type InboxColumns,
  type ListColumns,
  type PendingColumns,
} from './rows.ts';

/** What a chain says beside its last commit, gathered commit by commit. */
interface Summary {
  /** Digests of pending entries, by key. */
  readonly sums: ReadonlyMap<string, string>;
  /** Keys that must still be pending. Messages are not among them: they are settled without a commit. */
  readonly open: ReadonlySet<string>;
  /** How many entries each list has. */
  readonly lists: ReadonlyMap<string, number>;
}

/** A chain that was verified up to and with the commit `seq`. */
interface Checkpoint extends Summary {
  readonly seq: number;
  /** The hash of the commit before. */
  readonly before: string;
  /** The hash of this commit. */
  readonly hash: string;
}

/** So many actors are remembered. Of any other the whole chain is verified again. */
const mostCheckpoints = 10_000;

/** How far this process has verified each actor's chain. A load verifies only what came since, so it costs the same after ten thousand commits. */
export class Checkpoints {
  readonly #actors = new Map<Address, Checkpoint>();

  get(actor: Address): Checkpoint | undefined {
    return this.#actors.get(actor);
  }

  /** Remembers one, and forgets the one that was set longest ago when there are too many. */
  set(actor: Address, checkpoint: Checkpoint): void {
    this.#actors.delete(actor);
    this.#actors.set(actor, checkpoint);
    if (this.#actors.size <= mostCheckpoints) return;
    for (const oldest of this.#actors.keys()) return void this.#actors.delete(oldest);
  }
}

/** What a verified chain says of an actor. */
export interface VerifiedChain extends Pick<Summary, 'sums' | 'open'> {
  /** How many entries each list has. */
  readonly lengths: Readonly<Record<string, number>>;
}

/** Throws `corrupt`. Without `checkpoints` every verification starts with the first commit. */
export function chainVerifier(
  db: SqliteDriver,
  codec: ValueCodec,
  checkpoints?: Checkpoints,
): (actor: string, row: ActorColumns) => VerifiedChain {
  const linksOf = db.prepare<CommitColumns>('SELECT * FROM commits WHERE actor = ? AND seq >= ? ORDER BY seq');
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

  /** The inbox knows every message that these commits handled: one that it does not know would be handled again. */
  function requireHandled(actor: string, { id }: ActorColumns, links: readonly ChainLink[], isWhole: boolean): void {
    const all = isWhole ? new Map(inboxOf.all(id).map((entry) => [entry.id, entry.seq])) : undefined;
    let handled = 0;
    for (const { seq, event } of links) {
      const { id: message, inbox } = storedValue('event', codec.read(String(event)));
      if (!inbox) continue;
      handled++;
      const found = all ? all.get(message) : handledBy.get(id, message)?.seq;
      if (found !== seq) throw corruptActor(actor, seq, `the inbox does not have the message ${message}`);
    }
    if (all && all.size !== handled) throw corruptActor(actor, 0, 'the inbox has messages that no commit handled');
  }

  /** Messages are settled without a commit: so one that the actor's index does not have is looked up by its key. */
  function requireSettled(actor: string, { id }: ActorColumns, links: readonly ChainLink[]): void {
    const listed = new Set(keysOf.all(id).map(({ key }) => key));
    for (const { seq, opens } of links)
      for (const [key, kind] of parseOpens(opens))
        if (kind === 'message' && !listed.has(key) && ownerOf.get(key))
          throw corruptActor(actor, seq, `an index of what is pending does not have ${key}`);
  }

  /** Onwards from the last verified commit. From the first when that commit is another one now: the actor was pruned and created again, or is damaged. */
  function follow(actor: string, row: ActorColumns): { isWhole: boolean; end: ChainEnd; summary: Summary } {
    const { id } = row;
    const known = checkpoints?.get(actor);
    const recent = known ? linksOf.all(id, known.seq) : [];
    if (known && recent[0]?.hash === known.hash) {
      const end = verifyChain(actor, recent, { seq: known.seq - 1, hash: known.before });
      const later = recent.slice(1);
      requireHandled(actor, row, later, false);
      requireSettled(actor, row, later);
      return { isWhole: false, end, summary: summarize(known, later) };
    }
    const all = linksOf.all(id, 1);
    const end = verifyChain(actor, all);
    requireHandled(actor, row, all, true);
    requireSettled(actor, row, all);
    return { isWhole: true, end, summary: summarize(undefined, all) };
  }

  /** When a chain is followed onwards, the number of a list's last entry tells its length: the entries before were counted earlier. */
  function lengthsOf({ id }: ActorColumns, names: Iterable<string>, isWhole: boolean): Record<string, number> {
    if (isWhole) return Object.fromEntries(count.all(id).map(({ list, n }) => [String(list), Number(n)]));
    const lasts = [...new Set([...names, deadLetterList])].map((list) => [list, lastOf.get(id, list)?.n] as const);
    return Object.fromEntries(lasts.flatMap(([list, n]) => (n === undefined ? [] : [[list, Number(n) + 1]])));
  }

  return (actor, row) => {
    const { isWhole, end, summary } = follow(actor, row);
    const seq = Number(row.seq);
    requireLastCommit(row, end.last);
    const lengths = lengthsOf(row, summary.lists.keys(), isWhole);
    for (const [list, n] of summary.lists) {
      const found = lengths[list] ?? 0;
      // A dead letter can be stored without a commit, so that list may be longer.
      if (list === deadLetterList ? found < n : found !== n)
        throw corruptActor(actor, seq, `the list "${list}" has ${found} entries instead of ${n}`);
    }
    // A key that is settled is never pending again: its digest is not needed any more.
    const sums = new Map(
      keysOf.all(row.id).flatMap(({ key }) => {
        const digest = summary.sums.get(key);
        return digest === undefined ? [] : [[key, digest]];
      }),
    );
    checkpoints?.set(actor, { ...summary, sums, seq, before: end.before, hash: end.hash });
    return { ...summary, lengths };
  };
}

/** Adds what further commits say. */
function summarize(before: Summary | undefined, links: readonly ChainLink[]): Summary {
  const sums = new Map(before?.sums);
  const open = new Set(before?.open);
  const lists = new Map(before?.lists);
  for (const link of links) {
    for (const key of parseStrings(link.closes)) open.delete(key);
    for (const [key, kind, , digest] of parseOpens(link.opens)) {
      sums.set(key, digest);
      if (kind !== 'message') open.add(key);
    }
    for (const [, name = ''] of link.sums.matchAll(/([^ ]+):/g)) {
      const list = decodeURIComponent(name);
      lists.set(list, (lists.get(list) ?? 0) + 1);
    }
  }
  return { sums, open, lists };
}
