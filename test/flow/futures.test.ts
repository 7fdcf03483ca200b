/** A future whose result nobody takes is part of its flow all the same. */
import { expect, test } from 'vitest';
import { replayed, testRuntime } from 'troupe/testing';
import { checkpoint, flow, openRuntime, run } from '../../src/index.ts';
import { deferred } from '../deferred.ts';

const square = checkpoint('square', (n: number) => {
  if (n < 0) throw new Error('no root');
  return n * n;
});

test.each([
  ['when the body ends at once', 0],
  ['when the body was told of it long before', 5],
])('a future that fails fails the flow, although nobody takes its result: %s', async (_, steps) => {
  const forgetful = flow('forgetful', async (ctx) => {
    ctx.submit(square, -1);
    for (let step = 0; step < steps; step++) await ctx.checkpoint('step', () => step);
    return 'done';
  });
  await expect(run(forgetful, null, { db: 'memory' })).rejects.toThrow('no root');
});

test('one whose failure was taken does not', async () => {
  const careful = flow('careful', async (ctx) => {
    const future = ctx.submit(square, -1);
    return future.result().catch(() => 'negative');
  });
  expect(await run(careful, null, { db: 'memory' })).toBe('negative');
});

test.each([
  ['when the body ends at once', 0],
  ['when the body was told of it long before', 5],
])('a checkpoint that nobody awaits and that fails, fails the flow: %s', async (_, steps) => {
  const forgetful = flow('forgetful', async (ctx) => {
    void square.call(ctx, -1);
    for (let step = 0; step < steps; step++) await ctx.checkpoint('step', () => step);
    return 'done';
  });
  await expect(run(forgetful, null, { db: 'memory' })).rejects.toMatchObject({ kind: 'code', message: 'no root' });
});

test.each<[string, (calls: Promise<string>[]) => Promise<unknown>]>([
  ['race', (calls) => Promise.race(calls)],
  ['any', (calls) => Promise.any(calls)],
  [
    'a branch that catches',
    async ([slow, fast]) => {
      void (async () => slow!.catch(() => {}))();
      return fast;
    },
  ],
  [
    'a branch that awaits in try',
    async ([slow, fast]) => {
      void (async () => {
        try {
          await slow;
        } catch {}
      })();
      return fast;
    },
  ],
])('a checkpoint that fails after the body has what it needs is waited for, and fails nothing: %s', async (_, take) => {
  const seen: string[] = [];
  const first = flow('first', async (ctx) => {
    const fast = deferred();
    const slow = ctx.checkpoint('slow', async () => {
      await fast.promise;
      // The body returns with what follows from the other one first.
      for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
      seen.push('slow');
      throw new Error('too late');
    });
    return take([slow, ctx.checkpoint('fast', () => (fast.resolve(), 'fast'))]);
  });
  expect(await run(first, null, { db: 'memory' })).toBe('fast');
  expect(seen).toEqual(['slow']);
  expect(await run(replayed(first), null, { db: 'memory' })).toBe('fast');
});

test('what is no list cannot be mapped over, and the error says what was given', async () => {
  const wrong = flow('wrong', async (ctx) => ctx.map(square, 5 as never));
  await expect(run(wrong, null, { db: 'memory' })).rejects.toThrow(
    'ctx.map("square") takes a list of items, such as an array, and was given number 5',
  );
});

test('a product takes lists of any kind, and says which one is none', async () => {
  const pair = checkpoint('pair', ({ a, b }: { a: number; b: string }) => `${a}${b}`);
  const each = flow('each', async (ctx) => [
    await ctx.product(pair, { a: new Set([1, 2]) as never, b: ['x', 'y'] }),
    await ctx.product(pair, { a: [], b: ['x'] }),
    await ctx.product(pair, { a: [1], b: 'xy' as never }).catch((error: Error) => error.message),
    await ctx.product(pair, null as never).catch((error: Error) => error.message),
  ]);
  expect(await run(each, null, { db: 'memory' })).toEqual([
    ['1x', '1y', '2x', '2y'],
    [],
    'ctx.product("pair") takes a list of items, such as an array, and was given a string of 2 characters as "b".',
    'ctx.product("pair") takes an object of lists, such as { size: [1, 2] }, and was given null.',
  ]);
});

test('a child begins after what it is told to wait for, and is made anew when that is', async () => {
  const order: string[] = [];
  const child = flow('child', async () => order.push('child'));
  const slow = checkpoint('slow', async (turns: number) => {
    for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve));
    order.push('slow');
  });
  const ordered = flow('ordered', { uses: [child] }, async (ctx) => {
    const first = ctx.submit(slow, 20);
    await ctx.run(child, null, { after: first });
  });
  await using runtime = await openRuntime({ db: 'memory' });
  await (await runtime.start(ordered, null, { key: 'o' })).outcome();
  expect(order).toEqual(['slow', 'child']);
  expect((await runtime.plan('o', { from: 'slow' })).rerun).toEqual(['slow', 'child']);
});

test('a child that waits for a call does not begin while the flow is paused', async () => {
  const order: string[] = [];
  const { promise: end, resolve: finish } = deferred<void>();
  const child = flow('child', async () => order.push('child'));
  const slow = checkpoint('slow', async () => {
    await end;
    order.push('slow');
  });
  const ordered = flow('ordered', { uses: [child] }, async (ctx) => {
    const first = ctx.submit(slow, undefined);
    return ctx.run(child, null, { after: first });
  });
  await using runtime = await testRuntime();
  const handle = await runtime.start(ordered, null, { key: 'o' });
  await runtime.settle();
  await runtime.signal(handle.root, { type: 'run.pause' });
  await runtime.settle();
  finish();
  await runtime.settle();
  expect(order).toEqual(['slow']);
  await runtime.signal(handle.root, { type: 'run.resume' });
  await runtime.settle();
  expect(await handle.outcome()).toMatchObject({ status: 'done', output: 2 });
});

test.each([[5], [{}], [[Promise.resolve(1)]]])('what is no call cannot be waited for: after %j', async (after) => {
  const wrong = flow('wrong', async (ctx) => ctx.checkpoint(square, 2, { after: after as never }));
  await expect(run(wrong, null, { db: 'memory' })).rejects.toMatchObject({
    kind: 'definition',
    message: expect.stringContaining('`after` takes what ctx.submit has given') as string,
  });
});
