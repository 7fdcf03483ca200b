/** A replica in a SQLite file of one process: after a restart only newer entries are applied. The log has everything, so the file may lose its last transactions in a power cut. */
import { createReadStream, createWriteStream, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { constants, createGunzip, createGzip } from 'node:zlib';
import { openSqliteDriver } from '../sqlite/driver.ts';
import type { SqliteDriver } from '../sqlite/database.ts';
import { requireStructure } from '../sqlite/integrity.ts';
import { requireOpenable } from '../sqlite/openable.ts';
import { migrate, replicaTables } from '../sqlite/schema.ts';
import { journalIn } from '../sqlite/sqlite.ts';
import { EntryTransaction } from '../sqlite/transaction.ts';
import { initialMark, type ReplicaMark, type JournalReplica } from './replica.ts';

/** Opens a replica, and creates the file when there is none; `:memory:` lasts as long as the process. Rejects with `storage` while another process has it open, `corrupt` or `incompatible` when it cannot be read. */
export async function sqliteReplica(path: string, driver?: SqliteDriver['name']): Promise<JournalReplica> {
  requireOpenable(path);
  const db = await openSqliteDriver(path, driver);
  try {
    // No other process may write to it. The operating system releases the lock when this process ends, however that happens.
    db.exec('PRAGMA locking_mode = EXCLUSIVE');
    migrate(db, path, 0);
    requireStructure(db);
    db.exec('PRAGMA synchronous = NORMAL');
    db.exec(`BEGIN IMMEDIATE; ${replicaTables} COMMIT`);
  } catch (thrown) {
    db.close();
    throw thrown;
  }
  const transaction = new EntryTransaction(db);
  const nextOf = db.prepare<{ readonly next: number }>('SELECT next FROM writers WHERE name = ?');
  const write = db.prepare('INSERT OR REPLACE INTO writers (name, next, position) VALUES (?, ?, ?)');
  const forget = db.prepare('DELETE FROM writers WHERE position < ?');
  const deleteMark = db.prepare('DELETE FROM played');
  const insertMark = db.prepare('INSERT INTO played (log, position, id) VALUES (?, ?, ?)');
  // `Pick` makes a type alias of the interface: only an alias fits `SqlRow`.
  const markOf = db.prepare<Pick<ReplicaMark, keyof ReplicaMark>>('SELECT log, position, id FROM played');
  const read = () => markOf.get() ?? initialMark;
  let mark = read();
  let open = true;

  return {
    path: path === ':memory:' ? undefined : path,
    journal: { ...journalIn(db, transaction), async [Symbol.asyncDispose]() {} },
    get mark() {
      return mark;
    },
    nextWrite: (writer) => Number(nextOf.get(writer)?.next ?? 0),
    apply(to, by, work) {
      transaction.run(() => {
        work();
        deleteMark.run();
        insertMark.run(to.log, to.position, to.id);
        if (by) write.run(by.writer, by.next, to.position);
      });
      mark = to;
    },
    forgetWritersBefore: (before) => void forget.run(before),
    dump: () => dumpOf(db),
    async restore(dump) {
      if (dump) await restore(db, transaction, dump, driver);
      else transaction.run(() => empty(db));
      mark = read();
    },
    async [Symbol.asyncDispose]() {
      if (!open) return;
      open = false;
      // A driver may keep a closed file open, and locked, until its statements are garbage-collected: so the lock is released first.
      db.exec('PRAGMA journal_mode = DELETE; PRAGMA locking_mode = NORMAL');
      read();
      db.close();
    },
  };
}

/** All tables; `sqlite_sequence` holds the last positions of commits, which are never used again. */
const namesOf = (db: SqliteDriver): string[] => [
  'sqlite_sequence',
  ...db
    .prepare("SELECT name FROM main.sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
    .all()
    .map(({ name }) => String(name)),
];

function empty(db: SqliteDriver): void {
  for (const name of namesOf(db)) db.exec(`DELETE FROM main.${name}`);
}

/** Copies the tables without the free pages of the file, compressed. */
function dumpOf(db: SqliteDriver): AsyncIterable<Uint8Array> {
  const folder = mkdtempSync(join(tmpdir(), 'troupe-view-'));
  const file = join(folder, 'dump.db');
  const clean = () => rmSync(folder, { recursive: true, force: true });
  try {
    db.exec(`VACUUM INTO '${file.replaceAll("'", "''")}'`);
  } catch (thrown) {
    clean();
    throw thrown;
  }
  return (async function* (): AsyncGenerator<Uint8Array> {
    try {
      yield* createReadStream(file).compose(createGzip({ level: constants.Z_BEST_SPEED }));
    } finally {
      clean();
    }
  })();
}

/** Copies a dump into the open file, in one transaction: prepared statements stay valid, and an error changes nothing. */
async function restore(
  db: SqliteDriver,
  transaction: EntryTransaction,
  dump: AsyncIterable<Uint8Array>,
  driver?: SqliteDriver['name'],
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'troupe-view-'));
  try {
    const file = join(folder, 'dump.db');
    await pipeline(Readable.from(dump), createGunzip(), createWriteStream(file));
    requireOpenable(file);
    const dumped = await openSqliteDriver(file, driver);
    try {
      migrate(dumped, 'in the snapshot', 0);
      // A closed file may stay locked, as below: without a write-ahead log nothing of a migration is left to be locked.
      dumped.exec('PRAGMA journal_mode = DELETE');
    } finally {
      dumped.close();
    }
    db.exec(`ATTACH '${file.replaceAll("'", "''")}' AS dumped`);
    try {
      transaction.run(() => {
        empty(db);
        for (const name of namesOf(db)) db.exec(`INSERT INTO main.${name} SELECT * FROM dumped.${name}`);
      });
    } finally {
      db.exec('DETACH dumped');
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
