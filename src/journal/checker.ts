/** Checks an actor's chain, and by it the actor's row and the length of its lists (J4). */
import { deadLetters } from '../contracts/deadLetter.ts';
import { damaged, sumOfActor, walk, type End, type Link } from './chain.ts';
import type { Checked } from './checked.ts';
import type { Driver, Row } from './driver.ts';
import type { Pending } from './journal.ts';
import { vouched, type Vouched } from './vouched.ts';

export interface Finding extends Pick<Vouched, 'sums' | 'open'> {
  /** How long each list is. */
  readonly lengths: Readonly<Record<string, number>>;
  /** What is pending was found whole as well: the next check goes on from here. */
  keep(pending: readonly Pending[]): void;
}

/** Throws `corrupt`. Without `checked` every check begins with the first commit. */
export function checker(db: Driver, checked?: Checked): (actor: string, row: Row) => Finding {
  const linksOf = db.prepare('SELECT * FROM commits WHERE actor = ? AND seq >= ? ORDER BY seq');
  const lastOf = db.prepare('SELECT n FROM entries WHERE actor = ? AND list = ? ORDER BY n DESC LIMIT 1');
  const count = db.prepare('SELECT list, count(*) AS n FROM entries WHERE actor = ? GROUP BY list');

  const links = ({ id }: Row, from: number) => linksOf.all(id!, from) as unknown as (Link & { hash: string })[];

  /** On from the last commit that held; from the first when that one is another now: the actor was forgotten and born again, or is damaged. */
  function follow(actor: string, row: Row): { whole: boolean; end: End; says: Vouched } {
    const known = checked?.get(actor);
    const news = known ? links(row, known.seq) : [];
    if (known && news[0]?.hash === known.hash) {
      const end = walk(actor, news, { seq: known.seq - 1, hash: known.before });
      return { whole: false, end, says: vouched(known, news.slice(1)) };
    }
    const all = links(row, 1);
    return { whole: true, end: walk(actor, all), says: vouched(undefined, all) };
  }

  /** Of a chain that is followed on, the number of its last entry tells how long a list is: those before were counted. */
  function lengthsOf({ id }: Row, names: Iterable<string>, whole: boolean): Record<string, number> {
    if (whole) return Object.fromEntries(count.all(id!).map(({ list, n }) => [String(list), Number(n)]));
    const lasts = [...new Set([...names, deadLetters])].map((list) => [list, lastOf.get(id!, list)?.n] as const);
    return Object.fromEntries(lasts.flatMap(([list, n]) => (n === undefined ? [] : [[list, Number(n) + 1]])));
  }

  return (actor, row) => {
    const { whole, end, says } = follow(actor, row);
    const seq = Number(row.seq);
    requireSame(actor, row, end.last);
    const lengths = lengthsOf(row, says.lists.keys(), whole);
    for (const [list, n] of says.lists) {
      const found = lengths[list] ?? 0;
      // Dead letters may come without a commit as well.
      if (list === deadLetters ? found < n : found !== n)
        throw damaged(actor, seq, `the list "${list}" has ${found} entries instead of ${n}`);
    }
    return {
      ...says,
      lengths,
      keep(pending) {
        // What is pending no more never comes back: its sum is not needed again.
        const sums = new Map(pending.map(({ key }) => [key, says.sums.get(key)!]));
        checked?.set(actor, { ...says, sums, seq, before: end.before, hash: end.hash });
      },
    };
  };
}

function requireSame(actor: string, row: Row, last: Link | undefined): void {
  const seq = Number(row.seq);
  if (last?.seq !== seq) throw damaged(actor, seq, `the last commit is ${last?.seq ?? 'missing'}`);
  const [snapshot] = last.sums.split(' ');
  if (snapshot !== sumOfActor(row as unknown as Parameters<typeof sumOfActor>[0]))
    throw damaged(actor, seq, 'the snapshot, or what it was born with, is not what was written');
  if (last.status !== row.status || last.state !== row.state)
    throw damaged(actor, seq, 'the state is not what was written');
}
