/** Branches of a body: those that nobody awaits, that are stopped, and that end in another order than before. */
import { expect, test } from 'vitest';
import { checkpoint, flow, openRuntime } from '../../src/index.ts';
import { virtualClock } from '../../src/testing/clock.ts';
import { toFailure } from '../../src/values/failure.ts';
import { deferred } from '../deferred.ts';
import { answerOnly, journalOf, onDisk, resultIn, untilRest } from './processes.ts';

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const untilStopped = (signal: AbortSignal) =>
  new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(new Error('stopped'))));

test('a branch that nobody awaits is part of the flow, with all its calls', async () => {
  const { done, does } = journalOf();
  const steps = flow('steps', async (ctx) => {
    void (async () => {
      for (const name of ['a', 'b', 'c']) await ctx.checkpoint(name, () => does(name));
    })();
    return 'returned';
  });
  await using runtime = await onDisk()();
  expect(resultIn(await untilRest(runtime, steps, null))).toBe('returned');
  expect(done).toEqual(['a', 'b', 'c']);
});

test('a call after the end of the body is refused', async () => {
  let late: Promise<string> | undefined;
  const ended = deferred();
  const steps = flow('steps', async (ctx) => {
    void (async () => {
      await ended.promise;
      late = ctx.checkpoint('late', () => 'late');
      late.catch(() => {});
    })();
  });
  await using runtime = await onDisk()();
  await untilRest(runtime, steps, null);
  ended.resolve();
  await pause(5);
  await expect(late).rejects.toMatchObject({ kind: 'scope' });
});

test('a cancel ends a body that catches every error and goes on', async () => {
  const { done, does } = journalOf();
  const stubborn = flow('stubborn', async (ctx) => {
    for (;;)
      try {
        does('round');
        await ctx.wait({ name: 'never' });
      } catch {}
  });
  const clock = virtualClock();
  await using runtime = await openRuntime({ db: 'memory', clock, env: {}, project: false });
  const handle = await runtime.start(stubborn, null, { key: 'r' });
  while ((await runtime.tickets('r')).length === 0) await pause(5);
  await runtime.signal(handle.root, { type: 'run.cancel', reason: 'enough' });
  // It is refused more often than at once, and the process goes on beside it.
  while (done.length < 200) await pause(5);
  clock.advance(11_000);
  expect(await handle.outcome()).toEqual({ status: 'cancelled', reason: 'enough' });
  const rounds = done.length;
  await pause(20);
  expect(done.length).toBe(rounds);
});

test('a cancel is a cancel, although a branch is not awaited yet', async () => {
  const { done, does } = journalOf();
  const steps = flow('steps', async (ctx) => {
    const branch = (async () =>
      ctx.checkpoint('work', ({ signal }) => {
        does('work');
        return untilStopped(signal);
      }))();
    await ctx.wait({ name: 'go' });
    await branch;
  });
  await using runtime = await onDisk()();
  const handle = await runtime.start(steps, null, { key: 'r' });
  while (done.length === 0 || (await runtime.tickets('r')).length === 0) await pause(5);
  await runtime.signal(handle.root, { type: 'run.cancel', reason: 'enough' });
  expect(await handle.outcome()).toMatchObject({ status: 'cancelled', reason: 'enough' });
});

test('a body that fails stops what is under way beside it', async () => {
  let isStopped = false;
  const steps = flow('steps', async (ctx) =>
    Promise.all([
      ctx.checkpoint('fails', async () => {
        await pause(10);
        throw new Error('broken');
      }),
      ctx.checkpoint('long', ({ signal }) => untilStopped(signal).finally(() => (isStopped = true))),
    ]),
  );
  await using runtime = await onDisk()();
  expect(await untilRest(runtime, steps, null)).toMatchObject({ status: 'failed', failure: { message: 'broken' } });
  expect(isStopped).toBe(true);
});

