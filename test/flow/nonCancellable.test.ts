/** What a flow undoes after it was told to stop: in `ctx.nonCancellable`, durably, also in another process. */
import { expect, test } from 'vitest';
import { crashEverywhere, expectSurvival, simulate, testRuntime, type SimulationScenario } from 'troupe/testing';
import { troupeClient } from '../../src/client/index.ts';
import { checkpoint, flow, TroupeError, type Duration, type FlowContext } from '../../src/index.ts';
import { deferred } from '../deferred.ts';
import { dose, seedsOf } from '../dose.ts';
import { limits } from '../limits.ts';
import { cancelled as cancelledStory, undone, type Outside } from './cancelled.ts';
import { journalOf, onDisk } from './processes.ts';

const { seeds, timeout } = seedsOf(15, 1_000);

const cancel = { type: 'run.cancel', reason: 'enough' } as const;
const cancelled = { status: 'cancelled', reason: 'enough' };

/** A flow that reserves, asks, and undoes what it has done however it ends. `undoes` is done in the middle of the first undo. */
function booking(undoes: () => unknown = () => {}) {
  const { done, does } = journalOf();
  const subject = flow('booking', async (ctx) => {
    await ctx.checkpoint('reserve', () => does('reserve'));
    try {
      await ctx.wait({ name: 'ok' });
      await ctx.checkpoint('use', () => does('use'));
    } finally {
      const receipt = await ctx.nonCancellable(async () => {
        const refund = await ctx.checkpoint('refund', async ({ key }) => {
          does(`refund ${key}`);
          await undoes();
          return 'refunded';
        });
        await ctx.checkpoint('release', () => does('release'));
        return refund;
      });
      does(receipt);
    }
  });
  return { done, subject };
}

test('what a flow undoes after a cancel is performed and recorded, and then the run is cancelled', async () => {
  const { done, subject } = booking();
  await using runtime = await testRuntime();
  const handle = await runtime.start(subject, null, { key: 'r' });
  await runtime.settle();
  await runtime.advance('1m');
  await runtime.signal(handle.root, cancel);
  await runtime.settle();
  expect(await handle.outcome()).toEqual(cancelled);
  expect(done).toEqual(['reserve', 'refund r/refund', 'release', 'refunded']);
});

test('a process that ends in the middle of that is followed by one that goes on from there, under the same keys', async () => {
  const hangs = deferred<void>();
  const begun = deferred<void>();
  let times = 0;
  const { done, subject } = booking(() => {
    begun.resolve();
    return ++times === 1 ? hangs.promise : undefined;
  });
  const open = onDisk();
  {
    await using first = await open();
    const handle = await first.start(subject, null, { key: 'r' });
    await handle.outcome({ returnWhenWaiting: true });
    await first.signal(handle.root, cancel);
    await begun.promise;
    // A second cancel changes nothing.
    await first.signal(handle.root, { ...cancel, reason: 'again' });
    await handle.park(0);
  }
  await using next = await open();
  const handle = await next.resume('r', subject);
  expect(await handle.outcome()).toEqual(cancelled);
  expect(done).toEqual(['reserve', 'refund r/refund', 'refund r/refund', 'release', 'refunded']);
});

test('what was undone before the process ended is not undone again', async () => {
  const released = deferred<void>();
  const hangs = deferred<void>();
  const { done, does } = journalOf();
  let times = 0;
  const subject = flow('booking', async (ctx) => {
    try {
      await ctx.wait({ name: 'ok' });
    } finally {
      await ctx.nonCancellable(async () => {
        await ctx.checkpoint('refund', () => does('refund'));
        await ctx.checkpoint('release', () => {
          does('release');
          released.resolve();
          return ++times === 1 ? hangs.promise : undefined;
        });
      });
    }
  });
  const open = onDisk();
  {
    await using first = await open();
    const handle = await first.start(subject, null, { key: 'r' });
    await handle.outcome({ returnWhenWaiting: true });
    await first.signal(handle.root, cancel);
    await released.promise;
    await handle.park(0);
  }
  await using next = await open();
  expect(await (await next.resume('r', subject)).outcome()).toEqual(cancelled);
  expect(done).toEqual(['refund', 'release', 'release']);
});

