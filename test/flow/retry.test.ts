/** A flow that failed is retried: what it has is kept, and what it waits for is asked for anew. */
import { expect, test } from 'vitest';
import * as z from 'zod';
import { checkpoint, flow } from '../../src/index.ts';
import { journalOf, onDisk, resultIn, untilRest } from './processes.ts';

test('of two children of one flow, the one that failed goes on from its own records', async () => {
  const { done, does } = journalOf();
  let isBroken = true;
  const child = flow('child', { input: z.number() }, async (ctx, n) => {
    const first = await ctx.checkpoint('a', () => does(`a${n}`));
    await ctx.checkpoint('b', () => {
      does(`b${n}`);
      if (n === 2 && isBroken) throw new Error('broken');
    });
    return first;
  });
  const parent = flow('parent', { uses: [child] }, async (ctx) => [await ctx.run(child, 1), await ctx.run(child, 2)]);
  await using runtime = await onDisk()();
  expect(await untilRest(runtime, parent, null)).toMatchObject({ status: 'failed' });
  isBroken = false;
  expect(resultIn(await (await runtime.retry('r', parent)).outcome())).toEqual(['a1', 'a2']);
  expect(done).toEqual(['a1', 'b1', 'a2', 'b2', 'b2']);
});

test('signals that nobody had taken are there after a retry, and new ones come after them', async () => {
  let isBroken = true;
  const listen = flow('listen', async (ctx) => {
    const first = await ctx.signal('note');
    await ctx.checkpoint('work', () => {
      if (isBroken) throw new Error('broken');
    });
    return [first, await ctx.signal('note'), await ctx.signal('note')];
  });
  await using runtime = await onDisk()();
  const handle = await runtime.start(listen, null, { key: 'r' });
  // Both are there before the body has failed: it fails when it is told of the first.
  await runtime.signal(handle.root, { type: 'run.pause' });
  for (const value of [1, 2]) await runtime.signal(handle.root, { type: 'flow.signal', name: 'note', value });
  await runtime.signal(handle.root, { type: 'run.resume' });
  expect(await handle.outcome()).toMatchObject({ status: 'failed' });
  isBroken = false;
  const again = await runtime.retry('r', listen);
  await runtime.signal(again.root, { type: 'flow.signal', name: 'note', value: 3 });
  expect(resultIn(await again.outcome())).toEqual([1, 2, 3]);
});

test('after a signal that does not fit, a retry waits for the next one', async () => {
  const listen = flow('listen', async (ctx) => ctx.signal('note', z.number()));
  await using runtime = await onDisk()();
  const handle = await runtime.start(listen, null, { key: 'r' });
  await runtime.signal(handle.root, { type: 'flow.signal', name: 'note', value: 'text' });
  expect(await handle.outcome()).toMatchObject({ status: 'failed', failure: { kind: 'invalid' } });
  const again = await runtime.retry('r', listen);
  await runtime.signal(handle.root, { type: 'flow.signal', name: 'note', value: 5 });
  expect(resultIn(await again.outcome())).toBe(5);
});

test('retries that fail at other places go on from each of them; a question that had expired is asked anew', async () => {
  const { done, does } = journalOf();
  let fails = 'a';
  const steps = flow('steps', async (ctx) => {
    for (const name of ['a', 'b'])
      await ctx.checkpoint(name, () => {
        does(name);
        if (name === fails) throw new Error(name);
      });
    return ctx.wait({ name: 'ok', schema: z.number(), deadline: fails === 'ok' ? '5ms' : '1h' });
  });
  await using runtime = await onDisk()();
  expect(await untilRest(runtime, steps, null)).toMatchObject({ failure: { message: 'a' } });
  fails = 'b';
  expect(await (await runtime.retry('r', steps)).outcome()).toMatchObject({ failure: { message: 'b' } });
  fails = 'ok';
  expect(await (await runtime.retry('r', steps)).outcome()).toMatchObject({ failure: { kind: 'expired' } });
  fails = '';
  const handle = await runtime.retry('r', steps);
  expect(await handle.outcome({ returnWhenWaiting: true })).toMatchObject({ status: 'waiting' });
  for (const { id, answered } of await runtime.tickets('r')) if (!answered) await runtime.answer(id, 7);
  expect(resultIn(await handle.outcome())).toBe(7);
  expect(done).toEqual(['a', 'a', 'b', 'b']);
});

test('a call is performed again when one is that it had waited for', async () => {
  const { done, does } = journalOf();
  let isBroken = true;
  const first = checkpoint('first', () => {
    if (does('first') && isBroken) throw new Error('broken');
  });
  const second = checkpoint('second', () => void does('second'));
  const steps = flow('steps', async (ctx) => {
    const before = first.submit(ctx, null);
    await second.submit(ctx, null, { after: before }).result();
    await before.result();
  });
  await using runtime = await onDisk()();
  expect(await untilRest(runtime, steps, null)).toMatchObject({ status: 'failed' });
  isBroken = false;
  expect(await (await runtime.retry('r', steps)).outcome()).toMatchObject({ status: 'done' });
  expect(done).toEqual(['first', 'second', 'first', 'second']);
});

test('a replay that failed and is retried still takes what it had taken from its source', async () => {
  const { done, does } = journalOf();
  let isBroken = false;
  const steps = flow('steps', async (ctx) => {
    const side = ctx.checkpoint('side', () => does('side'));
    await ctx.checkpoint('work', () => {
      if (does('work') && isBroken) throw new Error('broken');
    });
    return [await side, await ctx.checkpoint('beside', () => does('beside'))];
  });
  await using runtime = await onDisk()();
  await untilRest(runtime, steps, null);
  done.length = 0;
  isBroken = true;
  const replay = await runtime.replay('r', steps, { from: 'work', key: 'again' });
  expect(await replay.outcome()).toMatchObject({ status: 'failed' });
  isBroken = false;
  expect(resultIn(await (await runtime.retry('again', steps)).outcome())).toEqual(['side', 'beside']);
  expect(done).toEqual(['work', 'work', 'beside']);
});
