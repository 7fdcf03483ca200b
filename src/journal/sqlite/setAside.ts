/** Takes a run that is damaged out of the file: every row of it is given to the caller, and then deleted. */
import type { Json } from '../../values/json.ts';
import type { Journal } from '../journal.ts';
import { ownedElsewhereError } from '../refusals.ts';
import { deleteRuns, tablesOfActors, tablesOfRuns } from './prune.ts';
import type { ClaimColumns } from './rows.ts';
import type { SqliteStore } from './store.ts';

/** The part of a journal that sets runs aside. */
export function sqliteSetAside(store: SqliteStore): Required<Pick<Journal, 'setAside'>> {
  const { db, writes } = store;
  // As it stands there: what is damaged is copied as it is.
  const lease = db.prepare<Pick<ClaimColumns, 'owner' | 'until'>>('SELECT owner, until FROM claims WHERE run = ?');

  function rowsOf(run: string): Json[] {
    const of = (table: string, where: string) =>
      db
        .prepare(`SELECT * FROM ${table} WHERE ${where}`)
        .all(run)
        .map((row) => ({ table, row: asJson(row) }));
    return [
      ...tablesOfRuns.flatMap((table) => of(table, 'run = ?')),
      ...tablesOfActors.flatMap((table) => of(table, 'actor IN (SELECT id FROM actors WHERE run = ?)')),
      ...of('blobs', 'hash IN (SELECT hash FROM uses WHERE run = ?)'),
    ];
  }

  return {
    setAside: (run, { now, alive = () => true, keep }) =>
      writes.add(() => {
        const held = lease.get(run);
        const [owner, until] = [String(held?.owner), Number(held?.until)];
        if (held && until > now && alive(owner)) throw ownedElsewhereError(run, { owner, until });
        keep(rowsOf(run));
        deleteRuns(store, [run]);
      }),
  };
}

const asJson = (row: Readonly<Record<string, unknown>>): Json =>
  Object.fromEntries(
    Object.entries(row).map(([name, value]) => [
      name,
      value instanceof Uint8Array
        ? { base64: Buffer.from(value).toString('base64') }
        : typeof value === 'bigint'
          ? String(value)
          : // What a column holds otherwise is a text, a number or nothing.
            (value as Json),
    ]),
  );
