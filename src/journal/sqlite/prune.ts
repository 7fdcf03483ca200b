/** Deletes runs that ended long ago, with all that only they use. */
import type { JournalQueries } from '../journal.ts';
import { deleteBlobsOf } from './blobs.ts';
import type { ActorColumns, CommitColumns } from './rows.ts';
import type { SqliteStore } from './store.ts';

/** The part of a journal that forgets. */
export function sqlitePrune({ db, writes }: SqliteStore): Pick<JournalQueries, 'prune'> {
  const lastPosition = db.prepare<Pick<CommitColumns, 'position'>>(
    'SELECT position FROM commits ORDER BY position DESC LIMIT 1',
  );
  const ended = db.prepare<Pick<ActorColumns, 'run'>>(
    `SELECT DISTINCT run FROM actors WHERE parent IS NULL AND status <> 'active' AND updated < ?`,
  );
  const isLiving = db.prepare(`SELECT 1 FROM actors WHERE run = ? AND (status = 'active' OR updated >= ?) LIMIT 1`);
  // The last position is never given again: an empty row keeps it.
  const dropKeeper = db.prepare('DELETE FROM commits WHERE actor = 0');
  const insertKeeper = db.prepare(`INSERT INTO commits (position, actor, seq, hash, record) VALUES (?, 0, ?, '', x'')`);

  function remove(run: string): void {
    for (const table of ['commits', 'pending', 'inbox', 'replies', 'ledger', 'entries'])
      db.prepare(`DELETE FROM ${table} WHERE actor IN (SELECT id FROM actors WHERE run = ?)`).run(run);
    for (const table of ['actors', 'claims', 'mail']) db.prepare(`DELETE FROM ${table} WHERE run = ?`).run(run);
    deleteBlobsOf(db, run);
  }

  return {
    async prune(before) {
      let count = 0;
      await writes.add(() => {
        const runs = ended
          .all(before)
          .map(({ run }) => run)
          .filter((run) => !isLiving.get(run, before));
        count = runs.length;
        if (count === 0) return;
        const last = Number(lastPosition.get()?.position ?? 0);
        for (const run of runs) remove(run);
        if (Number(lastPosition.get()?.position ?? 0) >= last) return;
        dropKeeper.run();
        insertKeeper.run(last, last);
      });
      return count;
    },
  };
}
