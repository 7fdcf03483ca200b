/** The tables of the journal, and how an older file is migrated. A file of a newer version is left unchanged. */
import { TroupeError } from '../../values/failure.ts';
import type { SqliteDriver } from './database.ts';
import { isSchema, schemaAfter } from './expectedSchema.ts';
import type { SchemaRow } from './schemaRows.ts';

/** One migration per version; a file of version n has had the first n. Migrations are never edited, only added. */
export const migrations: readonly string[] = [
  `CREATE TABLE actors (
     id INTEGER PRIMARY KEY, actor TEXT NOT NULL UNIQUE, run TEXT NOT NULL, type TEXT NOT NULL, parent TEXT, status TEXT NOT NULL, state TEXT NOT NULL,
     tags TEXT NOT NULL, created INTEGER NOT NULL, updated INTEGER NOT NULL, seq INTEGER NOT NULL, meta TEXT NOT NULL, snapshot TEXT NOT NULL);
   CREATE INDEX actors_run ON actors (run);
   CREATE INDEX actors_updated ON actors (updated);
   CREATE INDEX actors_roots ON actors (updated) WHERE parent IS NULL;
   CREATE INDEX actors_type ON actors (type, status);
   CREATE TABLE commits (
     actor INTEGER NOT NULL, seq INTEGER NOT NULL, at INTEGER NOT NULL, epoch INTEGER NOT NULL, state TEXT NOT NULL, status TEXT NOT NULL,
     event TEXT NOT NULL, opens TEXT NOT NULL, closes TEXT NOT NULL, sums TEXT NOT NULL, hash TEXT NOT NULL, PRIMARY KEY (actor, seq)) WITHOUT ROWID;
   CREATE TABLE pending (key TEXT PRIMARY KEY, actor INTEGER NOT NULL, kind TEXT NOT NULL, due INTEGER, data TEXT NOT NULL);
   CREATE INDEX pending_actor ON pending (actor);
   CREATE TABLE inbox (actor INTEGER NOT NULL, id TEXT NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY (actor, id)) WITHOUT ROWID;
   CREATE TABLE replies (actor INTEGER NOT NULL, ask TEXT NOT NULL, envelope TEXT NOT NULL, PRIMARY KEY (actor, ask)) WITHOUT ROWID;
   CREATE TABLE ledger (key TEXT PRIMARY KEY, actor INTEGER NOT NULL, at INTEGER NOT NULL, name TEXT NOT NULL, input TEXT NOT NULL, outcome TEXT NOT NULL, sum TEXT NOT NULL);
   CREATE INDEX ledger_actor ON ledger (actor);
   CREATE TABLE entries (actor INTEGER NOT NULL, list TEXT NOT NULL, n INTEGER NOT NULL, data TEXT NOT NULL, hash TEXT NOT NULL, PRIMARY KEY (actor, list, n)) WITHOUT ROWID;
   CREATE TABLE claims (run TEXT PRIMARY KEY, epoch INTEGER NOT NULL, owner TEXT NOT NULL, until INTEGER NOT NULL) WITHOUT ROWID;
   CREATE TABLE mail (n INTEGER PRIMARY KEY, run TEXT NOT NULL, id TEXT NOT NULL, envelope TEXT NOT NULL, UNIQUE (run, id));
   CREATE TABLE blobs (hash TEXT PRIMARY KEY, data TEXT NOT NULL);`,
  // Gives commits the order in which they were stored. Of older ones that order is lost, so they are ordered by time, and within an actor by `seq`.
  `ALTER TABLE commits RENAME TO unordered;
   CREATE TABLE commits (
     position INTEGER PRIMARY KEY AUTOINCREMENT, actor INTEGER NOT NULL, seq INTEGER NOT NULL, at INTEGER NOT NULL, epoch INTEGER NOT NULL, state TEXT NOT NULL, status TEXT NOT NULL,
     event TEXT NOT NULL, opens TEXT NOT NULL, closes TEXT NOT NULL, sums TEXT NOT NULL, hash TEXT NOT NULL, UNIQUE (actor, seq));
   INSERT INTO commits (actor, seq, at, epoch, state, status, event, opens, closes, sums, hash)
     SELECT actor, seq, at, epoch, state, status, event, opens, closes, sums, hash FROM unordered
     ORDER BY max(at) OVER (PARTITION BY actor ORDER BY seq), actor, seq;
   DROP TABLE unordered;`,
  `CREATE INDEX actors_going ON actors (run) WHERE parent IS NULL AND status = 'active';`,
  // Every row that is looked up by a key can be found by a second index: what only one of them has is damage, and not a new key. Rows without a commit that covers them get a digest.
  `CREATE INDEX actors_address ON actors (actor, run);
   DROP INDEX ledger_actor;
   CREATE INDEX ledger_actor ON ledger (actor, key);
   ALTER TABLE replies ADD COLUMN sum TEXT;
   ALTER TABLE claims ADD COLUMN sum TEXT;
   ALTER TABLE mail ADD COLUMN sum TEXT;`,
  // A commit is one record, with its results, list entries and what it opened in it (record.ts). A record of an earlier version is a list of its columns: the hash chain goes on over it.
  // No index has what changes with every commit. The last position that was given stays as a row, so that it is never given again.
  `DROP INDEX actors_updated;
   DROP INDEX actors_roots;
   DROP INDEX actors_type;
   CREATE INDEX actors_ended ON actors (updated) WHERE parent IS NULL AND status <> 'active';
   ALTER TABLE commits RENAME TO columnar;
   CREATE TABLE commits (position INTEGER PRIMARY KEY, actor INTEGER NOT NULL, seq INTEGER NOT NULL, hash TEXT NOT NULL, record BLOB NOT NULL, UNIQUE (actor, seq));
   INSERT INTO commits SELECT position, actor, seq, hash, CAST(json_array(at, epoch, state, status, event, opens, closes, sums) AS BLOB) FROM columnar ORDER BY position;
   INSERT INTO commits SELECT seq, 0, seq, '', x'' FROM sqlite_sequence WHERE name = 'columnar' AND seq > (SELECT coalesce(max(position), 0) FROM commits);
   CREATE TABLE uses (hash TEXT NOT NULL, run TEXT NOT NULL, PRIMARY KEY (hash, run)) WITHOUT ROWID;
   INSERT OR IGNORE INTO uses SELECT substr(u.value, 7), a.run FROM (
       SELECT id AS actor, snapshot AS value FROM actors UNION ALL SELECT id, meta FROM actors UNION ALL SELECT actor, event FROM columnar UNION ALL
       SELECT actor, data FROM pending UNION ALL SELECT actor, envelope FROM replies UNION ALL SELECT actor, input FROM ledger UNION ALL
       SELECT actor, outcome FROM ledger UNION ALL SELECT actor, data FROM entries) u
     JOIN actors a ON a.id = u.actor WHERE substr(u.value, 1, 6) = '@blob:';
   INSERT OR IGNORE INTO uses SELECT substr(envelope, 7), run FROM mail WHERE substr(envelope, 1, 6) = '@blob:';
   DROP TABLE columnar;
   ALTER TABLE pending RENAME TO waiting;
   CREATE TABLE pending (key TEXT PRIMARY KEY, actor INTEGER NOT NULL, kind TEXT NOT NULL, due INTEGER, data TEXT NOT NULL) WITHOUT ROWID;
   INSERT INTO pending SELECT key, actor, kind, due, data FROM waiting;
   DROP TABLE waiting;
   CREATE INDEX pending_actor ON pending (actor);
   ALTER TABLE ledger ADD COLUMN position INTEGER;`,
  // A result that is stored without a commit has its key once, and without the address of its actor (results.ts). Those of earlier versions stay in `ledger`.
  `CREATE TABLE results (n INTEGER PRIMARY KEY, actor INTEGER NOT NULL, key TEXT NOT NULL, position INTEGER NOT NULL, at INTEGER NOT NULL, name TEXT NOT NULL, input TEXT, outcome TEXT NOT NULL, sum BLOB NOT NULL, UNIQUE (actor, key));`,
  // A value may be stored in parts, which an earlier version does not know (blobs.ts). The tables are as they were.
  `SELECT 1;`,
  // A commit may hold a message that it sends, and the snapshot of its actor, which an earlier version looks for in rows. The tables are as they were.
  `SELECT 1;`,
];

