/** One flipped bit anywhere in a journal file: every read gives the right answer, or says that the journal is damaged; and the process lives. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { SqliteDriver } from '../../../src/journal/sqlite/database.ts';
import { pageSize } from '../../../src/journal/sqlite/schema.ts';
import { sqlite } from '../../../src/journal/sqlite/sqlite.ts';
import { toFailure } from '../../../src/values/failure.ts';
import { drivers } from './drivers.ts';
import { corrupt, fill, readAll, wrongAnswers } from './readings.ts';

const folder = mkdtempSync(join(tmpdir(), 'troupe-flips-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
/** Types of pages that are nodes of a tree; any other holds the rest of a large value. */
const nodes: readonly number[] = [2, 5, 10, 13];

/** A journal with something in every table, as a closed file, and the true answers. */
async function soundFile(driver: SqliteDriver['name']) {
  const path = join(mkdtempSync(join(folder, 'sound-')), 'j.db');
  await using journal = await sqlite(path, { driver });
  await fill(journal);
  const truth = await readAll(journal);
  expect(wrongAnswers(truth, truth)).toEqual([]);
  expect(Object.values(truth)).not.toContain(corrupt);
  await journal[Symbol.asyncDispose]();
  return { sound: readFileSync(path), truth };
}

/** Flips one bit on each of these pages, and expects true answers or `corrupt`. Returns how often the damage showed. */
async function flipOn(
  pages: readonly number[],
  driver: SqliteDriver['name'],
  { sound, truth }: Awaited<ReturnType<typeof soundFile>>,
) {
  let shown = 0;
  for (const [seed, page] of pages.entries()) {
    const at = page * pageSize + (((seed + 1) * 2_654_435_761) % pageSize);
    const where = `bit ${seed % 8} of byte ${at % pageSize} on page ${page + 1}`;
    const damaged = Buffer.from(sound);
    damaged.writeUInt8(damaged.readUInt8(at) ^ (1 << (seed % 8)), at);
    const copy = join(folder, 'damaged.db');
    for (const end of ['-wal', '-shm']) rmSync(copy + end, { force: true });
    writeFileSync(copy, damaged);
    const opened = await sqlite(copy, { driver }).catch((thrown: unknown) => {
      expect(['corrupt', 'incompatible'], `${where}: ${String(thrown)}`).toContain(toFailure(thrown).kind);
      shown++;
      return undefined;
    });
    if (!opened) continue;
    await using journal = opened;
    const answers = await readAll(journal);
    expect(wrongAnswers(answers, truth), where).toEqual([]);
    if (Object.values(answers).includes(corrupt)) shown++;
  }
  return shown;
}

describe.each(drivers)('a journal on %s', (driver) => {
  test('with one flipped bit anywhere answers every question rightly or says that it is damaged: no foreign error, no short list, and the process lives', async () => {
    const file = await soundFile(driver);
    const all = Array.from({ length: file.sound.length / pageSize }, (_, page) => page);
    const trees = all.filter((page) => page === 0 || nodes.includes(file.sound.readUInt8(page * pageSize)));
    const others = all.filter((page) => !trees.includes(page)).slice(0, 3);
    expect(await flipOn([...trees, ...others], driver, file)).toBeGreaterThan(10);
  });

  test('with one flipped bit in its schema is refused, and the process lives', async () => {
    const file = await soundFile(driver);
    const isOfSchema = (page: number) =>
      page > 0 && file.sound.subarray(page * pageSize, (page + 1) * pageSize).includes('CREATE TABLE');
    const pages = Array.from({ length: file.sound.length / pageSize }, (_, page) => page).filter(isOfSchema);
    const flips = Array.from({ length: 60 }, (_, n) => [0, ...pages][n % (pages.length + 1)] ?? 0);
    expect(await flipOn(flips, driver, file)).toBeGreaterThan(20);
  });
});
