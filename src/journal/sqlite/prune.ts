/** Deletes runs that ended long ago, with all that only they use. */
import type { Journal } from '../journal.ts';
import { deleteBlobsOf } from './blobs.ts';
import type { ActorColumns, CommitColumns } from './rows.ts';
import type { SqliteStore } from './store.ts';

/** The tables with rows of actors, and those with rows of runs. */
export const tablesOfActors = ['commits', 'pending', 'inbox', 'replies', 'ledger', 'results', 'entries'] as const;
export const tablesOfRuns = ['actors', 'claims', 'mail'] as const;

/** Deletes all rows of runs. Called within a transaction. */
export function deleteRuns({ db, writes }: SqliteStore, runs: readonly string[]): void {
  if (runs.length === 0) return;
  const lastPosition = () =>
    Number(
      db.prepare<Pick<CommitColumns, 'position'>>('SELECT position FROM commits ORDER BY position DESC LIMIT 1').get()
        ?.position ?? 0,
    );
  writes.remembered.forget();
  const last = lastPosition();
  for (const run of runs) {
    for (const table of tablesOfActors)
      db.prepare(`DELETE FROM ${table} WHERE actor IN (SELECT id FROM actors WHERE run = ?)`).run(run);
    for (const table of tablesOfRuns) db.prepare(`DELETE FROM ${table} WHERE run = ?`).run(run);
    deleteBlobsOf(db, run);
  }
  if (lastPosition() >= last) return;
  // The last position is never given again: an empty row keeps it.
  db.exec('DELETE FROM commits WHERE actor = 0');
  db.prepare(`INSERT INTO commits (position, actor, seq, hash, record) VALUES (?, 0, ?, '', x'')`).run(last, last);
}

/** The part of a journal that forgets. */
export function sqlitePrune(store: SqliteStore): Required<Pick<Journal, 'prune' | 'pruneSome'>> {
  const { db, writes } = store;
  const ended = db.prepare<Pick<ActorColumns, 'run'>>(
    `SELECT DISTINCT run FROM actors a WHERE parent IS NULL AND status <> 'active' AND updated < ?
     AND NOT EXISTS (SELECT 1 FROM actors b WHERE b.run = a.run AND (b.status = 'active' OR b.updated >= ?)) LIMIT ?`,
  );
  async function pruneSome(before: number, most: number): Promise<number> {
    let count = 0;
    await writes.add(() => {
      const runs = ended.all(before, before, most);
      count = runs.length;
      deleteRuns(
        store,
        runs.map(({ run }) => run),
      );
    });
    return count;
  }

  return { pruneSome, prune: (before) => pruneSome(before, Number.MAX_SAFE_INTEGER) };
}
