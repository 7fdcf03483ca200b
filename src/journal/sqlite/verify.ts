/** Verifies an actor's chain of commits, and by it the actor's row and the length of its lists (J4). */
import { deadLetterList } from '../../contracts/deadLetter.ts';
import type { Address } from '../../values/ids.ts';
import { corruptActor, actorDigest, verifyChain, type ChainEnd, type ChainLink } from '../chain.ts';
import type { SqliteDriver } from './database.ts';
import type { Pending } from '../journal.ts';
import { parseOpens, parseStrings, type ActorColumns, type CommitColumns, type ListColumns } from './rows.ts';

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
  /** Call it once these pending entries were compared with `sums`: the next verification starts here. */
  keep(pending: readonly Pick<Pending, 'key'>[]): void;
}

/** Throws `corrupt`. Without `checkpoints` every verification starts with the first commit. */
export function chainVerifier(
  db: SqliteDriver,
  checkpoints?: Checkpoints,
): (actor: string, row: ActorColumns) => VerifiedChain {
  const linksOf = db.prepare<CommitColumns>('SELECT * FROM commits WHERE actor = ? AND seq >= ? ORDER BY seq');
  const lastOf = db.prepare<Pick<ListColumns, 'n'>>(
    'SELECT n FROM entries WHERE actor = ? AND list = ? ORDER BY n DESC LIMIT 1',
  );
  const count = db.prepare<Pick<ListColumns, 'list' | 'n'>>(
    'SELECT list, count(*) AS n FROM entries WHERE actor = ? GROUP BY list',
  );

  /** Onwards from the last verified commit. From the first when that commit is another one now: the actor was pruned and created again, or is damaged. */
  function follow(actor: string, { id }: ActorColumns): { isWhole: boolean; end: ChainEnd; summary: Summary } {
    const known = checkpoints?.get(actor);
    const recent = known ? linksOf.all(id, known.seq) : [];
    if (known && recent[0]?.hash === known.hash) {
      const end = verifyChain(actor, recent, { seq: known.seq - 1, hash: known.before });
      return { isWhole: false, end, summary: summarize(known, recent.slice(1)) };
    }
    const all = linksOf.all(id, 1);
    return { isWhole: true, end: verifyChain(actor, all), summary: summarize(undefined, all) };
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
    requireSame(actor, row, end.last);
    const lengths = lengthsOf(row, summary.lists.keys(), isWhole);
    for (const [list, n] of summary.lists) {
      const found = lengths[list] ?? 0;
      // A dead letter can be stored without a commit, so that list may be longer.
      if (list === deadLetterList ? found < n : found !== n)
        throw corruptActor(actor, seq, `the list "${list}" has ${found} entries instead of ${n}`);
    }
    return {
      ...summary,
      lengths,
      keep(pending) {
        // A key that is settled is never pending again: its digest is not needed any more.
        const sums = new Map(
          pending.flatMap(({ key }) => {
            const digest = summary.sums.get(key);
            return digest === undefined ? [] : [[key, digest]];
          }),
        );
        checkpoints?.set(actor, { ...summary, sums, seq, before: end.before, hash: end.hash });
      },
    };
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

function requireSame(actor: string, row: ActorColumns, last: ChainLink | undefined): void {
  const seq = Number(row.seq);
  if (last?.seq !== seq) throw corruptActor(actor, seq, `the last commit is ${last?.seq ?? 'missing'}`);
  const [stored] = last.sums.split(' ');
  if (stored !== actorDigest(row))
    throw corruptActor(actor, seq, 'the snapshot or the metadata is not what was written');
  if (last.status !== row.status || last.state !== row.state)
    throw corruptActor(actor, seq, 'the state is not what was written');
}
