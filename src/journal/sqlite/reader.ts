/** Reads actors back, and returns nothing that was not compared with the hash chain (J4). */
import type { Outcome } from '../../contracts/effect.ts';
import type { Json } from '../../values/json.ts';
import { corruptActor, isResult, pendingDigest, sha256Digest, shortDigest } from '../chain.ts';
import type { ActorRow, CommitStore, Pending, StoredActor } from '../journal.ts';
import {
  parseStrings,
  storedValue,
  type ActorColumns,
  type InboxColumns,
  type LedgerColumns,
  type ListColumns,
  type PendingColumns,
  type ReplyColumns,
} from './rows.ts';
import { actorLookup, requireLinked, selectLinked, type LinkedCommit } from './lookup.ts';
import type { SqliteStore } from './store.ts';
import { chainVerifier, type Checkpoints } from './verify.ts';
import { errorMessage } from '../../values/cause.ts';

/** The part of a journal that reads actors. Without `checkpoints` every load verifies the chain from its first commit. */
export function actorReader(
  { db, codec }: SqliteStore,
  checkpoints?: Checkpoints,
): Pick<CommitStore, 'load' | 'list' | 'handled' | 'undelivered'> {
  const verify = chainVerifier(db, codec, checkpoints);
  const { find } = actorLookup(db);
  const pendingsOf = db.prepare<PendingColumns>('SELECT * FROM pending WHERE actor = ? ORDER BY rowid');
  const resultOf = db.prepare<LedgerColumns>('SELECT * FROM ledger WHERE key = ?');
  const resultAgain = db.prepare<Pick<LedgerColumns, 'key'>>(
    'SELECT key FROM ledger INDEXED BY ledger_actor WHERE actor = ? AND key = ?',
  );
  const senders = db.prepare<Pick<ActorColumns, 'actor'>>(
    `SELECT DISTINCT a.actor FROM pending p JOIN actors a ON a.id = p.actor WHERE a.run = ? AND p.kind = 'message' ORDER BY a.id`,
  );
  const entryAt = db.prepare<Pick<ListColumns, 'hash'>>(
    'SELECT hash FROM entries WHERE actor = ? AND list = ? AND n = ?',
  );
  const entries = db.prepare<Pick<ListColumns, 'n' | 'data' | 'hash'>>(
    'SELECT n, data, hash FROM entries WHERE actor = ? AND list = ? AND n >= ? AND n < ? ORDER BY n',
  );
  /** Earlier versions sent a delayed message under the key of its timer and closed the timer without a commit: the message is the evidence. */
  const sentUnder = db.prepare<Pick<InboxColumns, 'seq'>>(
    'SELECT i.seq FROM actors a JOIN inbox i ON i.actor = a.id AND i.id = ? WHERE a.run = ? UNION ALL SELECT 0 FROM mail WHERE run = ? AND id = ?',
  );
  const handledBy = db.prepare<Pick<InboxColumns, 'seq'>>('SELECT seq FROM inbox WHERE actor = ? AND id = ?');
  const commitAt = db.prepare<LinkedCommit>(`${selectLinked} WHERE c.actor = ? AND c.seq = ?`);
  const replyTo = db.prepare<ReplyColumns>('SELECT envelope, sum FROM replies WHERE actor = ? AND ask = ?');

  const read = (actor: string, seq: number, what: string, stored: string): Json => {
    try {
      return codec.read(stored);
    } catch (cause) {
      throw corruptActor(actor, seq, `${what} cannot be read: ${errorMessage(cause)}`);
    }
  };

  async function load(actor: string): Promise<StoredActor | undefined> {
    const row = find(actor);
    if (!row) return undefined;
    const expected = verify(actor, row);
    const broken = (what: string) => corruptActor(actor, Number(row.seq), what);
    const pending: Pending[] = [];
    const missing = new Set(expected.open);
    const results = new Map<string, Outcome>();
    for (const { key, kind, due, data } of pendingsOf.all(row.id)) {
      if (expected.sums.get(String(key)) !== pendingDigest({ kind: String(kind), due, data: String(data) }))
        throw broken(`what is pending under ${key} is not what was written`);
      if (!missing.delete(String(key)) && kind !== 'message')
        throw broken(`what was settled under ${key} is still there`);
      pending.push(
        pendingOf({
          key: String(key),
          kind: String(kind),
          data: read(actor, Number(row.seq), String(key), String(data)),
          ...(due === null ? {} : { due: Number(due) }),
        }),
      );
      const result = kind === 'effect' ? resultOf.get(key) : undefined;
      if (!result) {
        if (kind === 'effect' && resultAgain.get(row.id, key))
          throw broken(`an index of the results does not have ${key}`);
        continue;
      }
      if (!isIntact(result) || result.key !== key) throw broken(`the result of ${key} is not what was written`);
      results.set(
        String(key),
        storedValue('outcome', read(actor, Number(row.seq), `the result of ${key}`, String(result.outcome))),
      );
    }
    for (const key of missing)
      if (!sentUnder.get(key, row.run, row.run, key)) throw broken(`what is pending under ${key} is gone`);
    return {
      ...toActorRow(row, (what, stored) => read(actor, Number(row.seq), what, stored)),
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
      const length = verify(actor, row).lengths[list] ?? 0;
      let hash = from === 0 ? '' : String(entryAt.get(row.id, list, from - 1)?.hash ?? '');
      let next = from;
      const found = entries.all(row.id, list, from, to);
      if (found.length !== Math.max(0, Math.min(to, length) - from))
        throw corruptActor(actor, Number(row.seq), `the list "${list}" cannot be read whole`);
      return found.map(({ n, data, hash: stored }) => {
        hash = sha256Digest(hash, String(data));
        if (n !== next++ || hash !== stored)
          throw corruptActor(actor, Number(row.seq), `entry ${n} of the list "${list}" is not what was written`);
        return read(actor, Number(row.seq), `entry ${n} of "${list}"`, String(data));
      });
    },

    async undelivered(run) {
      const loaded = await Promise.all(senders.all(run).map(({ actor }) => load(String(actor))));
      return loaded.flatMap((stored) => (stored ? messagesOf(stored) : []));
    },

    async handled(actor, id) {
      const row = find(actor);
      if (!row) return undefined;
      const found = handledBy.get(row.id, id);
      // What the inbox does not know was not handled: provided that it knows all that the commits have handled.
      if (!found) return void verify(actor, row);
      const seq = Number(found.seq);
      const commit = commitAt.get(row.id, seq);
      if (!commit) throw corruptActor(actor, seq, 'a commit is missing');
      requireLinked(actor, commit);
      const event = storedValue('event', read(actor, seq, 'the message', String(commit.event)));
      if (event.id !== id || !event.inbox) throw corruptActor(actor, seq, `it did not handle the message ${id}`);
      const { body } = event;
      const reply = replyTo.get(row.id, id);
      if (reply && reply.sum !== null && reply.sum !== shortDigest(id, reply.envelope))
        throw corruptActor(actor, seq, `the reply to ${id} is not what was written`);
      return {
        seq,
        body,
        reply: reply && storedValue('envelope', read(actor, seq, 'the reply', String(reply.envelope))),
      };
    },
  };
}

const messagesOf = ({ pending }: StoredActor) =>
  pending.flatMap(({ kind, data }) => (kind === 'message' ? [data] : []));

/** What is stored of a pending, with the data of its kind: the engine wrote it so, and the chain vouches for it. */
export const pendingOf = (row: { key: string; kind: string; due?: number; data: Json }): Pending =>
  row as unknown as Pending;

/** The actor of a row of `actors`; `read` parses its JSON columns, named in words. */
export function toActorRow(row: ActorColumns, read: (what: string, stored: string) => Json): ActorRow {
  return {
    run: String(row.run),
    actor: String(row.actor),
    type: String(row.type),
    parent: row.parent === null ? undefined : String(row.parent),
    status: row.status,
    state: String(row.state),
    tags: parseStrings(String(row.tags)),
    created: Number(row.created),
    updated: Number(row.updated),
    seq: Number(row.seq),
    meta: read('the metadata', String(row.meta)),
    snapshot: read('the snapshot', String(row.snapshot)),
  };
}

/** Compares a result in the ledger with its digest. */
export const isIntact = ({ sum, ...result }: LedgerColumns): boolean => isResult(result, String(sum));
