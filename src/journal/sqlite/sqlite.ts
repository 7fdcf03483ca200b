/** The journal in one SQLite file: write-ahead log, `synchronous=FULL`, group commit. Its promises are in journal.ts; how long it keeps data is in docs/journal.md. */
import { sqliteQueries } from './queries.ts';
import { valueCodec } from './blobs.ts';
import { commitReader } from './commits.ts';
import { consistentReads } from './consistentReads.ts';
import { sqliteLeases } from './leases.ts';
import { openSqliteDriver } from './driver.ts';
import type { SqliteDriver } from './database.ts';
import { diskTrouble } from './diskSpace.ts';
import { GroupCommit } from './groupCommit.ts';
import type { Clock } from '../../values/clock.ts';
import { TroupeError } from '../../values/failure.ts';
import type { Journal } from '../journal.ts';
import { sqliteInboxes } from './inbox.ts';
import { requireStructure } from './integrity.ts';
import { requireFile } from './journalFile.ts';
import { requireOpenable } from './openable.ts';
import { sqlitePrune } from './prune.ts';
import { sqliteSetAside } from './setAside.ts';
import { actorReader } from './reader.ts';
import { migrate } from './schema.ts';
import type { SqliteStore, WriteQueue } from './store.ts';
import { Checkpoints } from './verify.ts';
import { commitWriter } from './writer.ts';

/** How a journal file is opened. */
export interface SqliteOptions {
  /** Which library to use. Default: the first that is installed, `node:sqlite` before `libsql`. */
  driver?: SqliteDriver['name'];
  /** Milliseconds to wait for another process's write. Default: 2,000. */
  busyTimeout?: number;
  /** The most pages of 2 KB that the file may have; of 4 KB in one that an earlier version made. Default: as many as the disk holds. */
  maxPages?: number;
  /** Lets a write that nobody waits for wait for the next one, for 20 milliseconds. Default: it is made at once. */
  clock?: Pick<Clock, 'now' | 'wake'>;
}

/** Opens a journal, making the file when there is none. Rejects with `storage`, `corrupt` or `incompatible`. */
export async function sqlite(
  path: string,
  { driver, busyTimeout = 2_000, maxPages, clock }: SqliteOptions = {},
): Promise<Journal> {
  requireFile(path);
  requireOpenable(path);
  const db = await openSqliteDriver(path, driver);
  try {
    db.exec(`PRAGMA busy_timeout = ${busyTimeout}`);
    migrate(db, path, busyTimeout);
    requireStructure(db);
    if (maxPages !== undefined) db.exec(`PRAGMA max_page_count = ${maxPages}`);
  } catch (thrown) {
    db.close();
    throw thrown;
  }
  const group = new GroupCommit(db, clock);
  let open = true;
  const store = storeIn(db, group);
  return {
    ...journalOf(store),
    givesTurns: true,
    pruneSome: sqlitePrune(store).pruneSome,
    ...sqliteSetAside(store),
    trouble: () => diskTrouble(path),
    async [Symbol.asyncDispose]() {
      if (!open) return;
      open = false;
      try {
        group.close();
        fold(db);
      } finally {
        db.close();
      }
    },
  };
}

/**
 * Afterwards the one file is the whole journal. When another process reads at this moment, or the disk has no room for it, the write-ahead log stays beside it:
 * what was committed is in it, so closing does not fail for that.
 */
function fold(db: SqliteDriver): void {
  try {
    db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  } catch (thrown) {
    if (!(thrown instanceof TroupeError && thrown.kind === 'storage')) throw thrown;
  }
}

/** The journal in an open file; `writes` decides in which transaction a write takes place. */
export const journalIn = (db: SqliteDriver, writes: WriteQueue) => journalOf(storeIn(db, writes));

const storeIn = (db: SqliteDriver, writes: WriteQueue): SqliteStore => ({
  db,
  writes,
  codec: valueCodec(db),
  commits: commitReader(db),
  checkpoints: new Checkpoints(),
});

function journalOf(store: SqliteStore): Omit<Journal, keyof AsyncDisposable> {
  const consistent = consistentReads(store.db);
  const { load, list, undelivered, handled } = actorReader(store, store.checkpoints);
  const { find, history, ledger, ...queries } = sqliteQueries(store);
  const { mail, mailed, ...inboxes } = sqliteInboxes(store);
  return {
    ...commitWriter(store),
    ...sqliteLeases(store),
    ...inboxes,
    ...queries,
    mail: consistent(mail),
    mailed: consistent(mailed),
    load: consistent(load),
    list: consistent(list),
    undelivered: consistent(undelivered),
    handled: consistent(handled),
    find: consistent(find),
    history: consistent(history),
    ledger: consistent(ledger),
  };
}
