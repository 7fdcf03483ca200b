/** Queries over the stored actors, and the check of the whole journal. */
import { toFailure } from '../../values/failure.ts';
import { isJsonObject, type Json } from '../../values/json.ts';
import { corruptActor } from '../chain.ts';
import { matchesQuery } from '../matches.ts';
import { consistentReads } from './consistentReads.ts';
import { sqliteHistory } from './history.ts';
import { sqliteInboxes } from './inbox.ts';
import { structureDamage } from './integrity.ts';
import { leaseReader } from './leases.ts';
import { actorLookup, writtenCheck } from './lookup.ts';
import type { SqlStatement, SqlValue } from './database.ts';
import type { Damage, ActorQuery, ActorRow, JournalQueries } from '../journal.ts';
import { sqlitePrune } from './prune.ts';
import { toActorRow, actorReader } from './reader.ts';
import { resultReader } from './results.ts';
import type { ActorColumns } from './rows.ts';
import type { SqliteStore } from './store.ts';

/** So many kinds of queries are kept compiled. */
const maxSelects = 50;

/** The part of a journal that answers queries. */
export function sqliteQueries(store: SqliteStore): JournalQueries {
  const { db, codec, commits } = store;
  const consistent = consistentReads(db);
  const { load, list, handled } = actorReader(store);
  const lookup = actorLookup(db);
  const requireWritten = writtenCheck(db, commits);
  const leaseOf = leaseReader(db);
  const { mail } = sqliteInboxes(store);
  const alone = resultReader(db, codec);
  const repliesOf = db.prepare<{ readonly ask: string }>(
    'SELECT r.ask FROM replies r JOIN actors a ON a.id = r.actor WHERE a.actor = ?',
  );

  /** Compiling a query takes longer than finding an actor by it. */
  const selects = new Map<string, SqlStatement<ActorColumns>>();
  function selectOf(sql: string): SqlStatement<ActorColumns> {
    const known = selects.get(sql);
    if (known) return known;
    // A query names any number of statuses.
    if (selects.size >= maxSelects) selects.clear();
    const made = db.prepare<ActorColumns>(sql);
    selects.set(sql, made);
    return made;
  }

  /** The rows that match, the last updated first. Roots that have ended are found in that order by an index; of others those that match are sorted. */
  function rowsOf(query: ActorQuery): ActorColumns[] {
    const { run, actor, parent, limit = 100 } = query;
    const { where, values } = conditionsOf(query);
    // Only the rows that are given are read whole: the others are sorted by what is needed for that.
    const select = (also: string) =>
      selectOf(
        `SELECT * FROM actors WHERE id IN (SELECT id FROM actors ${where}${also} ORDER BY updated DESC, id DESC LIMIT ?) ORDER BY updated DESC, id DESC`,
      ).all(...values, limit);
    if (parent !== null || run !== undefined || actor !== undefined) return select('');
    return [...select(` AND status = 'active'`), ...select(` AND status <> 'active'`)]
      .sort((a, b) => b.updated - a.updated || b.id - a.id)
      .slice(0, limit);
  }

  return {
    ...sqliteHistory(store),
    prune: sqlitePrune(store).prune,

    async find(query) {
      const rows = rowsOf(query);
      if (rows.length === 0 && query.actor !== undefined) lookup.find(query.actor);
      return rows.map((row, index): ActorRow => {
        const found = toActorRow(row, requireWritten(row), codec);
        const next = rows[index + 1];
        if (!matchesQuery(found, query) || (next && (next.updated > row.updated || next.id === row.id)))
          throw corruptActor(found.actor, found.seq, 'an index of the actors is not what was written');
        return found;
      });
    },

    async verify() {
      const damage: Damage[] = [];
      const runOf = db.prepare<Pick<ActorColumns, 'run'>>('SELECT run FROM actors WHERE actor = ?');
      const attempt = async <T>(actor: string, work: () => T | Promise<T>, otherwise: T, of?: string): Promise<T> => {
        try {
          return await consistent(work)();
        } catch (thrown) {
          const { kind, data, message } = toFailure(thrown);
          if (kind === 'incompatible') throw thrown;
          const run = of ?? runOf.get(actor)?.run;
          damage.push({ actor, ...placeIn(data, message), ...(run === undefined ? {} : { run: String(run) }) });
          return otherwise;
        }
      };
      for (const what of structureDamage(db)) damage.push({ actor: '', seq: 0, what });
      for (const run of db
        .prepare<Pick<ActorColumns, 'run'>>('SELECT run FROM claims UNION SELECT run FROM mail')
        .all())
        await attempt('', async () => (leaseOf(run.run), void (await mail(run.run))), undefined, String(run.run));
      const actors = await attempt(
        '',
        () =>
          db
            .prepare<Pick<ActorColumns, 'actor'>>('SELECT actor FROM actors')
            .all()
            .map(({ actor }) => String(actor)),
        [],
      );
      const count = await attempt(
        '',
        () => Number(db.prepare<{ n: number }>('SELECT count(*) AS n FROM commits WHERE actor <> 0').get()?.n),
        0,
      );
      for (const actor of actors) {
        await attempt(
          actor,
          async () => {
            const stored = await load(actor);
            for (const name of Object.keys(stored?.lists ?? {})) await list(actor, name);
            const found = lookup.find(actor);
            // A large value stands elsewhere.
            for (const { results } of found ? commits.read(found, 1) : [])
              for (const [, , input, outcome] of results) for (const value of [input, outcome]) codec.extract(value);
            alone.verify(actor, stored?.seq ?? 0);
            for (const { ask } of repliesOf.all(actor)) await handled(actor, ask);
          },
          undefined,
        );
      }
      return { actors: actors.length, commits: count, damage };
    },
  };
}

