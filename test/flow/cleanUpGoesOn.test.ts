/** The clean-up of a cancelled flow is done, whatever its body waits for besides, and goes on in the next process; what the cancel stops is not begun again. */
import { setImmediate, setTimeout } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { replayed, testRuntime } from 'troupe/testing';
import { flow, TroupeError, type Flow } from '../../src/index.ts';
import { memory } from '../../src/journal/memory/memory.ts';
import { deferred } from '../deferred.ts';
import { journalOf, onDisk } from './processes.ts';
import { recordsIn } from './recordsIn.ts';

const cancel = { type: 'run.cancel', reason: 'enough' } as const;
const cancelled = { status: 'cancelled', reason: 'enough' };

/** A flow that charges after a wait that is no call, and undoes it. Its first process ends in the middle of that. */
function charging(idle: () => Promise<unknown>) {
  const { done, does } = journalOf();
  const [begun, charged, undoing, hangs] = [deferred<void>(), deferred<void>(), deferred<void>(), deferred<void>()];
  let times = 0;
  const subject = flow('charging', async (ctx) => {
    try {
      await idle();
      await ctx.checkpoint('charge', async () => {
        does('charge');
        begun.resolve();
        await charged.promise;
      });
    } finally {
      await ctx.nonCancellable(async () => {
        await ctx.checkpoint('refund', async () => {
          charged.resolve();
          await setImmediate();
          does('refund');
        });
        await ctx.checkpoint('release', () => {
          does('release');
          undoing.resolve();
          return ++times === 1 ? hangs.promise : undefined;
        });
      });
    }
  });
  return { done, subject, begun: begun.promise, undoing: undoing.promise };
}

test.each<[string, number]>([
  ['shortly', 5],
  ['longer than its next process waits for it', 1_500],
])(
  'a body that waits for something else before a call, %s, goes on with its clean-up in the next process',
  async (_, again) => {
    let starts = 0;
    const { done, subject, begun, undoing } = charging(() => setTimeout(++starts === 1 ? 5 : again));
    const open = onDisk();
    {
      await using first = await open();
      const handle = await first.start(subject, null, { key: 'r' });
      await begun;
      await first.signal(handle.root, cancel);
      await undoing;
      await handle.park(0);
      expect((await recordsIn(first, 'r', 'call')).map(({ id }) => id)).toEqual(['charge', 'refund']);
    }
    await using next = await open();
    expect(await (await next.resume('r', subject)).outcome()).toEqual(cancelled);
    expect(done).toEqual(['charge', 'refund', 'release', 'release']);
  },
);

test('code that takes long before the place of the cancel does not take the time of the clean-up in the next process', async () => {
  const { done, does } = journalOf();
  const [undoing, hangs] = [deferred<void>(), deferred<void>()];
  let times = 0;
  let compute = async () => {};
  const subject = flow('long', async (ctx) => {
    try {
      for (const n of [1, 2, 3, 4]) {
        await compute();
        await ctx.checkpoint('step', () => does(`step ${n}`));
      }
      await ctx.wait();
    } finally {
      await ctx.nonCancellable(() =>
        ctx.checkpoint('undo', () => {
          does('undo');
          undoing.resolve();
          return ++times === 1 ? hangs.promise : undefined;
        }),
      );
    }
  });
  const journal = memory();
  {
    await using first = await testRuntime({ journal });
    const handle = await first.start(subject, null, { key: 'r' });
    await first.settle();
    await first.signal(handle.root, cancel);
    await undoing.promise;
    await handle.park(0);
  }
  await using next = await testRuntime({ journal });
  const { clock } = next;
  compute = () => new Promise((resolve) => void clock.wake(clock.now() + 4_000, resolve));
  const handle = await next.resume('r', subject);
  await next.advance('1m');
  expect(await handle.outcome()).toEqual(cancelled);
  expect(done).toEqual(['step 1', 'step 2', 'step 3', 'step 4', 'undo', 'undo']);
});

