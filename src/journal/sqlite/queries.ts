/** Queries over the stored actors, commits and results; the check of the whole journal; and the pruning of old runs. */
import { toFailure } from '../../values/failure.ts';
import { isJsonObject, type Json } from '../../values/json.ts';
import { deleteUnreferencedBlobs } from './blobs.ts';
import { corruptActor, pendingDigest } from '../chain.ts';
import { matchesQuery } from '../matches.ts';
import { sqliteInboxes } from './inbox.ts';
import { structureDamage } from './integrity.ts';
import { leaseReader } from './leases.ts';
import { actorLookup, requireLinked, selectLinked, type LinkedCommit } from './lookup.ts';
import type { SqlValue } from './database.ts';
import type { JournalQueries } from '../journal.ts';
import { toActorRow, isIntact, pendingOf, actorReader } from './reader.ts';
import {
  parseOpens,
  parseStrings,
  storedValue,
  type ActorColumns,
  type LedgerColumns,
  type PendingColumns,
} from './rows.ts';
import type { SqliteStore } from './store.ts';

/** An actor's address beside a row that has only its number. */
type WithAddress = { readonly address: string };

/** The part of a journal that answers queries. */
export function sqliteQueries(store: SqliteStore): JournalQueries {
  const { db, writes, codec } = store;
  const { load, list, handled } = actorReader(store);
  const lookup = actorLookup(db);
  const leaseOf = leaseReader(db);
  const { mail } = sqliteInboxes(store);
  const ledgerOf = db.prepare<LedgerColumns & WithAddress>(
    'SELECT l.*, a.actor AS address FROM ledger l JOIN actors a ON a.id = l.actor WHERE a.run = ? ORDER BY l.rowid',
  );
  const resultsOf = db.prepare<LedgerColumns>(
    'SELECT l.* FROM ledger l JOIN actors a ON a.id = l.actor WHERE a.actor = ? ORDER BY l.rowid',
  );
  const repliesOf = db.prepare<{ readonly ask: string }>(
    'SELECT r.ask FROM replies r JOIN actors a ON a.id = r.actor WHERE a.actor = ?',
  );
  const pendingAt = db.prepare<PendingColumns>('SELECT * FROM pending WHERE key = ?');

  return {
    async find(query) {
      const { run, actor, type, parent, status, tag, state, since, until, limit = 100 } = query;
      const { where, values } = conditions([
        ['run = ?', run],
        ['actor = ?', actor],
        ['type = ?', type],
        ['parent IS ?', parent],
        ['updated >= ?', since],
        ['updated < ?', until],
        ['substr(state, 1, length(?)) = ?', state, state],
        ['EXISTS (SELECT 1 FROM json_each(tags) WHERE value = ?)', tag],
        [
          `status IN (${[status ?? []]
            .flat()
            .map(() => '?')
            .join(', ')})`,
          ...[status ?? []].flat(),
        ],
      ]);
      const rows = db
        .prepare<ActorColumns>(`SELECT * FROM actors ${where} ORDER BY updated DESC, id DESC LIMIT ?`)
        .all(...values, limit);
      if (rows.length === 0 && actor !== undefined) lookup.find(actor);
      return rows.map((row, index) => {
        lookup.requireWritten(row);
        const found = toActorRow(row, (_, stored) => codec.read(stored));
        const next = rows[index + 1];
        if (!matchesQuery(found, query) || (next && (next.updated > row.updated || next.id === row.id)))
          throw corruptActor(found.actor, found.seq, 'an index of the actors is not what was written');
        return found;
      });
    },

    async history({ run, actor, after, newest = false, limit = 1_000 }) {
      const { where, values } = conditions([
        ['a.run = ?', run],
        ['a.actor = ?', actor],
        ['c.position > ?', after],
      ]);
      // For one actor both orders are the same, and `seq` has an index: its last commits are found without sorting all of them.
      const order = `${actor === undefined ? 'c.position' : 'c.seq'}${newest ? ' DESC' : ''}`;
      const rows = db
        .prepare<LinkedCommit & WithAddress>(
          `${selectLinked.replace(' FROM', ', a.actor AS address FROM')} JOIN actors a ON a.id = c.actor ${where} ORDER BY ${order} LIMIT ?`,
        )
        .all(...values, limit);
      requireConsecutive(rows, newest);
      return rows.map((row) => ({
        position: Number(row.position),
        actor: String(row.address),
        seq: Number(row.seq),
        at: Number(row.at),
        epoch: Number(row.epoch),
        state: String(row.state),
        status: row.status,
        event: storedValue('event', codec.read(String(row.event))),
        opens: parseOpens(String(row.opens)).map(([key, kind, due, digest]) => {
          const stored = pendingAt.get(key);
          const known = { key, kind, ...(due === null ? {} : { due }) };
          if (!stored) return { ...known, data: null };
          if (pendingDigest(stored) !== digest)
            throw corruptActor(row.address, row.seq, `what is pending under ${key} is not what was written`);
          return pendingOf({ ...known, data: codec.read(stored.data) });
        }),
        closes: parseStrings(String(row.closes)),
      }));
    },

    ledger: async (run) =>
      ledgerOf.all(run).map(({ address, ...row }) => {
        if (!isIntact(row)) throw corruptActor(address, 0, `the result of ${row.key} is not what was written`);
        return {
          key: String(row.key),
          actor: String(address),
          at: Number(row.at),
          name: String(row.name),
          input: codec.read(String(row.input)),
          outcome: storedValue('outcome', codec.read(String(row.outcome))),
        };
      }),

    async prune(before) {
      let count = 0;
      await writes.add(() => {
        const runs = db
          .prepare<Pick<ActorColumns, 'run'>>(
            `SELECT run FROM actors GROUP BY run HAVING max(updated) < ? AND sum(status = 'active') = 0`,
          )
          .all(before)
          .map(({ run }) => run);
        for (const run of runs) {
          for (const table of ['commits', 'pending', 'inbox', 'replies', 'ledger', 'entries'])
            db.prepare(`DELETE FROM ${table} WHERE actor IN (SELECT id FROM actors WHERE run = ?)`).run(run);
          for (const table of ['actors', 'claims', 'mail']) db.prepare(`DELETE FROM ${table} WHERE run = ?`).run(run);
        }
        if (runs.length > 0) deleteUnreferencedBlobs(db);
        count = runs.length;
      });
      return count;
    },

    async verify() {
      const damage: { actor: string; seq: number; what: string }[] = [];
      const attempt = async <T>(actor: string, work: () => T | Promise<T>, otherwise: T): Promise<T> => {
        try {
          return await work();
        } catch (thrown) {
          const { data, message } = toFailure(thrown);
          damage.push({ actor, ...placeIn(data, message) });
          return otherwise;
        }
      };
      for (const what of structureDamage(db)) damage.push({ actor: '', seq: 0, what });
      for (const run of db
        .prepare<Pick<ActorColumns, 'run'>>('SELECT run FROM claims UNION SELECT run FROM mail')
        .all())
        await attempt('', async () => (leaseOf(run.run), void (await mail(run.run))), undefined);
      const actors = await attempt(
        '',
        () =>
          db
            .prepare<Pick<ActorColumns, 'actor'>>('SELECT actor FROM actors')
            .all()
            .map(({ actor }) => String(actor)),
        [],
      );
      const commits = await attempt(
        '',
        () => Number(db.prepare<{ n: number }>('SELECT count(*) AS n FROM commits').get()?.n),
        0,
      );
      for (const actor of actors) {
        await attempt(
          actor,
          async () => {
            const stored = await load(actor);
            for (const name of Object.keys(stored?.lists ?? {})) await list(actor, name);
            for (const row of resultsOf.all(actor)) {
              if (!isIntact(row))
                throw corruptActor(actor, stored?.seq ?? 0, `the result of ${row.key} is not what was written`);
              // A large value stands elsewhere.
              for (const value of [row.input, row.outcome]) codec.read(String(value));
            }
            for (const { ask } of repliesOf.all(actor)) await handled(actor, ask);
          },
          undefined,
        );
      }
      return { actors: actors.length, commits, damage };
    },
  };
}

