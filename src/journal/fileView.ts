/** A view in a SQLite file of one process: after a restart only what came since is played. What was acknowledged is in the log, so the file may lose its last moments in a power cut. */
import { createReadStream, createWriteStream, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { constants, createGunzip, createGzip } from 'node:zlib';
import { openDriver, type Driver } from './driver.ts';
import { migrate } from './schema.ts';
import { journalIn } from './sqlite.ts';
import { Turn } from './turn.ts';
import { unplayed, type Mark, type View } from './view.ts';

/** Beside the tables of the journal. */
const tables = `
  CREATE TABLE IF NOT EXISTS played (log TEXT NOT NULL, position INTEGER NOT NULL, id TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS writers (name TEXT PRIMARY KEY, next INTEGER NOT NULL, position INTEGER NOT NULL) WITHOUT ROWID;`;

/** Opens a view, making the file when there is none; `:memory:` is one of this process's life. Rejects with `storage` while another process has it, `corrupt` or `incompatible` when it cannot be read. */
export async function fileView(path: string, driver?: Driver['name']): Promise<View> {
  const db = await openDriver(path, driver);
  try {
    // Nobody else may play into it, and the lock goes with the process, however it ends.
    db.exec('PRAGMA locking_mode = EXCLUSIVE');
    migrate(db, path, 0);
    db.exec('PRAGMA synchronous = NORMAL');
    db.exec(`BEGIN IMMEDIATE; ${tables} COMMIT`);
  } catch (thrown) {
    db.close();
    throw thrown;
  }
  const turn = new Turn(db);
  const nextOf = db.prepare('SELECT next FROM writers WHERE name = ?');
  const write = db.prepare('INSERT OR REPLACE INTO writers (name, next, position) VALUES (?, ?, ?)');
  const forget = db.prepare('DELETE FROM writers WHERE position < ?');
  const unmark = db.prepare('DELETE FROM played');
  const remark = db.prepare('INSERT INTO played (log, position, id) VALUES (?, ?, ?)');
  const markOf = db.prepare('SELECT log, position, id FROM played');
  const read = () => (markOf.get() as unknown as Mark | undefined) ?? unplayed;
  let mark = read();
  let open = true;

  return {
    path: path === ':memory:' ? undefined : path,
    journal: { ...journalIn(db, turn), async [Symbol.asyncDispose]() {} },
    get mark() {
      return mark;
    },
    next: (writer) => Number(nextOf.get(writer)?.next ?? 0),
    play(to, by, work) {
      turn.take(() => {
        work();
        unmark.run();
        remark.run(to.log, to.position, to.id);
        if (by) write.run(by.writer, by.next, to.position);
      });
      mark = to;
    },
    forget: (before) => void forget.run(before),
    dump: () => dumpOf(db),
    async load(dump) {
      if (dump) await become(db, turn, dump, driver);
      else turn.take(() => empty(db));
      mark = read();
    },
    async [Symbol.asyncDispose]() {
      if (!open) return;
      open = false;
      // A driver may keep a closed file open, and locked, until its statements are collected.
      db.exec('PRAGMA journal_mode = DELETE; PRAGMA locking_mode = NORMAL');
      read();
      db.close();
    },
  };
}

/** All tables, and how far the numbers that are never used again have come. */
const namesOf = (db: Driver): string[] => [
  'sqlite_sequence',
  ...db
    .prepare("SELECT name FROM main.sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
    .all()
    .map(({ name }) => String(name)),
];

function empty(db: Driver): void {
  for (const name of namesOf(db)) db.exec(`DELETE FROM main.${name}`);
}

/** Without what was deleted: a file's free pages stay behind. */
function dumpOf(db: Driver): AsyncIterable<Uint8Array> {
  const folder = mkdtempSync(join(tmpdir(), 'troupe-view-'));
  const file = join(folder, 'dump.db');
  const end = () => rmSync(folder, { recursive: true, force: true });
  try {
    db.exec(`VACUUM INTO '${file.replaceAll("'", "''")}'`);
  } catch (thrown) {
    end();
    throw thrown;
  }
  return (async function* () {
    try {
      const packed = createReadStream(file).compose(createGzip({ level: constants.Z_BEST_SPEED }));
      yield* packed as AsyncIterable<Uint8Array>;
    } finally {
      end();
    }
  })();
}

/** In the open file, so that whoever reads it goes on; in one transaction. */
async function become(db: Driver, turn: Turn, dump: AsyncIterable<Uint8Array>, driver?: Driver['name']): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'troupe-view-'));
  try {
    const file = join(folder, 'dump.db');
    await pipeline(Readable.from(dump), createGunzip(), createWriteStream(file));
    const dumped = await openDriver(file, driver);
    try {
      migrate(dumped, 'in the snapshot', 0);
    } finally {
      dumped.close();
    }
    db.exec(`ATTACH '${file.replaceAll("'", "''")}' AS dumped`);
    try {
      turn.take(() => {
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