test('a cancel in the pause between two attempts makes no further attempt, in the next process either', async () => {
  const { done, does } = journalOf();
  const failed = deferred<void>();
  const subject = flow('busy', async (ctx) => {
    await ctx.checkpoint('send', { retries: { times: 5, backoff: '1h', longest: '1h' } }, () => {
      does('send');
      failed.resolve();
      throw new TroupeError('transient', 'busy');
    });
  });
  const open = onDisk();
  {
    await using first = await open();
    const handle = await first.start(subject, null, { key: 'r' });
    await failed.promise;
    await expect.poll(() => recordsIn(first, 'r', 'attempt')).toHaveLength(1);
    await handle.park(0);
  }
  await using next = await open();
  const handle = await next.resume('r', subject);
  await next.signal(handle.root, cancel);
  expect(await handle.outcome()).toEqual(cancelled);
  expect(done).toEqual(['send']);
});

/** A flow with a call that ignores that it is to stop, beside one that ends; both are undone. */
function ignoring(options: { readonly concurrency?: number }): { readonly subject: Flow; readonly done: string[] } {
  const { done, does } = journalOf();
  const subject = flow('ignoring', options, async (ctx) => {
    try {
      await Promise.all([
        ctx.checkpoint('short', () => does('short')),
        ctx.checkpoint('endless', () => new Promise<never>(() => {})),
      ]);
    } finally {
      await ctx.nonCancellable(() => ctx.checkpoint('undo', () => does('undo')));
    }
  });
  return { done, subject };
}

test.each<[string, (ignoring: Flow) => Flow, { readonly concurrency?: number }]>([
  ['that it is held up by nothing', (subject) => subject, {}],
  ['when one call at a time is made', (subject) => subject, { concurrency: 1 }],
  ['when the body is begun again after each call', replayed, {}],
])('a clean-up does not wait for a call that ignores the cancel: %s', async (_, as, options) => {
  const { done, subject } = ignoring(options);
  await using runtime = await testRuntime();
  const handle = await runtime.start(as(subject), null, { key: 'r' });
  await runtime.settle();
  await runtime.signal(handle.root, cancel);
  await runtime.settle();
  expect(done).toEqual(['short', 'undo']);
  await runtime.advance('1m');
  expect(await handle.outcome()).toEqual(cancelled);
});

test('an undo that waits for its turn when the cancel comes does not wait for calls that the cancel stops', async () => {
  const { done, does } = journalOf();
  const subject = flow('turns', { concurrency: 1 }, async (ctx) => {
    const endless = ctx.checkpoint('endless', () => new Promise<never>(() => {})).catch(() => {});
    const waiting = ctx.checkpoint('waiting', () => does('waiting')).catch(() => {});
    await ctx.nonCancellable(() => ctx.checkpoint('undo', () => does('undo')));
    await Promise.all([endless, waiting]);
  });
  await using runtime = await testRuntime();
  const handle = await runtime.start(subject, null, { key: 'r' });
  await runtime.settle();
  expect(done).toEqual([]);
  await runtime.signal(handle.root, cancel);
  await runtime.settle();
  expect(done).toEqual(['undo']);
});

test('what a clean-up has logged does not take the place of what a retry logs', async () => {
  const subject = flow('facts', { deadline: '1m' }, async (ctx) => {
    ctx.log({ at: 'begin' });
    await ctx.checkpoint('first', () => 1);
    try {
      await ctx.sleep('30s');
      ctx.log({ at: 'middle' });
      await ctx.sleep('1h');
    } finally {
      await ctx.nonCancellable(() => ctx.checkpoint('undo', () => 1));
      ctx.log({ at: 'undone' });
      ctx.log({ at: 'end' });
    }
  });
  await using runtime = await testRuntime();
  const handle = await runtime.start(subject, null, { key: 'r' });
  await runtime.advance('2m');
  expect(await handle.outcome()).toMatchObject({ status: 'failed', failure: { kind: 'expired' } });
  const facts = ['begin', 'middle', 'undone', 'end'];
  const logged = async () => (await recordsIn(runtime, 'r', 'log')).map(({ data }) => data['at']);
  expect(await logged()).toEqual(facts);
  const again = await runtime.retry('r', subject);
  await runtime.advance('2m');
  expect(await again.outcome()).toMatchObject({ status: 'failed' });
  expect(await logged()).toEqual([...facts, 'undone', 'end']);
});