test('an undo that is under way when the cancel comes goes on, and calls outside of it are refused', async () => {
  const { done, does } = journalOf();
  const ends = deferred<string>();
  const subject = flow('undo', async (ctx) => {
    const told = (error: { kind: string }) => void does(error.kind);
    const beside = ctx.checkpoint('beside', ({ signal }) => stopped(signal)).catch(told);
    const undone = await ctx.nonCancellable(() => ctx.checkpoint('undo', () => ends.promise));
    does(undone);
    await beside;
    await ctx.checkpoint('late', () => does('late')).catch(told);
  });
  await using runtime = await testRuntime();
  const handle = await runtime.start(subject, null, { key: 'r' });
  await runtime.settle();
  await runtime.signal(handle.root, cancel);
  await runtime.settle();
  ends.resolve('undone');
  await runtime.settle();
  expect(await handle.outcome()).toEqual(cancelled);
  expect(done).toEqual(['cancelled', 'undone', 'cancelled']);
});

const stopped = (signal: AbortSignal) =>
  new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));

test('a parent ends when its children have undone what they did, as long as that may take', async () => {
  const { done, does } = journalOf();
  const child = flow('child', async (ctx) => {
    try {
      await ctx.sleep('1d');
    } finally {
      await ctx.nonCancellable(() =>
        ctx.checkpoint('undo', { retries: 5 }, ({ attempt }) => {
          if (attempt < 3) throw new TroupeError('transient', 'busy', { retryAfter: 60_000 });
          does('child');
        }),
      );
    }
  });
  const subject = flow('parent', { uses: [child] }, (ctx) => ctx.run(child, null));
  await using runtime = await testRuntime();
  const handle = await runtime.start(subject, null, { key: 'r' });
  await runtime.settle();
  await runtime.signal(handle.root, cancel);
  await runtime.advance('30s');
  expect(done).toEqual([]);
  await runtime.advance('8m');
  expect(await handle.outcome()).toEqual(cancelled);
  expect(done).toEqual(['child']);
});

test.each<[string, { readonly cleanupGrace?: Duration }, Duration]>([
  ['ten minutes', {}, '9m'],
  ['as the flow says', { cleanupGrace: '1h' }, '59m'],
])('a clean-up that does not end has its time, and then the run is cancelled: %s', async (_, options, before) => {
  const told = deferred<void>();
  const subject = flow('stuck', { ...options }, async (ctx) => {
    try {
      await ctx.wait();
    } finally {
      await ctx.nonCancellable(() =>
        ctx.checkpoint('undo', ({ signal }) => {
          signal.addEventListener('abort', () => told.resolve());
          return new Promise<never>(() => {});
        }),
      );
    }
  });
  await using runtime = await testRuntime();
  const handle = await runtime.start(subject, null, { key: 'r' });
  await runtime.settle();
  await runtime.signal(handle.root, cancel);
  await runtime.advance(before);
  await using client = await troupeClient({ runtime });
  const { status, status_reason } = await client.executions.get('r');
  expect({ status, status_reason }).toEqual({
    status: 'running',
    status_reason: 'It was told to stop, and is cleaning up.',
  });
  await runtime.advance('2m');
  await told.promise;
  expect(await handle.outcome()).toEqual(cancelled);
});

test('a flow that has nothing of that to do has ten seconds', async () => {
  const subject = flow('stuck', async (ctx) => {
    await ctx.wait().catch(() => {});
    await new Promise(() => {});
  });
  await using runtime = await testRuntime();
  const handle = await runtime.start(subject, null, { key: 'r' });
  await runtime.settle();
  await runtime.signal(handle.root, cancel);
  await runtime.advance('11s');
  expect(await handle.outcome()).toEqual(cancelled);
});

test('after its deadline a flow undoes what it did; a retry does it again, and undoes it again under another key', async () => {
  const { done, does } = journalOf();
  const subject = flow('late', { deadline: '1m' }, async (ctx) => {
    await ctx.checkpoint('reserve', () => does('reserve'));
    try {
      await ctx.sleep('30s');
      await ctx.sleep('1h');
    } finally {
      await ctx.nonCancellable(() => ctx.checkpoint('release', ({ key }) => does(key)));
    }
  });
  await using runtime = await testRuntime();
  const handle = await runtime.start(subject, null, { key: 'r' });
  await runtime.advance('2m');
  expect(await handle.outcome()).toMatchObject({ status: 'failed', failure: { kind: 'expired' } });
  expect(done).toEqual(['reserve', 'r/release']);
  const again = await runtime.retry('r', subject);
  await runtime.advance('2m');
  expect(await again.outcome()).toMatchObject({ status: 'failed' });
  expect(done).toEqual(['reserve', 'r/release', 'r/release~1']);
});

