/** Reads actors back, and trusts nothing that the chain does not vouch for (J4). */
import { deadLetters } from '../contracts/deadLetter.ts';
import type { Envelope } from '../contracts/envelope.ts';
import type { Outcome } from '../contracts/effect.ts';
import type { ActorStatus } from '../contracts/inspection.ts';
import type { Json } from '../contracts/json.ts';
import { damaged, sum, sumOfActor, sumOfPending, sumOfResult, walk, type Link } from './chain.ts';
import type { Row } from './driver.ts';
import type { ActorRow, Ledger, Pending, StoredActor } from './journal.ts';
import type { Store } from './store.ts';

export function reader({ db, text }: Store): Pick<Ledger, 'load' | 'list' | 'handled' | 'undelivered'> {
  const actorOf = db.prepare('SELECT * FROM actors WHERE actor = ?');
  const chainOf = db.prepare('SELECT * FROM commits WHERE actor = ? ORDER BY seq');
  const pendingOf = db.prepare('SELECT * FROM pending WHERE actor = ? ORDER BY rowid');
  const resultOf = db.prepare('SELECT key, input, outcome, sum FROM ledger WHERE key = ?');
  const senders = db.prepare(
    `SELECT DISTINCT a.actor FROM pending p JOIN actors a ON a.id = p.actor WHERE a.run = ? AND p.kind = 'message' ORDER BY a.id`,
  );
  const lengths = db.prepare('SELECT list, count(*) AS n FROM entries WHERE actor = ? GROUP BY list');
  const lengthOf = db.prepare('SELECT count(*) AS n FROM entries WHERE actor = ? AND list = ?');
  const entryAt = db.prepare('SELECT hash FROM entries WHERE actor = ? AND list = ? AND n = ?');
  const entries = db.prepare(
    'SELECT n, data, hash FROM entries WHERE actor = ? AND list = ? AND n >= ? AND n < ? ORDER BY n',
  );
  const inboxOf = db.prepare(
    'SELECT i.seq, c.event FROM inbox i JOIN commits c ON c.actor = i.actor AND c.seq = i.seq WHERE i.actor = ? AND i.id = ?',
  );
  const replyTo = db.prepare('SELECT envelope FROM replies WHERE actor = ? AND ask = ?');

  const read = (actor: string, seq: number, what: string, stored: string): Json => {
    try {
      return text.read(stored);
    } catch (cause) {
      throw damaged(actor, seq, `${what} cannot be read: ${(cause as Error).message}`);
    }
  };

  /** An index that was hurt gives the row of another actor. */
  function find(actor: string): Row | undefined {
    const row = actorOf.get(actor);
    if (row && row.actor !== actor) throw damaged(actor, 0, `the index of actors gives ${row.actor} instead`);
    return row;
  }

  /** Walks every link, and tells what must be there beside the actor's row. */
  function check(actor: string, row: Row): Expected {
    const links = chainOf.all(row.id!) as unknown as (Link & { hash: string })[];
    const { last } = walk(actor, links);
    const seq = Number(row.seq);
    if (last?.seq !== seq) throw damaged(actor, seq, `the last commit is ${last?.seq ?? 'missing'}`);
    const [snapshot] = last.sums.split(' ');
    if (snapshot !== sumOfActor(row as unknown as Parameters<typeof sumOfActor>[0]))
      throw damaged(actor, seq, 'the snapshot, or what it was born with, is not what was written');
    if (last.status !== row.status || last.state !== row.state)
      throw damaged(actor, seq, 'the state is not what was written');
    return expectedBy(links);
  }

  async function load(actor: string): Promise<StoredActor | undefined> {
    const row = find(actor);
    if (!row) return undefined;
    const expected = check(actor, row);
    const broken = (what: string) => damaged(actor, Number(row.seq), what);
    const pending: Pending[] = [];
    const results = new Map<string, Outcome>();
    for (const { key, kind, due, data } of pendingOf.all(row.id!)) {
      if (
        expected.sums.get(String(key)) !==
        sumOfPending({ kind: String(kind), due: due as number | null, data: String(data) })
      )
        throw broken(`what is pending under ${key} is not what was written`);
      expected.open.delete(String(key));
      pending.push({
        key: String(key),
        kind: kind as Pending['kind'],
        data: read(actor, Number(row.seq), String(key), String(data)),
        ...(due === null ? {} : { due: Number(due) }),
      });
      const result = kind === 'effect' ? resultOf.get(key!) : undefined;
      if (!result) continue;
      if (!isWhole(result)) throw broken(`the result of ${key} is not what was written`);
      results.set(
        String(key),
        read(actor, Number(row.seq), `the result of ${key}`, String(result.outcome)) as unknown as Outcome,
      );
    }
    for (const key of expected.open) throw broken(`what is pending under ${key} is gone`);
    const lists = Object.fromEntries(lengths.all(row.id!).map(({ list, n }) => [String(list), Number(n)]));
    for (const [list, n] of expected.lists)
      // Dead letters may come without a commit as well.
      if (list === deadLetters ? (lists[list] ?? 0) < n : lists[list] !== n)
        throw broken(`the list "${list}" has ${lists[list] ?? 0} entries instead of ${n}`);
    return {
      ...actorRow(row, (what, stored) => read(actor, Number(row.seq), what, stored)),
      pending,
      results,
      lists,
    };
  }

  return {
    load,

    async list(actor, list, from = 0, to = Number.MAX_SAFE_INTEGER) {
      const row = find(actor);
      if (!row) return [];
      let hash = from === 0 ? '' : String(entryAt.get(row.id!, list, from - 1)?.hash ?? '');
      let at = from;
      const found = entries.all(row.id!, list, from, to);
      // Pages that lost their order give less than they hold.
      if (found.length < to - from && from + found.length < Number(lengthOf.get(row.id!, list)!.n))
        throw damaged(actor, Number(row.seq), `the list "${list}" cannot be read whole`);
      return found.map(({ n, data, hash: stored }) => {
        hash = sum(hash, String(data));
        if (n !== at++ || hash !== stored)
          throw damaged(actor, Number(row.seq), `entry ${n} of the list "${list}" is not what was written`);
        return read(actor, Number(row.seq), `entry ${n} of "${list}"`, String(data));
      });
    },

    async undelivered(run) {
      const loaded = await Promise.all(senders.all(run).map(({ actor }) => load(String(actor))));
      return loaded.flatMap((stored) => (stored ? messagesOf(stored) : []));
    },

    async handled(actor, id) {
      const row = find(actor);
      const found = row && inboxOf.get(row.id!, id);
      if (!found) return undefined;
      const { body } = read(actor, Number(found.seq), 'the message', String(found.event)) as { body: Json };
      const reply = replyTo.get(row.id!, id);
      return {
        seq: Number(found.seq),
        body,
        reply: reply
          ? (read(actor, Number(found.seq), 'the reply', String(reply.envelope)) as unknown as Envelope)
          : undefined,
      };
    },
  };
}