/** The version of a file that has had all migrations. */
export const newestVersion: number = migrations.length;

/** Bytes of a page of a new file. A commit changes a part of three pages, and each is written whole; a smaller page would not hold the row of an agent. */
export const pageSize = 2_048;

/** Does a file have the schema of this version? Two versions may have the same one: then they differ in what stands in the rows. */
export const isSchemaOf = (rows: readonly SchemaRow[], version: number): boolean =>
  version > 0 && version <= newestVersion && isSchema(rows, schemaAfter(migrations.slice(0, version)));

/** Does a file have the schema of a version, whatever its header says? */
export const isJournalSchema = (rows: readonly SchemaRow[]): boolean =>
  migrations.some((_, before) => isSchemaOf(rows, before + 1));

/** Brings an open file to the newest version. `busyTimeout`: milliseconds to wait for another process that opens the same new file. Throws `incompatible` for a newer version or another program's database. */
export function migrate(db: SqliteDriver, path: string, busyTimeout: number): void {
  const { version, tables } = versionOf(db);
  requireKnown(version, path);
  if (version === 0 && tables !== 0) {
    throw new TroupeError(
      'incompatible',
      `${path} is a database of another program. Choose another file with --db. Nothing was changed.`,
    );
  }
  if (version === 0) db.exec(`PRAGMA page_size = ${pageSize}`);
  writeAhead(db, busyTimeout);
  db.exec('PRAGMA synchronous = FULL');
  if (version === migrations.length) return;
  db.exec('BEGIN IMMEDIATE');
  // The version is read again under the lock: another process may have migrated meanwhile.
  const found = versionOf(db).version;
  // A new file gets the newest schema at once, and so no pages that migrations would leave free.
  for (const sql of found === 0 ? schemaAfter(migrations).values() : migrations.slice(found)) db.exec(sql);
  db.exec(`PRAGMA user_version = ${migrations.length}`);
  db.exec('COMMIT');
}

