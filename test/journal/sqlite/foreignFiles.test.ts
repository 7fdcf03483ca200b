/** Files that are not what a journal left: cut, emptied, mixed up, of another program or of another version. Each is told by name, or does no harm. */
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { openSqliteDriver } from '../../../src/journal/sqlite/driver.ts';
import { pageSize } from '../../../src/journal/sqlite/schema.ts';
import { sqlite } from '../../../src/journal/sqlite/sqlite.ts';
import { TroupeError } from '../../../src/values/failure.ts';
import { commitFor, commitTime as now } from '../../../src/testing/suites/commit.ts';
import { drivers } from './drivers.ts';
import { fill, readAll, wrongAnswers } from './readings.ts';

const folder = mkdtempSync(join(tmpdir(), 'troupe-files-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const fresh = () => join(mkdtempSync(join(folder, 'f-')), 'j.db');

/** A copy of an open journal, as a kill would leave it: with its write-ahead log. */
async function killedJournal(driver: (typeof drivers)[number], commits = 6) {
  const path = fresh();
  const copy = fresh();
  await using journal = await sqlite(path, { driver });
  await journal.claim('r', 'me', { now, ttl: 1_000 });
  for (let seq = 1; seq <= commits; seq++)
    await journal.commit(commitFor({ seq, snapshot: `state ${seq}`.repeat(50) }));
  for (const end of ['', '-wal']) copyFileSync(path + end, copy + end);
  return copy;
}

const damaged = (path: string, driver: (typeof drivers)[number]) =>
  sqlite(path, { driver }).then(
    async (journal) => {
      await using _ = journal;
      return (await journal.load('agent/a'))?.seq;
    },
    (thrown: unknown) => (thrown instanceof TroupeError ? thrown.kind : thrown),
  );

describe.each(drivers)('on %s', (driver) => {
  test('what was acknowledged is read back from the write-ahead log of a process that was killed', async () => {
    expect(await damaged(await killedJournal(driver), driver)).toBe(6);
  });

  test.each([
    ['its header', 10],
    ['the salt of its first frame', 32 + 9],
    ['a page of its first transaction', 32 + 24 + 700],
    ['the checksum of a frame', 32 + 18],
  ])(
    'a write-ahead log with a flipped bit in %s is named as damaged: no acknowledged commit is missing without a word',
    async (_, at) => {
      const path = await killedJournal(driver);
      const log = readFileSync(`${path}-wal`);
      log.writeUInt8(log.readUInt8(at) ^ 4, at);
      writeFileSync(`${path}-wal`, log);
      await expect(sqlite(path, { driver })).rejects.toMatchObject({
        name: 'TroupeError',
        kind: 'corrupt',
        message: expect.stringMatching(/write-ahead log is damaged/) as string,
      });
    },
  );

  test('a write-ahead log whose last transaction is incomplete, as a power cut leaves it, is no damage', async () => {
    const path = await killedJournal(driver);
    truncateSync(`${path}-wal`, statSync(`${path}-wal`).size - 700);
    expect(await damaged(path, driver)).toBe(5);
  });

  test('a file of another sort is refused by name, and not changed', async () => {
    const songs = fresh();
    const db = await openSqliteDriver(songs, driver);
    db.exec('CREATE TABLE songs (title TEXT); CREATE INDEX titles ON songs (title)');
    db.close();
    const [text, short, nothing] = [fresh(), fresh(), fresh()];
    writeFileSync(text, 'Dear diary, '.repeat(1_000));
    writeFileSync(short, 'SQLite format 3\0');
    writeFileSync(nothing, '');
    mkdirSync(join(folder, 'a folder.db'), { recursive: true });
    for (const [path, kind] of [
      [songs, 'incompatible'],
      [text, 'corrupt'],
      [short, 'corrupt'],
      [join(folder, 'a folder.db'), 'storage'],
    ] as const) {
      const before = kind === 'storage' ? undefined : readFileSync(path);
      expect(await damaged(path, driver), path).toBe(kind);
      if (before) expect(readFileSync(path).equals(before)).toBe(true);
    }
    expect(await damaged(nothing, driver)).toBeUndefined();
  });

  test('a page that was emptied, and a file that was cut anywhere, give true answers or are told as damage', async () => {
    const path = fresh();
    {
      await using journal = await sqlite(path, { driver });
      await fill(journal);
    }
    const sound = readFileSync(path);
    const truth = await (async () => {
      await using journal = await sqlite(path, { driver });
      return await readAll(journal);
    })();
    const pages = sound.length / pageSize;
    const emptied = [0, 1, 2, 3, 7, 12, 17, 23, 25, 28].map((page) =>
      Buffer.from(sound).fill(0, page * pageSize, (page + 1) * pageSize),
    );
    const cut = [
      100,
      3_000,
      pageSize,
      pageSize * 3,
      pageSize * Math.floor(pages / 2) + 5,
      sound.length - pageSize,
      sound.length - 1,
    ].map((size) => sound.subarray(0, size));
    for (const [n, bytes] of [...emptied, ...cut].entries()) {
      const copy = fresh();
      writeFileSync(copy, bytes);
      try {
        await using journal = await sqlite(copy, { driver });
        expect(wrongAnswers(await readAll(journal), truth), `damage ${n}`).toEqual([]);
      } catch (thrown) {
        expect(thrown, `damage ${n}`).toMatchObject({ name: 'TroupeError', kind: 'corrupt' });
      }
    }
  });

  test('a schema that is no text any more does not end the process that opens the file', async () => {
    const path = fresh();
    await (await sqlite(path, { driver }))[Symbol.asyncDispose]();
    const bytes = readFileSync(path);
    // An earlier copy of a page may be left in a part that is not used.
    for (let at = bytes.indexOf('CREATE TABLE actors'); at >= 0; at = bytes.indexOf('CREATE TABLE actors', at + 1))
      bytes.writeUInt8(0xff, at + 13);
    writeFileSync(path, bytes);
    expect(await damaged(path, driver)).toBe('corrupt');
    expect(existsSync(path)).toBe(true);
  });
});