const messagesOf = ({ pending }: StoredActor) =>
  pending.flatMap(({ kind, data }) => (kind === 'message' ? [data as unknown as Envelope] : []));

export function actorRow(row: Row, read: (what: string, stored: string) => Json): ActorRow {
  return {
    run: String(row.run),
    actor: String(row.actor),
    type: String(row.type),
    parent: row.parent === null ? undefined : String(row.parent),
    status: row.status as ActorStatus,
    state: String(row.state),
    tags: JSON.parse(String(row.tags)) as string[],
    created: Number(row.created),
    updated: Number(row.updated),
    seq: Number(row.seq),
    meta: read('what it was born with', String(row.meta)),
    snapshot: read('the snapshot', String(row.snapshot)),
  };
}

/** A row of the ledger against its own sum. */
export const isWhole = ({ key, input, outcome, sum: stored }: Row): boolean =>
  sumOfResult(String(key), String(input), String(outcome)) === stored;

/** What the links of an actor vouch for. */
interface Expected {
  /** Of all that was ever opened, by key. */
  readonly sums: ReadonlyMap<string, string>;
  /** What must still be pending. Messages are not in it: they are settled without a commit. */
  readonly open: Set<string>;
  /** How long each list is. */
  readonly lists: ReadonlyMap<string, number>;
}

function expectedBy(links: readonly Link[]): Expected {
  const sums = new Map<string, string>();
  const open = new Set<string>();
  const lists = new Map<string, number>();
  for (const link of links) {
    for (const key of JSON.parse(link.closes) as string[]) open.delete(key);
    for (const [key, kind, , digest] of JSON.parse(link.opens) as [string, Pending['kind'], number, string][]) {
      sums.set(key, digest);
      if (kind !== 'message') open.add(key);
    }
    for (const [, name] of link.sums.matchAll(/([^ ]+):/g)) {
      const list = decodeURIComponent(name!);
      lists.set(list, (lists.get(list) ?? 0) + 1);
    }
  }
  return { sums, open, lists };
}