/** Throws `incompatible` when a newer troupe has migrated the open file since: what is not understood any more is no damage. */
export function requireKnownVersion(db: SqliteDriver): void {
  const { file } =
    db.prepare<{ file: string }>(`SELECT file FROM pragma_database_list WHERE name = 'main'`).get() ?? {};
  requireKnown(versionOf(db).version, String(file));
}

function requireKnown(version: number, path: string): void {
  if (version <= newestVersion) return;
  throw new TroupeError(
    'incompatible',
    `The journal ${path} is of version ${version}; this troupe reads up to ${newestVersion}. Use the newer troupe that wrote it. Nothing was changed.`,
    { data: { found: version, known: newestVersion } },
  );
}

/** Reads both in one statement: between two, another process may have made the tables. */
function versionOf(db: SqliteDriver): { version: number; tables: number } {
  const row = db
    .prepare<{ version: number; tables: number }>(
      'SELECT (SELECT user_version FROM pragma_user_version) AS version, (SELECT count(*) FROM sqlite_master) AS tables',
    )
    .get();
  return { version: Number(row?.version), tables: Number(row?.tables) };
}

/** Milliseconds between two attempts. */
const pause = 20;

/** Switches to the write-ahead log. SQLite does not wait for the lock that this needs, whatever its busy timeout. */
function writeAhead(db: SqliteDriver, timeout: number): void {
  for (let left = timeout; ; left -= pause) {
    try {
      return db.exec('PRAGMA journal_mode = WAL');
    } catch (thrown) {
      if (!(thrown instanceof TroupeError) || !thrown.retryable || left <= 0) throw thrown;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, pause);
    }
  }
}
