/** The floor on disk: one table, with every result committed before the work goes on; and the sizes of files. */
import { randomUUID } from 'node:crypto';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import type { Scope } from '../row.ts';

export const newFile = (folder: string): string => join(folder, `${randomUUID()}.db`);

export const sizeOf = (path: string): number => statSync(path).size;

/** A file with one table, flushed by each commit. */
export async function stepsFile(load: Scope['load'], path: string) {
  const { openSqliteDriver } = await load('src/journal/sqlite/driver');
  const db = await openSqliteDriver(path);
  db.exec(
    'PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE steps (key TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID',
  );
  const one = db.prepare('INSERT INTO steps VALUES (?, ?)');
  let waiting: { key: string; value: string; done: () => void }[] = [];
  async function flush(): Promise<void> {
    await turn();
    const group = waiting;
    waiting = [];
    db.exec('BEGIN');
    for (const { key, value } of group) one.run(key, value);
    db.exec('COMMIT');
    for (const { done } of group) done();
  }
  return {
    /** A commit of its own. */
    insert: (key: string, value: string) => void one.run(key, value),
    /** In one commit with all others of this turn of the event loop. */
    insertTogether: (key: string, value: string) =>
      new Promise<void>((done) => {
        waiting.push({ key, value, done });
        if (waiting.length === 1) void flush();
      }),
    /** Gives the size of the file. */
    close(): number {
      db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
      db.close();
      return sizeOf(path);
    },
  };
}
