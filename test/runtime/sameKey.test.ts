/** One key is one run: a start of something else under it is refused, and leaves the run as it is. */
import { expect, test } from 'vitest';
import { scriptedModel } from 'troupe/testing';
import { agent, flow } from '../../src/index.ts';
import { openRuntime } from '../../src/runtime/runtime.ts';
import { memory } from '../../src/journal/memory/memory.ts';
import { overrideMethods } from '../../src/testing/world/intercept.ts';
import type { Journal } from '../../src/journal/journal.ts';

const asking = flow('asking', async (ctx) => ctx.wait({ name: 'go' }));
const other = agent({ name: 'other', model: scriptedModel([{ text: 'Hello.' }]) });
const failing = (isBroken: () => boolean) =>
  flow('failing', async (ctx) =>
    ctx.checkpoint('work', () => {
      if (isBroken()) throw new Error('broken');
      return 'mended';
    }),
  );

test('another definition under the key of a run that is under way here is refused, and the run goes on', async () => {
  await using runtime = await openRuntime({ db: 'memory' });
  const handle = await runtime.start(asking, null, { key: 'k' });
  expect(await handle.outcome({ returnWhenWaiting: true })).toMatchObject({ status: 'waiting' });
  await expect(runtime.start(other, 'Hi.', { key: 'k' })).rejects.toMatchObject({ kind: 'conflict' });
  const [ticket] = await runtime.tickets('k');
  await runtime.answer(ticket!.id, null);
  expect(await handle.outcome()).toMatchObject({ status: 'done', output: null });
});

test('a run that has failed a moment ago is retried, and not begun a second time', async () => {
  await using runtime = await openRuntime({ db: 'memory' });
  let isBroken = true;
  const subject = failing(() => isBroken);
  const outcome = await (await runtime.start(subject, null, { key: 'k' })).outcome();
  expect(outcome).toMatchObject({ status: 'failed' });
  isBroken = false;
  expect(await (await runtime.retry('k', subject)).outcome()).toMatchObject({ status: 'done', output: 'mended' });
});

test('a run under a key that was made for it is not looked for, and is the run of that key afterwards', async () => {
  const stored = memory();
  let reads = 0;
  const counted =
    <Args extends readonly unknown[], Result>(read: (...args: Args) => Result) =>
    (...args: Args): Result => (reads++, read(...args));
  const journal = overrideMethods<Journal>(stored, {
    find: counted(stored.find),
    load: counted(stored.load),
    mail: counted(stored.mail),
  });
  await using runtime = await openRuntime({ journal });
  const handle = await runtime.start(asking, null, { key: 'k', isNew: true });
  expect(reads).toBe(0);
  expect(await handle.outcome({ returnWhenWaiting: true })).toMatchObject({ status: 'waiting' });
  // Where a run has the key all the same, it is gone on with, or the start is refused.
  expect((await runtime.start(asking, null, { key: 'k', isNew: true })).root).toBe(handle.root);
  await expect(runtime.start(other, 'Hi.', { key: 'k', isNew: true })).rejects.toMatchObject({ kind: 'conflict' });
  await handle.park();
  const again = await runtime.start(asking, null, { key: 'k', isNew: true });
  expect(again.root).toBe(handle.root);
  const [ticket] = await runtime.tickets('k');
  await runtime.answer(ticket!.id, null);
  expect(await again.outcome()).toMatchObject({ status: 'done', output: null });
});
