import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { recordsIn } from './recordsIn.ts';
import { flow, openRuntime, type StreamedContent } from '../../src/index.ts';

const megabyte = 1024 * 1024;

function newDb(): string {
  const folder = mkdtempSync(join(tmpdir(), 'troupe-artifacts-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, 'troupe.db');
}
const contentsOf = (db: string) =>
  existsSync(`${db}.blobs`)
    ? readdirSync(`${db}.blobs`, { recursive: true, encoding: 'utf8' }).filter((path) =>
        /^..[/\\][0-9a-f]{62}$/.test(path),
      )
    : [];
const large = (letter: string) => letter.repeat(100_000);

const saves = (name: string, ...letters: readonly string[]) =>
  flow(name, (ctx) =>
    ctx.checkpoint('save', async () => {
      for (const letter of letters) await ctx.save(letter, large(letter));
      await ctx.save('small', 1);
    }),
  );

test('an artifact of 200 MB is saved and read in another process with little memory, and is not in the journal', async () => {
  const db = newDb();
  let most = 0;
  const before = process.memoryUsage().arrayBuffers;
  const measure = () => (most = Math.max(most, process.memoryUsage().arrayBuffers - before));
  async function* content() {
    const part = new Uint8Array(megabyte).fill(7);
    for (let i = 0; i < 200; i++) {
      measure();
      yield part;
    }
  }
  const writer = flow('writer', (ctx) =>
    ctx.checkpoint('save', async () => (await ctx.save('video', content())).bytes),
  );
  {
    await using runtime = await openRuntime({ db });
    const outcome = await (await runtime.start(writer, null, { key: 'w' })).outcome();
    expect(outcome).toMatchObject({ output: 200 * megabyte });
    const records = JSON.stringify(await runtime.journal.ledger('w'));
    expect(records.length).toBeLessThan(10_000);
  }
  const reader = flow('reader', (ctx) =>
    ctx.checkpoint('read', async () => {
      let size = 0;
      for await (const part of (await ctx.load('w', 'video')) as StreamedContent) {
        size += part.length;
        measure();
      }
      return size;
    }),
  );
  await using runtime = await openRuntime({ db });
  expect(await (await runtime.start(reader, null)).outcome()).toMatchObject({ output: 200 * megabyte });
  expect(most).toBeLessThan(130 * megabyte);
});

test('small artifacts need no files', async () => {
  const db = newDb();
  await using runtime = await openRuntime({ db });
  const small = flow('small', (ctx) => ctx.checkpoint('save', () => ctx.save('a', 'small')));
  await (await runtime.start(small, null)).outcome();
  expect(existsSync(`${db}.blobs`)).toBe(false);
});

test('the same content of many runs is one file, which goes with the last of them', async () => {
  const db = newDb();
  await using runtime = await openRuntime({ db, keep: false });
  await (await runtime.start(saves('first', 'a', 'b'), null, { key: 'first' })).outcome();
  expect(contentsOf(db)).toHaveLength(2);
  await (await runtime.start(saves('second', 'a'), null, { key: 'second' })).outcome();
  expect(contentsOf(db)).toHaveLength(2);
  const [ended] = await runtime.journal.find({ run: 'second', parent: null });
  const time = ended!.updated;
  expect(await runtime.journal.prune(time)).toBe(1);
  expect(contentsOf(db)).toHaveLength(1);
  const reader = flow('reader', (ctx) => ctx.checkpoint('load', () => ctx.load('second', 'a')));
  expect(await (await runtime.start(reader, null)).outcome()).toMatchObject({ output: large('a') });
  expect(await runtime.journal.prune(time + 1)).toBe(1);
  expect(contentsOf(db)).toHaveLength(0);
});

test('a run whose large artifact was removed by hand says so, and nothing else of it is lost', async () => {
  const db = newDb();
  {
    await using runtime = await openRuntime({ db });
    await (await runtime.start(saves('saver', 'a'), null, { key: 'r' })).outcome();
  }
  rmSync(`${db}.blobs`, { recursive: true });
  await using runtime = await openRuntime({ db });
  const reader = flow('reader', async (ctx) => [
    await ctx.checkpoint('small', () => ctx.load('r', 'small')),
    await ctx.checkpoint('large', () => ctx.load('r', 'a')),
  ]);
  expect(await (await runtime.start(reader, null, { key: 'reader' })).outcome()).toMatchObject({
    failure: { kind: 'storage' },
  });
  expect(await recordsIn(runtime, 'reader', 'call')).toMatchObject([
    { id: 'small', outcome: { output: 1 } },
    { id: 'large', outcome: { ok: false } },
  ]);
});
