/** Deletes runs that ended long ago, with all that only they use. */
import type { Journal } from '../journal.ts';
import { deleteBlobsOf } from './blobs.ts';
import type { ActorColumns, CommitColumns } from './rows.ts';
import type { SqliteStore } from './store.ts';

/** The part of a journal that forgets. */
export function sqlitePrune({ db, writes }: SqliteStore): Required<Pick<Journal, 'prune' | 'pruneSome'>> {
  const lastPosition = db.prepare<Pick<CommitColumns, 'position'>>(
    'SELECT position FROM commits ORDER BY position DESC LIMIT 1',
  );
  const ended = db.prepare<Pick<ActorColumns, 'run'>>(
    `SELECT DISTINCT run FROM actors a WHERE parent IS NULL AND status <> 'active' AND updated < ?
     AND NOT EXISTS (SELECT 1 FROM actors b WHERE b.run = a.run AND (b.status = 'active' OR b.updated >= ?)) LIMIT ?`,
  );
  // The last position is never given again: an empty row keeps it.
  const dropKeeper = db.prepare('DELETE FROM commits WHERE actor = 0');
  const insertKeeper = db.prepare(`INSERT INTO commits (position, actor, seq, hash, record) VALUES (?, 0, ?, '', x'')`);

  function remove(run: string): void {
    for (const table of ['commits', 'pending', 'inbox', 'replies', 'ledger', 'entries'])
      db.prepare(`DELETE FROM ${table} WHERE actor IN (SELECT id FROM actors WHERE run = ?)`).run(run);
    for (const table of ['actors', 'claims', 'mail']) db.prepare(`DELETE FROM ${table} WHERE run = ?`).run(run);
    deleteBlobsOf(db, run);
  }

  async function pruneSome(before: number, most: number): Promise<number> {
    let count = 0;
    await writes.add(() => {
      const runs = ended.all(before, before, most);
      count = runs.length;
      if (count === 0) return;
      writes.remembered.forget();
      const last = Number(lastPosition.get()?.position ?? 0);
      for (const { run } of runs) remove(run);
      if (Number(lastPosition.get()?.position ?? 0) >= last) return;
      dropKeeper.run();
      insertKeeper.run(last, last);
    });
    return count;
  }

  return { pruneSome, prune: (before) => pruneSome(before, Number.MAX_SAFE_INTEGER) };
}
