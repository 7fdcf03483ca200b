/** Looks into the past: queries, histories, ledgers; checks it, and forgets it. */
import type { ActorStatus } from '../contracts/inspection.ts';
import type { Outcome } from '../contracts/effect.ts';
import { toFailure } from '../contracts/failure.ts';
import { sweep } from './blobs.ts';
import { damaged } from './chain.ts';
import type { Value } from './driver.ts';
import type { Archive, Commit, Pending } from './journal.ts';
import { actorRow, isWhole, pendingOf, reader } from './reader.ts';
import type { Store } from './store.ts';

export function archive(store: Store): Archive {
  const { db, group, text } = store;
  const { load, list } = reader(store);
  const ledgerOf = db.prepare(
    'SELECT l.*, a.actor AS address FROM ledger l JOIN actors a ON a.id = l.actor WHERE a.run = ? ORDER BY l.rowid',
  );
  const resultsOf = db.prepare(
    'SELECT l.* FROM ledger l JOIN actors a ON a.id = l.actor WHERE a.actor = ? ORDER BY l.rowid',
  );
  const pendingData = db.prepare('SELECT data FROM pending WHERE key = ?');

  return {
    async find({ run, actor, type, parent, status, tag, state, since, until, limit = 100 }) {
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
        .prepare(`SELECT * FROM actors ${where} ORDER BY updated DESC, id DESC LIMIT ?`)
        .all(...values, limit);
      return rows.map((row) => actorRow(row, (_, stored) => text.read(stored)));
    },

    async history({ run, actor, after, newest = false, limit = 1_000 }) {
      const { where, values } = conditions([
        ['a.run = ?', run],
        ['a.actor = ?', actor],
        ['c.position > ?', after],
      ]);
      // Of one actor both orders are the same, and an index has this one: its last commits cost no look at all the others.
      const order = `${actor === undefined ? 'c.position' : 'c.seq'}${newest ? ' DESC' : ''}`;
      const rows = db
        .prepare(
          `SELECT c.*, a.actor AS address FROM commits c JOIN actors a ON a.id = c.actor ${where} ORDER BY ${order} LIMIT ?`,
        )
        .all(...values, limit);
      return rows.map((row) => ({
        position: Number(row.position),
        actor: String(row.address),
        seq: Number(row.seq),
        at: Number(row.at),
        epoch: Number(row.epoch),
        state: String(row.state),
        status: row.status as ActorStatus,
        event: text.read(String(row.event)) as unknown as Commit['event'],
        opens: (JSON.parse(String(row.opens)) as [string, Pending['kind'], number | null][]).map(([key, kind, due]) => {
          const stored = pendingData.get(key)?.data;
          const known = { key, kind, ...(due === null ? {} : { due }) };
          return stored === undefined
            ? { ...known, data: null }
            : pendingOf({ ...known, data: text.read(String(stored)) });
        }),
        closes: JSON.parse(String(row.closes)) as string[],
      }));
    },

    ledger: async (run) =>
      ledgerOf.all(run).map((row) => ({
        key: String(row.key),
        actor: String(row.address),
        at: Number(row.at),
        name: String(row.name),
        input: text.read(String(row.input)),
        outcome: text.read(String(row.outcome)) as unknown as Outcome,
      })),

    async prune(before) {
      let count = 0;
      await group.add(() => {
        const runs = db
          .prepare(`SELECT run FROM actors GROUP BY run HAVING max(updated) < ? AND sum(status = 'active') = 0`)
          .all(before)
          .map(({ run }) => run!);
        for (const run of runs) {
          for (const table of ['commits', 'pending', 'inbox', 'replies', 'ledger', 'entries'])
            db.prepare(`DELETE FROM ${table} WHERE actor IN (SELECT id FROM actors WHERE run = ?)`).run(run);
          for (const table of ['actors', 'claims', 'mail']) db.prepare(`DELETE FROM ${table} WHERE run = ?`).run(run);
        }
        if (runs.length > 0) sweep(db);
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
          const { seq = 0, what = message } = (data ?? {}) as { seq?: number; what?: string };
          damage.push({ actor, seq, what });
          return otherwise;
        }
      };
      const actors = await attempt(
        '',
        () =>
          db
            .prepare('SELECT actor FROM actors')
            .all()
            .map(({ actor }) => String(actor)),
        [],
      );
      const commits = await attempt('', () => Number(db.prepare('SELECT count(*) AS n FROM commits').get()!.n), 0);
      for (const actor of actors) {
        await attempt(
          actor,
          async () => {
            const stored = await load(actor);
            for (const name of Object.keys(stored?.lists ?? {})) await list(actor, name);
            for (const row of resultsOf.all(actor))
              if (!isWhole(row))
                throw damaged(actor, stored?.seq ?? 0, `the result of ${row.key} is not what was written`);
          },
          undefined,
        );
      }
      return { actors: actors.length, commits, damage };
    },
  };
}

/** Joins the conditions whose values are all given. */
function conditions(all: readonly (readonly [sql: string, ...values: (Value | undefined)[]])[]): {
  where: string;
  values: Value[];
} {
  const used = all.filter(([, ...values]) => values.length > 0 && values.every((value) => value !== undefined));
  return {
    where: used.length === 0 ? '' : `WHERE ${used.map(([sql]) => sql).join(' AND ')}`,
    values: used.flatMap(([, ...values]) => values as Value[]),
  };
}
