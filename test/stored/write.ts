/**
 * Wrote the fixtures: npx tsx --conditions troupe-source test/stored/write.ts
 *
 * Stored files are never written again, because the test is about files of an older version. This program leaves every file that exists as it is;
 * it writes only those of a story that was added.
 */
import { existsSync, copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os, { tmpdir } from 'node:os';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Journal } from '../../src/journal/journal.ts';
import type { StoryName } from './stories.ts';
import type { World } from './subjects.ts';

// A journal names the process that owned a run. This one is on a machine that does not exist.
os.hostname = () => 'stored.example';
syncBuiltinESMExports();
Object.defineProperty(process, 'pid', { value: 4_194_305 });

const { cassetteText, exportRun, testRuntime } = await import('troupe/testing');
const { sqlite } = await import('../../src/journal/sqlite/sqlite.ts');
const { cassettes, copyOf, fixture, goOn, hashesOf } = await import('./journals.ts');
const { recordShared, storedShared } = await import('./shared.ts');
const { readsOf } = await import('./reads.ts');
const { stories } = await import('./stories.ts');

const folder = mkdtempSync(join(tmpdir(), 'troupe-stored-'));
const write = (name: string, text: string | Uint8Array) => writeFileSync(fixture(name), text, { flag: 'wx' });
const packed = (content: string | Uint8Array) => gzipSync(content, { level: 9 });
const json = (value: unknown) => `${JSON.stringify(value, null, 1)}\n`;
mkdirSync(fixture('.'), { recursive: true });

/** Runs the first process of a story, which is never closed. Gives what it had called when it was cut. */
async function begin(name: StoryName, journal: Journal, cut: () => void): Promise<readonly string[]> {
  const world: World = { calls: [], isBobAway: true };
  const runtime = await testRuntime({ journal });
  let calls: readonly string[] | undefined;
  await stories[name].begin({ runtime, world }, () => {
    cut();
    calls = world.calls.toSorted();
  });
  if (!calls) throw new Error(`The story ${name} was not cut.`);
  return calls;
}

/** Writes what a later version must read, and how the runs must end. */
async function expected(name: StoryName, called: readonly string[], open: () => Promise<Journal>): Promise<void> {
  await using journal = await open();
  const [reads, hashes] = [await readsOf(journal), await hashesOf(journal)];
  const ends = await goOn(name, journal);
  write(`${name}.reads.json`, json(reads));
  write(`${name}.ends.json`, json({ called, hashes, ...ends }));
  for (const run of cassettes[name])
    write(`${run}.cassette.json.gz`, packed(cassetteText(await exportRun(journal, run, { env: {} }))));
}

for (const name of ['approval', 'team', 'routing', 'letters'] as const) {
  if (existsSync(fixture(`${name}.db.gz`))) continue;
  const [path, cut] = [join(folder, `${name}-first.db`), join(folder, `${name}-cut.db`)];
  // What a killed process leaves behind: the file and its write-ahead log.
  const called = await begin(name, await sqlite(path), () => {
    for (const end of ['', '-wal']) copyFileSync(path + end, cut + end);
  });
  // Closing it moves the write-ahead log into the file, so that one file is the whole journal.
  await (await sqlite(cut))[Symbol.asyncDispose]();
  write(`${name}.db.gz`, packed(readFileSync(cut)));
  await expected(name, called, () => copyOf(name, folder));
}

if (!existsSync(fixture('shared.store.json.gz'))) {
  const { journal, cut, taken } = recordShared();
  const called = await begin('shared', journal, cut);
  write('shared.store.json.gz', packed(taken()));
  await expected('shared', called, storedShared);
}

rmSync(folder, { recursive: true });
process.exit();