test('a replay of a cancelled run takes nothing of what was undone', async () => {
  const { done, does } = journalOf();
  const subject = flow('again', async (ctx) => {
    await ctx.checkpoint('reserve', () => does('reserve'));
    try {
      await ctx.wait({ name: 'ok' });
    } finally {
      await ctx.nonCancellable(() => ctx.checkpoint('release', () => does('release')));
    }
  });
  await using runtime = await onDisk()();
  const handle = await runtime.start(subject, null, { key: 'r' });
  await handle.outcome({ returnWhenWaiting: true });
  await runtime.signal(handle.root, cancel);
  await handle.outcome();
  const plan = await runtime.plan('r', { from: 'reserve' });
  expect(plan).toMatchObject({ rerun: ['reserve'], reused: [] });
  expect(done).toEqual(['reserve', 'release']);
});

test.each<[string, (ctx: FlowContext) => Promise<unknown>]>([
  ['a question', (ctx) => ctx.nonCancellable(() => ctx.wait())],
  ['a pause', (ctx) => ctx.nonCancellable(() => ctx.sleep('1s'))],
  ['a signal', (ctx) => ctx.nonCancellable(() => ctx.signal('go'))],
  ['itself in a checkpoint', (ctx) => ctx.checkpoint('step', () => ctx.nonCancellable(() => 1))],
])('it does not take %s', async (_, body) => {
  await using runtime = await onDisk()();
  const handle = await runtime.start(flow('wrong', body), null);
  expect(await handle.outcome()).toMatchObject({ status: 'failed', failure: { kind: 'scope' } });
});

test('what is not a function is refused', async () => {
  await using runtime = await onDisk()();
  const wrong = flow('wrong', (ctx) => ctx.nonCancellable(Promise.resolve() as never));
  expect(await (await runtime.start(wrong, null)).outcome()).toMatchObject({ failure: { kind: 'definition' } });
});

test('a write of which nobody knows whether it was undone is told to the flow as uncertain', async () => {
  const begun = deferred<void>();
  const { done, does } = journalOf();
  const subject = flow('write', async (ctx) => {
    try {
      await ctx.wait({ name: 'ok' });
    } finally {
      await ctx.nonCancellable(async () => {
        const undo = ctx.checkpoint('undo', { effect: 'write' }, () => {
          does('undo');
          begun.resolve();
          return new Promise<never>(() => {});
        });
        await undo.catch((error: { kind: string }) => ctx.checkpoint('note', () => does(error.kind)));
      });
    }
  });
  const open = onDisk();
  {
    await using first = await open();
    const handle = await first.start(subject, null, { key: 'r' });
    await handle.outcome({ returnWhenWaiting: true });
    await first.signal(handle.root, cancel);
    await begun.promise;
    await handle.park(0);
  }
  await using next = await open();
  expect(await (await next.resume('r', subject)).outcome()).toEqual({
    ...cancelled,
    unsettled: [{ checkpoint: 'undo', key: 'r/undo' }],
  });
  expect(done).toEqual(['undo', 'uncertain']);
});

test(
  'a cancelled flow is killed at every point: what it undoes is undone all the same, once, and so is what its child undoes',
  async () => {
    const report = expectSurvival(
      await crashEverywhere(
        (clock) => {
          const { subject, outside } = cancelledStory(
            () => new Promise((done) => void clock.wake(clock.now() + 60_000, () => done())),
          );
          const world = () => {
            const repeats = [...outside.asked.values()].reduce((sum, times) => sum + times - 1, 0);
            // What was under way when the process was killed, which is four at most, may have been asked for again.
            return [[...outside.applied].map(([key, what]) => `${key}: ${what}`).sort(), repeats <= 4];
          };
          return { subject, input: null, signals: [cancel], world };
        },
        dose<{ sample?: number }>({ sample: 40 }, {}),
      ),
    );
    expect(report.points).toBeGreaterThan(15);
  },
  limits.long,
);

test.each<[string, Duration, boolean]>([
  ['soon, of one process after the other', '2s', false],
  ['later, of one process after the other', '40s', false],
  ['soon, on a journal that many processes share', '2s', true],
  ['later, on a journal that many processes share', '40s', true],
])(
  'a flow that is cancelled at any moment undoes what it did, whatever goes wrong: %s',
  async (_, after, shared) => {
    let outside: Outside | undefined;
    const scenario = (): SimulationScenario => {
      const story = cancelledStory();
      ({ outside } = story);
      return {
        subject: story.subject,
        input: null,
        script: [{ after, signal: cancel }],
        invariants: {
          'all that was done is undone': ({ root }) => {
            const done = new Set(outside?.applied.values());
            const left = Object.entries(undone).filter(([what, undoing]) => done.has(what) && !done.has(undoing));
            return root?.status !== 'done' || left.length === 0 ? undefined : `It has left ${left.join(', ')}.`;
          },
        },
      };
    };
    const { failures, faults } = await simulate(scenario, { seeds, ...(shared ? { shared } : {}) });
    expect(failures).toEqual([]);
    expect(Object.values(faults).filter((times) => times > 0).length, JSON.stringify(faults)).toBeGreaterThan(2);
  },
  timeout,
);

