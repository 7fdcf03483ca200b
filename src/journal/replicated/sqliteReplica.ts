/** A replica in a SQLite file of one process: after a restart only newer entries are applied. The log has everything, so the file may lose its last transactions in a power cut. */
import { createReadStream, createWriteStream, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { constants, createGunzip, createGzip } from 'node:zlib';
import { openSqliteDriver } from '../sqlite/driver.ts';
import type { SqliteDriver } from '../sqlite/database.ts';
import { migrate } from '../sqlite/schema.ts';
import { journalIn } from '../sqlite/sqlite.ts';
import { EntryTransaction } from '../sqlite/transaction.ts';
import type { SkippedEntry } from '../journal.ts';
import { initialMark, namedSkipped, type ReplicaMark, type JournalReplica } from './replica.ts';

/** The tables beside those of the journal. `played` holds the mark; `skipped` what is no entry, and how many there were up to it. The names are stored. */
const tables = `
  CREATE TABLE IF NOT EXISTS played (log TEXT NOT NULL, position INTEGER NOT NULL, id TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS writers (name TEXT PRIMARY KEY, next INTEGER NOT NULL, position INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS skipped (position INTEGER PRIMARY KEY, reason TEXT NOT NULL, count INTEGER NOT NULL);`;

/** Opens a replica, and creates the file when there is none; `:memory:` lasts as long as the process. Rejects with `storage` while another process has it open, `corrupt` or `incompatible` when it cannot be read. */
export async function sqliteReplica(path: string, driver?: SqliteDriver['name']): Promise<JournalReplica> {
  const db = await openSqliteDriver(path, driver);
  try {
    // No other process may write to it. The operating system releases the lock when this process ends, however that happens.
    db.exec('PRAGMA locking_mode = EXCLUSIVE');
    migrate(db, path, 0);
    db.exec('PRAGMA synchronous = NORMAL');
    db.exec(`BEGIN IMMEDIATE; ${tables} COMMIT`);
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
  const skippedOnes = db.prepare<Pick<SkippedEntry, keyof SkippedEntry> & { readonly count: number }>(
    'SELECT position, reason, count FROM skipped ORDER BY position DESC LIMIT ?',
  );
  const insertSkipped = db.prepare(
    'INSERT OR REPLACE INTO skipped (position, reason, count) VALUES (?, ?, 1 + coalesce((SELECT max(count) FROM skipped), 0))',
  );
  const trimSkipped = db.prepare(
    'DELETE FROM skipped WHERE position NOT IN (SELECT position FROM skipped ORDER BY position DESC LIMIT ?)',
  );
  const setMark = ({ log, position, id }: ReplicaMark) => {
    deleteMark.run();
    insertMark.run(log, position, id);
  };
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
        setMark(to);
        if (by) write.run(by.writer, by.next, to.position);
      });
      mark = to;
    },
    skip(to, reason) {
      transaction.run(() => {
        insertSkipped.run(to.position, reason);
        trimSkipped.run(namedSkipped);
        setMark(to);
      });
      mark = to;
    },
    get skipped() {
      const latest = skippedOnes.all(namedSkipped);
      const entries = latest.map(({ position, reason }) => ({ position: Number(position), reason: String(reason) }));
      return { count: Number(latest[0]?.count ?? 0), latest: entries };
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
const namesOf = (db: SqliteDriver, schema: 'main' | 'dumped' = 'main'): string[] => [
  'sqlite_sequence',
  ...db
    .prepare(`SELECT name FROM ${schema}.sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'`)
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
    const dumped = await openSqliteDriver(file, driver);
    try {
      migrate(dumped, 'in the snapshot', 0);
    } finally {
      dumped.close();
    }
    db.exec(`ATTACH '${file.replaceAll("'", "''")}' AS dumped`);
    try {
      transaction.run(() => {
        empty(db);
        // An older version makes dumps without the newest tables, and a newer one has tables that this one does not know.
        const dumpedNames = new Set(namesOf(db, 'dumped'));
        const names = namesOf(db).filter((name) => dumpedNames.has(name));
        for (const name of names) db.exec(`INSERT INTO main.${name} SELECT * FROM dumped.${name}`);
      });
    } finally {
      db.exec('DETACH dumped');
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
