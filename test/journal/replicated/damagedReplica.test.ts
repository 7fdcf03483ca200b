/** What a machine has of a shared journal is damaged: it is rebuilt from the log with a word about it, and every question has its true answer. */
import { pageSize } from '../../../src/journal/sqlite/schema.ts';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { systemClock } from '../../../src/engine/clock.ts';
import type { Journal } from '../../../src/journal/journal.ts';
import { openReplica } from '../../../src/journal/replicated/replicaFile.ts';
import { replicated } from '../../../src/journal/replicated/replicated.ts';
import { openSqliteDriver } from '../../../src/journal/sqlite/driver.ts';
import { SharedLog } from '../../../src/testing/world/sharedLog.ts';
import { commitFor } from '../../../src/testing/suites/commit.ts';
import { corrupt, fill, readAll, wrongAnswers } from '../sqlite/readings.ts';

const folder = mkdtempSync(join(tmpdir(), 'troupe-replica-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const clock = systemClock();

/** A filled log, the file of a process that has applied it, and the true answers. */
async function appliedLog(snapshotEvery = 1_000) {
  const log = new SharedLog();
  const place = mkdtempSync(join(folder, 'view-'));
  const journal = await replicated({ log: log.open(), replica: await openReplica(place, 'x'), clock, snapshotEvery });
  await fill(journal);
  const truth = await readAll(journal);
  expect(Object.values(truth)).not.toContain(corrupt);
  await journal[Symbol.asyncDispose]();
  const [name = ''] = readdirSync(place);
  return { log, truth, name, sound: readFileSync(join(place, name)), snapshotEvery };
}

/** Starts a process that finds this file, asks everything, and goes on. Returns what the operator was told. */
async function startWith(
  bytes: Buffer,
  { log, truth, name, snapshotEvery }: Awaited<ReturnType<typeof appliedLog>>,
  where: string,
) {
  const place = mkdtempSync(join(folder, 'damaged-'));
  writeFileSync(join(place, name), bytes);
  const notices: string[] = [];
  const onNotice = (says: string) => void notices.push(says);
  const replica = await openReplica(place, 'x', onNotice);
  const journal: Journal = await replicated({ log: log.open(), replica, clock, snapshotEvery, onNotice });
  try {
    const answers = await readAll(journal);
    expect(wrongAnswers(answers, truth), where).toEqual([]);
    expect(Object.values(answers), where).not.toContain(corrupt);
    expect((await journal.verify()).damage, where).toEqual([]);
    return { notices, journal };
  } finally {
    await journal[Symbol.asyncDispose]();
  }
}

test.each([
  ['whose log has every entry', 1_000],
  ['whose log begins with a snapshot', 40],
])(
  'a flipped bit anywhere in what a machine has of a journal %s costs a rebuilding, and no answer',
  async (_, snapshotEvery) => {
    const applied = await appliedLog(snapshotEvery);
    const { sound } = applied;
    const trees = Array.from({ length: sound.length / pageSize }, (__, page) => page).filter(
      (page) => page === 0 || [2, 5, 10, 13].includes(sound.readUInt8(page * pageSize)),
    );
    let told = 0;
    for (const [seed, page] of trees.filter((__, n) => n % (snapshotEvery > 100 ? 3 : 8) === 0).entries()) {
      const at = page * pageSize + (((seed + 5) * 2_654_435_761) % pageSize);
      const damaged = Buffer.from(sound);
      damaged.writeUInt8(damaged.readUInt8(at) ^ (1 << (seed % 8)), at);
      const { notices } = await startWith(
        damaged,
        applied,
        `bit ${seed % 8} of byte ${at % pageSize} on page ${page + 1}`,
      );
      if (notices.length > 0) told++;
      for (const says of notices) expect(says).toMatch(/is damaged, and is rebuilt from the log: nothing is lost/);
    }
    expect(told).toBeGreaterThan(1);
  },
);

test('a file that is cut, emptied or of another sort is rebuilt or left alone, and every answer is true', async () => {
  const applied = await appliedLog();
  const { sound } = applied;
  const zeroed = (page: number) => Buffer.from(sound).fill(0, page * pageSize, (page + 1) * pageSize);
  const songs = join(folder, 'songs.db');
  const db = await openSqliteDriver(songs);
  db.exec('CREATE TABLE songs (title TEXT)');
  db.close();
  const cases = {
    cut: sound.subarray(0, Math.floor(sound.length / 2)),
    short: sound.subarray(0, 100),
    nothing: Buffer.alloc(0),
    header: zeroed(0),
    table: zeroed(1),
    index: zeroed(3),
    text: Buffer.from('Dear diary, '.repeat(1_000)),
    'another database': readFileSync(songs),
  };
  for (const [what, bytes] of Object.entries(cases)) await startWith(Buffer.from(bytes), applied, what);
});

test('a place in the log that is not what was written is not taken for a server that has lost entries', async () => {
  const applied = await appliedLog();
  const { sound, log } = applied;
  const id = log.entries.at(-1)?.id ?? '';
  const at = sound.lastIndexOf(id);
  expect(at).toBeGreaterThan(0);
  const damaged = Buffer.from(sound);
  damaged.writeUInt8(damaged.readUInt8(at) ^ 1, at);
  const { notices } = await startWith(damaged, applied, 'the mark');
  expect(notices).toEqual([expect.stringMatching(/is rebuilt from the log/)]);
});

test('a run whose process finds its copy damaged goes on, and what was stored is not stored again', async () => {
  const applied = await appliedLog();
  const place = mkdtempSync(join(folder, 'goes-on-'));
  const damaged = Buffer.from(applied.sound);
  // A dead letter: nothing is noticed before it is read.
  const at = damaged.lastIndexOf('r0-lost');
  damaged.writeUInt8(damaged.readUInt8(at) ^ 1, at);
  mkdirSync(place, { recursive: true });
  writeFileSync(join(place, applied.name), damaged);
  const notices: string[] = [];
  const replica = await openReplica(place, 'x', (says) => void notices.push(says));
  await using journal = await replicated({
    log: applied.log.open(),
    replica,
    clock,
    onNotice: (says) => void notices.push(says),
  });
  const epoch = await journal.claim('r0', 'another', { now: clock.now() * 2, ttl: 1_000 });
  const entries = applied.log.entries.length;
  const [stored] = await Promise.all([
    journal.load('agent/r0'),
    journal.commit(commitFor({ run: 'r0', actor: 'agent/r0', seq: 5, epoch })),
  ]);
  expect(stored?.seq).toBeGreaterThanOrEqual(4);
  expect((await journal.load('agent/r0'))?.seq).toBe(5);
  expect(applied.log.entries.length - entries).toBeLessThanOrEqual(2);
  expect(notices).toEqual([]);
  expect(await journal.list('agent/r0', 'dead')).toEqual(applied.truth['dead agent/r0']);
  expect(notices).toEqual([
    expect.stringMatching(/agent\/r0.* is rebuilt from the log|is rebuilt from the log.*agent\/r0/),
  ]);
  expect((await journal.load('agent/r0'))?.seq).toBe(5);
  await journal.commit(commitFor({ run: 'r0', actor: 'agent/r0', seq: 6, epoch }));
  expect((await journal.verify()).damage).toEqual([]);
});
