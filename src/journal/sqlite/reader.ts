/** Reads actors back, and returns nothing that was not compared with the hash chain (J4). */
import type { Outcome } from '../../contracts/effect.ts';
import type { Json } from '../../values/json.ts';
import { corruptActor, pendingDigest, shortDigest } from '../chain.ts';
import type { ActorRow, CommitStore, Pending, StoredActor } from '../journal.ts';
import {
  parseStrings,
  storedValue,
  type ActorColumns,
  type InboxColumns,
  type PendingColumns,
  type ReplyColumns,
} from './rows.ts';
import type { ValueCodec } from './blobs.ts';
import type { StoredCommit } from './commits.ts';
import { listReader, naming } from './lists.ts';
import { actorLookup } from './lookup.ts';
import { resultReader } from './results.ts';
import type { SqliteStore } from './store.ts';
import { chainVerifier, type Checkpoints, type VerifiedChain } from './verify.ts';

/** The part of a journal that reads actors. Without `checkpoints` every load verifies the chain from its first commit. */
export function actorReader(
  store: SqliteStore,
  checkpoints?: Checkpoints,
): Pick<CommitStore, 'load' | 'list' | 'handled' | 'undelivered'> {
  const { db, codec, commits } = store;
  const verify = chainVerifier(db, codec, commits, checkpoints);
  const { find } = actorLookup(db);
  const lists = listReader(store);
  const pendingsOf = db.prepare<PendingColumns>('SELECT * FROM pending WHERE actor = ?');
  const results = resultReader(db, codec);
  const senders = db.prepare<Pick<ActorColumns, 'actor'>>(
    `SELECT DISTINCT a.actor FROM pending p JOIN actors a ON a.id = p.actor WHERE a.run = ? AND p.kind = 'message' ORDER BY a.id`,
  );
  /** Earlier versions sent a delayed message under the key of its timer and closed the timer without a commit: the message is the evidence. */
  const sentUnder = db.prepare<Pick<InboxColumns, 'seq'>>(
    'SELECT i.seq FROM actors a JOIN inbox i ON i.actor = a.id AND i.id = ? WHERE a.run = ? UNION ALL SELECT 0 FROM mail WHERE run = ? AND id = ?',
  );
  const handledBy = db.prepare<Pick<InboxColumns, 'seq'>>('SELECT seq FROM inbox WHERE actor = ? AND id = ?');
  const replyTo = db.prepare<ReplyColumns>('SELECT ask, envelope, sum FROM replies WHERE actor = ? AND ask = ?');
  const repliesOf = db.prepare<ReplyColumns>('SELECT ask, envelope, sum FROM replies WHERE actor = ?');

  /** The outcome of an effect that is not settled, stored with a commit or alone. */
  function outcomeOf(row: ActorColumns, key: string, answeredBy: number | undefined): Outcome | undefined {
    const { actor } = row;
    const seq = Number(row.seq);
    const alone = naming(actor, seq, `the result of ${key}`, () => results.outcome(row, key));
    if (alone) return alone;
    const inCommit =
      answeredBy === undefined
        ? undefined
        : commits
            .read(row, answeredBy, answeredBy)
            .at(-1)
            ?.results.find(([of]) => of === key);
    return (
      inCommit &&
      storedValue(
        'outcome',
        naming(actor, seq, `the result of ${key}`, () => codec.extract(inCommit[3])),
      )
    );
  }

  /** The last commit with its snapshot, where the row has none: a chain that was verified earlier has only its hash. */
  function withSnapshot(row: ActorColumns, last: VerifiedChain['last']): Pick<StoredCommit, 'snapshot'> {
    if (row.snapshot !== '' || last.snapshot !== undefined) return last;
    const again = commits.read(row, last.seq, last.seq).at(-1);
    if (again?.hash !== last.hash) throw corruptActor(row.actor, last.seq, 'the last commit is another one');
    return again;
  }

  /** What is pending, from the commit that opened it or from the table: in the order in which it was opened. */
  function pendingIn(row: ActorColumns, opened: VerifiedChain['opened']): Pending[] {
    const { actor } = row;
    const seq = Number(row.seq);
    const waiting = new Map(pendingsOf.all(row.id).map((entry) => [String(entry.key), entry]));
    const pending: Pending[] = [];
    for (const { key, kind, due, digest, data } of opened.values()) {
      const stored = waiting.get(key);
      waiting.delete(key);
      // A message is settled without a commit.
      if (kind === 'message' && !stored) continue;
      if (digest !== undefined && !stored) {
        if (sentUnder.get(key, row.run, row.run, key)) continue;
        throw corruptActor(actor, seq, `what is pending under ${key} is gone`);
      }
      if (stored && !(digest === undefined ? isBare(stored, kind) : digest === pendingDigest(stored)))
        throw corruptActor(actor, seq, `what is pending under ${key} is not what was written`);
      const value = naming(actor, seq, key, () =>
        stored && digest !== undefined ? codec.read(String(stored.data)) : codec.extract(data ?? null),
      );
      pending.push(pendingOf({ key, kind, data: value, ...(due === null ? {} : { due: Number(due) }) }));
    }
    const [left] = waiting.keys();
    if (left !== undefined) throw corruptActor(actor, seq, `what was settled under ${left} is still there`);
    return pending;
  }

  async function load(actor: string): Promise<StoredActor | undefined> {
    const row = find(actor);
    if (!row) return undefined;
    const { opened, answered, lists: places, last } = verify(row);
    const pending = pendingIn(row, opened);
    const outcomes = new Map<string, Outcome>();
    for (const { key, kind } of pending) {
      const outcome = kind === 'effect' ? outcomeOf(row, key, answered.get(key)) : undefined;
      if (outcome) outcomes.set(key, outcome);
    }
    return {
      ...toActorRow(row, withSnapshot(row, last), codec),
      pending,
      results: outcomes,
      lists: Object.fromEntries(lists.lengths(row, places)),
    };
  }

  return {
    load,

    async list(actor, list, from, to) {
      const row = find(actor);
      return row ? lists.entries(row, verify(row).lists, list, from, to) : [];
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
      if (!found) return void verify(row);
      const seq = Number(found.seq);
      const commit = commits.read(row, seq, seq).at(-1);
      if (!commit) throw corruptActor(actor, seq, 'a commit is missing');
      const event = storedValue(
        'event',
        naming(actor, seq, 'the message', () => codec.extract(commit.event)),
      );
      if (event.id !== id || !event.inbox) throw corruptActor(actor, seq, `it did not handle the message ${id}`);
      const { body } = event;
      const reply = replyTo.get(row.id, id);
      // Where there is none, one that is kept under a wrong name may be it.
      for (const { ask, envelope, sum } of reply ? [reply] : repliesOf.all(row.id))
        if (sum !== null && sum !== shortDigest(String(ask), String(envelope)))
          throw corruptActor(actor, seq, `the reply to ${ask} is not what was written`);
      if (reply && reply.ask !== id) throw corruptActor(actor, seq, `the reply to ${id} is not what was written`);
      return {
        seq,
        body,
        reply:
          reply &&
          storedValue(
            'envelope',
            naming(actor, seq, 'the reply', () => codec.read(String(reply.envelope))),
          ),
      };
    },
  };
}

/** Does a row say of a message that it waits, and leave its text to the commit? */
const isBare = (row: PendingColumns, kind: Pending['kind']): boolean =>
  kind === 'message' && row.kind === kind && row.due === null && row.data === '';

const messagesOf = ({ pending }: StoredActor) =>
  pending.flatMap(({ kind, data }) => (kind === 'message' ? [data] : []));

/** What is stored of a pending, with the data of its kind: the engine wrote it so, and the chain vouches for it. */
export const pendingOf = (row: { key: string; kind: string; due?: number; data: Json }): Pending =>
  row as unknown as Pending;

/** The actor of a row of `actors`, from it and its last commit. Throws `corrupt`, with what cannot be read. */
export function toActorRow(
  row: ActorColumns,
  { snapshot }: Pick<StoredCommit, 'snapshot'>,
  { read, extract }: ValueCodec,
): ActorRow {
  const named = (what: string, value: () => Json) => naming(row.actor, Number(row.seq), what, value);
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
    meta: named('the metadata', () => read(String(row.meta))),
    snapshot: named('the snapshot', () => (snapshot === undefined ? read(String(row.snapshot)) : extract(snapshot))),
  };
}
