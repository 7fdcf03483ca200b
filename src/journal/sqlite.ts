/** The journal in one SQLite file: WAL, `synchronous=FULL`, group commit. What it promises is in journal.ts; how long it keeps it, in docs/journal.md. */
import { archive } from './archive.ts';
import { texts } from './blobs.ts';
import { Checked } from './checked.ts';
import { claims } from './claims.ts';
import { openDriver, type Driver } from './driver.ts';
import { Group } from './group.ts';
import type { Journal } from './journal.ts';
import { mailroom } from './mailroom.ts';
import { reader } from './reader.ts';
import { migrate } from './schema.ts';
import type { Writes } from './store.ts';
import { writer } from './writer.ts';

export interface SqliteOptions {
  /** Which library to use; the first that is there unless told otherwise. */
  driver?: Driver['name'];
  /** Milliseconds to wait for another process's write. */
  busyTimeout?: number;
  /** Pages of 4 KB that the file may have; as many as the disk holds unless told otherwise. */
  maxPages?: number;
}

/** Opens a journal, making the file when there is none. Rejects with `storage`, `corrupt` or `incompatible`. */
export async function sqlite(
  path: string,
  { driver, busyTimeout = 2_000, maxPages }: SqliteOptions = {},
): Promise<Journal> {
  const db = await openDriver(path, driver);
  try {
    db.exec(`PRAGMA busy_timeout = ${busyTimeout}`);
    migrate(db, path, busyTimeout);
    if (maxPages !== undefined) db.exec(`PRAGMA max_page_count = ${maxPages}`);
  } catch (thrown) {
    db.close();
    throw thrown;
  }
  const group = new Group(db);
  let open = true;
  return {
    ...journalIn(db, group),
    async [Symbol.asyncDispose]() {
      if (!open) return;
      open = false;
      try {
        group.close();
        // So that the one file is the whole journal. Another process that reads just now only makes the log stay.
        db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
      } finally {
        db.close();
      }
    },
  };
}

/** The journal in an open file; `group` says when what is written takes place. */
export function journalIn(db: Driver, group: Writes): Omit<Journal, keyof AsyncDisposable> {
  const store = { db, group, text: texts(db) };
  return {
    ...writer(store),
    ...reader(store, new Checked()),
    ...claims(store),
    ...mailroom(store),
    ...archive(store),
  };
}