test('after a deadline too another process goes on with the clean-up', async () => {
  const begun = deferred<void>();
  const hangs = deferred<void>();
  const { done, does } = journalOf();
  let times = 0;
  const subject = flow('late', { deadline: '100ms' }, async (ctx) => {
    try {
      await ctx.wait({ name: 'ok' });
    } finally {
      await ctx.nonCancellable(async () => {
        await ctx.checkpoint('refund', () => does('refund'));
        await ctx.checkpoint('release', () => {
          does('release');
          begun.resolve();
          return ++times === 1 ? hangs.promise : undefined;
        });
      });
    }
  });
  const open = onDisk();
  {
    await using first = await open();
    const handle = await first.start(subject, null, { key: 'r' });
    await begun.promise;
    await handle.park(0);
  }
  await using next = await open();
  expect(await (await next.resume('r', subject)).outcome()).toMatchObject({ failure: { kind: 'expired' } });
  expect(done).toEqual(['refund', 'release', 'release']);
});

test('a body that has more to say after each refused call is stopped at the same place in the next process', async () => {
  const begun = deferred<void>();
  const hangs = deferred<void>();
  const { done, does } = journalOf();
  let times = 0;
  const step = checkpoint('step', async (n: number, { signal }) => (n < 3 ? n : stopped(signal)));
  const subject = flow('refusals', async (ctx) => {
    const told = (error: { kind: string }) => void does(error.kind);
    await ctx.map(step, [1, 2, 3, 4], { concurrency: 3 }).catch(told);
    await ctx.checkpoint('refused', () => does('refused')).catch(told);
    await ctx.nonCancellable(async () => {
      await ctx.checkpoint('first', () => does('first'));
      await ctx.checkpoint('nested', { nested: true }, async () => {
        await ctx.checkpoint('inner', () => does('inner'));
        await ctx.checkpoint('last', () => {
          does('last');
          begun.resolve();
          return ++times === 1 ? hangs.promise : undefined;
        });
      });
    });
  });
  const open = onDisk();
  {
    await using first = await open();
    const handle = await first.start(subject, null, { key: 'r' });
    await expect.poll(async () => (await first.journal.ledger('r')).length).toBeGreaterThan(0);
    await first.signal(handle.root, cancel);
    await begun.promise;
    await handle.park(0);
  }
  await using next = await open();
  expect(await (await next.resume('r', subject)).outcome()).toEqual(cancelled);
  expect(done).toEqual(['cancelled', 'cancelled', 'first', 'inner', 'last', 'cancelled', 'cancelled', 'last']);
});

test('a flow that was told to stop before any call had ended is so in the next process, whatever has ended since', async () => {
  const [begun, hangs] = [deferred<void>(), deferred<void>()];
  const { done, does } = journalOf();
  let times = 0;
  const step = checkpoint('step', (_: number, { signal }) => stopped(signal));
  const subject = flow('early', async (ctx) => {
    const told = () => {};
    const [end] = await Promise.all([
      ctx.checkpoint('late', ({ signal }) => stopped(signal).catch(() => 'late')).catch(told),
      ctx.map(step, [1, 2, 3], { concurrency: 2 }).catch(told),
    ]);
    if (end === 'late') await ctx.checkpoint('use', () => does('use'));
    await ctx.nonCancellable(async () => {
      await ctx.checkpoint('first', () => does('first'));
      await ctx.checkpoint('last', () => {
        does('last');
        begun.resolve();
        return ++times === 1 ? hangs.promise : undefined;
      });
    });
  });
  const open = onDisk();
  {
    await using first = await open();
    const handle = await first.start(subject, null, { key: 'r' });
    await expect.poll(async () => (await first.journal.find({ run: 'r' })).length).toBeGreaterThan(0);
    await first.signal(handle.root, cancel);
    await begun.promise;
    await handle.park(0);
  }
  await using next = await open();
  expect(await (await next.resume('r', subject)).outcome()).toEqual(cancelled);
  expect(done).toEqual(['first', 'last', 'last']);
});