/** Where the damage is, from the `data` of the error that reports it; the error's message where it has none. */
function placeIn(data: Json | undefined, message: string): { seq: number; what: string } {
  const { seq, what } = isJsonObject(data) ? data : {};
  return { seq: typeof seq === 'number' ? seq : 0, what: typeof what === 'string' ? what : message };
}

/** What an actor was spawned with, as JSON: what is large stands elsewhere. */
const metaText = `CASE WHEN substr(meta, 1, 6) = '@blob:' THEN (SELECT data FROM blobs WHERE hash = substr(meta, 7)) ELSE meta END`;

/** The conditions of a query whose values are all given, joined. */
function conditionsOf(query: ActorQuery): { where: string; values: SqlValue[] } {
  const { run, actor, type, parent, status, tag, state, definition, since, until } = query;
  const statuses = [status ?? []].flat();
  return conditions([
    ['run = ?', run],
    ['actor = ?', actor],
    ['type = ?', type],
    parent === null ? ['parent IS NULL'] : ['parent = ?', parent],
    ['updated >= ?', since],
    ['updated < ?', until],
    ['substr(state, 1, length(?)) = ?', state, state],
    ['EXISTS (SELECT 1 FROM json_each(tags) WHERE value = ?)', tag],
    [`json_extract(${metaText}, '$.about.name') = ?`, definition],
    statuses.length === 0 ? undefined : [`status IN (${statuses.map(() => '?').join(', ')})`, ...statuses],
  ]);
}

/** Joins the conditions whose values are all given. */
function conditions(all: readonly (readonly [sql: string, ...values: (SqlValue | undefined)[]] | undefined)[]): {
  where: string;
  values: SqlValue[];
} {
  const used = all.flatMap((condition) => {
    const [sql, ...maybe] = condition ?? [];
    const values = maybe.filter((value) => value !== undefined);
    return sql !== undefined && values.length === maybe.length ? [{ sql, values }] : [];
  });
  return {
    where: used.length === 0 ? '' : `WHERE ${used.map(({ sql }) => sql).join(' AND ')}`,
    values: used.flatMap(({ values }) => values),
  };
}