test('items that were stopped because another one had failed are not performed again when the body is run again', async () => {
  const { done, does } = journalOf();
  const item = checkpoint('item', async (n: number, { signal }) => {
    does(`${n}`);
    if (n > 0) return untilStopped(signal);
    await pause(10);
    throw new Error('zero');
  });
  const steps = flow('steps', async (ctx) => {
    const failed = await ctx.map(item, [0, 1, 2]).catch((error: Error) => error.message);
    await ctx.wait({ name: 'go' });
    return failed;
  });
  const open = onDisk();
  {
    await using runtime = await open();
    await untilRest(runtime, steps, null);
  }
  await using runtime = await open();
  await answerOnly(runtime, null);
  expect(resultIn(await untilRest(runtime, steps, null))).toBe('zero');
  expect(done).toEqual(['0', '1', '2']);
});

test('a body that now waits for what had not ended, before it makes a call that is recorded, goes on', async () => {
  let isInOrder = false;
  const steps = flow('steps', async (ctx) => {
    const first = ctx.checkpoint('first', ({ signal }) => (isInOrder ? 'first' : untilStopped(signal)));
    if (isInOrder) await first;
    const second = await ctx.checkpoint('second', () => 'second');
    return [await first, second];
  });
  const open = onDisk();
  {
    await using runtime = await open();
    await runtime.start(steps, null, { key: 'r' });
    while ((await runtime.journal.ledger('r')).length === 0) await pause(5);
  }
  isInOrder = true;
  await using runtime = await open();
  expect(resultIn(await untilRest(runtime, steps, null))).toEqual(['first', 'second']);
});

test('what a body asks for is opened once, also when signals come all the time', async () => {
  let begun = 0;
  const child = flow('child', async () => void begun++);
  const steps = flow('steps', { uses: [child] }, async (ctx) => {
    for (let i = 0; i < 15; i++) await ctx.run(child, i);
  });
  await using runtime = await onDisk()();
  const handle = await runtime.start(steps, null, { key: 'r' });
  const { done, does } = journalOf();
  const outcome = handle.outcome().finally(() => does('ended'));
  for (let i = 0; done.length === 0; i++) {
    // A flow that has ended takes no signal, and its end may be told a moment later.
    const late = await runtime.signal(handle.root, { type: 'flow.signal', name: 'note', value: i }).then(
      () => undefined,
      (refused: unknown) => toFailure(refused).kind,
    );
    expect(late ?? 'conflict').toBe('conflict');
    await pause(i % 7);
  }
  expect(await outcome).toMatchObject({ status: 'done' });
  expect(begun).toBe(15);
});

test('a flow that takes longer than its deadline ends, and so does a child that takes longer than its own', async () => {
  const endless = flow('endless', { deadline: '20ms' }, async (ctx) =>
    ctx.checkpoint('work', ({ signal }) => untilStopped(signal)),
  );
  const parent = flow('parent', { uses: [endless] }, async (ctx) =>
    ctx.run(endless, null).catch(({ kind }: { kind: string }) => kind),
  );
  await using runtime = await onDisk()();
  expect(await untilRest(runtime, endless, null)).toMatchObject({ failure: { kind: 'expired' } });
  expect(resultIn(await untilRest(runtime, parent, null, 'other'))).toBe('expired');
});

test('while it is paused, work that waits for its turn is not begun', async () => {
  const { done, does } = journalOf();
  const released = deferred();
  const steps = flow('steps', { concurrency: 1 }, async (ctx) =>
    Promise.all([
      ctx.checkpoint('a', async () => {
        does('a');
        await released.promise;
      }),
      ctx.checkpoint('b', () => void does('b')),
    ]),
  );
  await using runtime = await onDisk()();
  const handle = await runtime.start(steps, null, { key: 'r' });
  while (done.length === 0) await pause(5);
  for (let i = 0; i < 2; i++) await runtime.signal(handle.root, { type: 'run.pause' });
  while (!(await runtime.journal.find({ run: 'r' })).some(({ tags }) => tags.includes('paused'))) await pause(5);
  released.resolve();
  while (!(await runtime.journal.ledger('r')).some(({ name }) => name === 'body.checkpoint')) await pause(5);
  await pause(20);
  expect(done).toEqual(['a']);
  for (let i = 0; i < 2; i++) await runtime.signal(handle.root, { type: 'run.resume' });
  expect(await handle.outcome()).toMatchObject({ status: 'done' });
  expect(done).toEqual(['a', 'b']);
});