/** Commits of one actor follow each other, and are what was written. */
function requireConsecutive(rows: readonly (LinkedCommit & WithAddress)[], newest: boolean): void {
  const last = new Map<string, LinkedCommit>();
  for (const row of rows) {
    const { address, seq, position } = row;
    requireLinked(address, row);
    const before = last.get(address);
    const step = newest ? -1 : 1;
    if (before && (seq !== before.seq + step || (position - before.position) * step < 0))
      throw corruptActor(address, seq, 'the order of its commits is not what was written');
    last.set(address, row);
  }
}

/** Where the damage is, from the `data` of the error that reports it; the error's message where it has none. */
function placeIn(data: Json | undefined, message: string): { seq: number; what: string } {
  const { seq, what } = isJsonObject(data) ? data : {};
  return { seq: typeof seq === 'number' ? seq : 0, what: typeof what === 'string' ? what : message };
}

/** Joins the conditions whose values are all given. */
function conditions(all: readonly (readonly [sql: string, ...values: (SqlValue | undefined)[]])[]): {
  where: string;
  values: SqlValue[];
} {
  const used = all.flatMap(([sql, ...maybe]) => {
    const values = maybe.filter((value) => value !== undefined);
    return values.length > 0 && values.length === maybe.length ? [{ sql, values }] : [];
  });
  return {
    where: used.length === 0 ? '' : `WHERE ${used.map(({ sql }) => sql).join(' AND ')}`,
    values: used.flatMap(({ values }) => values),
  };
}
