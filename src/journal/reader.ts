/** Reads actors back, and trusts nothing that the chain does not vouch for (J4). */
import type { Envelope } from '../contracts/envelope.ts';
import type { Outcome } from '../contracts/effect.ts';
import type { ActorStatus } from '../contracts/inspection.ts';
import type { Json } from '../contracts/json.ts';
import { damaged, sum, sumOfPending, sumOfResult } from './chain.ts';
import type { Checked } from './checked.ts';
import { checker } from './checker.ts';
import type { Row } from './driver.ts';
import type { ActorRow, Ledger, Pending, StoredActor } from './journal.ts';
import type { Store } from './store.ts';

/** Without `checked` every load begins with the first commit. */
export function reader(
  { db, text }: Store,
  checked?: Checked,
): Pick<Ledger, 'load' | 'list' | 'handled' | 'undelivered'> {
  const check = checker(db, checked);
  const actorOf = db.prepare('SELECT * FROM actors WHERE actor = ?');
  const pendingsOf = db.prepare('SELECT * FROM pending WHERE actor = ? ORDER BY rowid');
  const resultOf = db.prepare('SELECT key, input, outcome, sum FROM ledger WHERE key = ?');
  const senders = db.prepare(
    `SELECT DISTINCT a.actor FROM pending p JOIN actors a ON a.id = p.actor WHERE a.run = ? AND p.kind = 'message' ORDER BY a.id`,
  );
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

  async function load(actor: string): Promise<StoredActor | undefined> {
    const row = find(actor);
    if (!row) return undefined;
    const expected = check(actor, row);
    const broken = (what: string) => damaged(actor, Number(row.seq), what);
    const pending: Pending[] = [];
    const missing = new Set(expected.open);
    const results = new Map<string, Outcome>();
    for (const { key, kind, due, data } of pendingsOf.all(row.id!)) {
      if (
        expected.sums.get(String(key)) !==
        sumOfPending({ kind: String(kind), due: due as number | null, data: String(data) })
      )
        throw broken(`what is pending under ${key} is not what was written`);
      missing.delete(String(key));
      pending.push(
        pendingOf({
          key: String(key),
          kind: String(kind),
          data: read(actor, Number(row.seq), String(key), String(data)),
          ...(due === null ? {} : { due: Number(due) }),
        }),
      );
      const result = kind === 'effect' ? resultOf.get(key!) : undefined;
      if (!result) continue;
      if (!isWhole(result)) throw broken(`the result of ${key} is not what was written`);
      results.set(
        String(key),
        read(actor, Number(row.seq), `the result of ${key}`, String(result.outcome)) as unknown as Outcome,
      );
    }
    for (const key of missing) throw broken(`what is pending under ${key} is gone`);
    expected.keep(pending);
    return {
      ...actorRow(row, (what, stored) => read(actor, Number(row.seq), what, stored)),
      pending,
      results,
      lists: expected.lengths,
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
  pending.flatMap(({ kind, data }) => (kind === 'message' ? [data] : []));

/** What is stored of a pending, with the data of its kind: the engine wrote it so, and the chain vouches for it. */
export const pendingOf = (row: { key: string; kind: string; due?: number; data: Json }): Pending =>
  row as unknown as Pending;

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
