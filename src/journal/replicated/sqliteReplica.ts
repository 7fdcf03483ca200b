/** A replica in a SQLite file of one process: after a restart only newer entries are applied. The log has everything, so the file may lose its last transactions in a power cut. */
import { createReadStream, createWriteStream, mkdtempSync, rmSync } from 'node:fs';
import { rm } from 'node:fs/promises';
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
import type { SkippedEntry } from '../journal.ts';
import { replaceable } from './replaceable.ts';
import { sealed, unsealed, withoutSeal } from './sealed.ts';
import { initialMark, namedSkipped, type ReplicaMark, type JournalReplica } from './replica.ts';

/** Opens a replica, and creates the file when there is none; `:memory:` lasts as long as the process. Rejects with `storage` while another process has it open, `corrupt` or `incompatible` when it cannot be read. */
export const sqliteReplica = async (path: string, driver?: SqliteDriver['name']): Promise<JournalReplica> =>
  replaceable(await openReplicaFile(path, driver), async () => {
    await removeReplicaFile(path);
    // Where the disk itself is at fault, the process goes on without a file.
    return await openReplicaFile(path, driver).catch(() => openReplicaFile(':memory:', driver));
  });

/** Removes the file and what SQLite keeps beside it. */
export async function removeReplicaFile(path: string): Promise<void> {
  for (const end of ['', '-wal', '-shm', '-journal']) await rm(path + end, { force: true });
}

async function openReplicaFile(path: string, driver?: SqliteDriver['name']): Promise<JournalReplica> {
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
  const nextOf = db.prepare<WriterColumns>('SELECT * FROM writers WHERE name = ?');
  const writers = db.prepare<WriterColumns>('SELECT * FROM writers');
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
    insertMark.run(sealed(log, position, id), position, id);
  };
  const setWriter = (name: string, next: number, position: number) =>
    void write.run(name, sealed(String(next), name, position), position);
  // `Pick` makes a type alias of the interface: only an alias fits `SqlRow`.
  const markOf = db.prepare<Pick<ReplicaMark, keyof ReplicaMark>>('SELECT log, position, id FROM played');
  const read = (open: typeof unsealed = unsealed): ReplicaMark => {
    const { log, position, id } = markOf.get() ?? initialMark;
    return { log: log === '' ? log : open(log, position, id), position, id };
  };
  /** What a snapshot of an earlier version holds is not sealed yet. */
  const seal = () => {
    const mark = read(withoutSeal);
    if (mark.log !== '') setMark(mark);
    for (const { name, next, position } of writers.all()) setWriter(name, Number(withoutSeal(String(next))), position);
  };
  let mark = read();
  let open = true;

  return {
    path: path === ':memory:' ? undefined : path,
    journal: { ...journalIn(db, transaction), async [Symbol.asyncDispose]() {} },
    get mark() {
      return mark;
    },
    nextWrite(writer) {
      const found = nextOf.get(writer);
      return found ? Number(unsealed(String(found.next), writer, found.position)) : 0;
    },
    apply(to, by, work) {
      transaction.run(() => {
        work();
        setMark(to);
        if (by) setWriter(by.writer, by.next, to.position);
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
    dump() {
      // Other processes start from it: what this file has lost must not be lost for them.
      requireStructure(db);
      return dumpOf(db);
    },
    async restore(dump) {
      if (dump) await restore(db, transaction, dump, seal, driver);
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

/** Table `writers`; `next` is sealed, since a wrong one would have entries applied twice or never. */
type WriterColumns = {
  readonly name: string;
  readonly next: number | string;
  readonly position: number;
};

/** All tables of the journal and the replica. */
const namesOf = (db: SqliteDriver, schema: 'main' | 'dumped' = 'main'): string[] =>
  db
    .prepare(`SELECT name FROM ${schema}.sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'`)
    .all()
    .map(({ name }) => String(name));

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
  seal: () => void,
  driver?: SqliteDriver['name'],
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'troupe-view-'));
  try {
    const file = join(folder, 'dump.db');
    await pipeline(Readable.from(dump), createGunzip(), createWriteStream(file));
    requireOpenable(file, { mayHaveMore: true });
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
        // An older version makes dumps without the newest tables, and a newer one has tables that this one does not know.
        const dumpedNames = new Set(namesOf(db, 'dumped'));
        const names = namesOf(db).filter((name) => dumpedNames.has(name));
        for (const name of names) db.exec(`INSERT INTO main.${name} SELECT * FROM dumped.${name}`);
        seal();
      });
    } finally {
      db.exec('DETACH dumped');
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
