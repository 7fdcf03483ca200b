/** What happens while a flow is being told to stop does not keep it from its clean-up: it is reached, and goes to its end. */
import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { testRuntime } from 'troupe/testing';
import { checkpoint, flow, openRuntime, type FlowContext } from '../../src/index.ts';
import type { Journal } from '../../src/journal/journal.ts';
import { memory } from '../../src/journal/memory/memory.ts';
import { limits } from '../limits.ts';
import { journalOf } from './processes.ts';

const cancel = { type: 'run.cancel', reason: 'enough' } as const;
const cancelled = { status: 'cancelled', reason: 'enough' };
const hangUp = () => new Error('socket hang up');

/** Rejects with an error of its own when the signal fires. */
const untilAborted = (signal: AbortSignal) =>
  new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(hangUp())));

/** A journal that stores records some turns of the event loop later, as one on a disk does. */
function slowJournal(): Journal {
  const journal = memory();
  const record: Journal['record'] = async (...given) => {
    for (let turn = 0; turn < 5; turn++) await setImmediate();
    return journal.record(...given);
  };
  return { ...journal, record };
}

/** Runs a body that undoes what it did, cancels it once it waits, and says what was done. */
async function whenCancelled(body: (ctx: FlowContext, does: (what: string) => string) => Promise<unknown>) {
  const { done, does } = journalOf();
  const subject = flow('order', (ctx) => body(ctx, does));
  await using runtime = await openRuntime({ journal: slowJournal() });
  const handle = await runtime.start(subject, null, { key: 'r' });
  await expect.poll(() => done, { timeout: limits.step }).toContain('begun');
  await runtime.signal(handle.root, cancel);
  expect(await handle.outcome()).toEqual(cancelled);
  return done;
}

test('a connection that nobody awaits and that the cancel closes leaves the clean-up to be done, with a warning', async () => {
  const warnings: string[] = [];
  const onWarning = ({ message }: Error) => void warnings.push(message);
  process.on('warning', onWarning);
  const done = await whenCancelled(async (ctx, does) => {
    try {
      await ctx.checkpoint('listen', ({ signal }) => {
        void untilAborted(signal);
        does('begun');
        return new Promise((resolve) => signal.addEventListener('abort', () => resolve(null)));
      });
    } finally {
      await ctx.nonCancellable(() => ctx.checkpoint('undo', () => does('undo')));
    }
  });
  expect(done).toEqual(['begun', 'undo']);
  await expect.poll(() => warnings, { timeout: limits.step }).toEqual([expect.stringMatching(/socket hang up/)]);
  process.off('warning', onWarning);
});

test.each([
  ['awaited', (call: Promise<unknown>, ctx: FlowContext) => Promise.all([call, ctx.wait({ name: 'ok' })])],
  ['not awaited', (_: Promise<unknown>, ctx: FlowContext) => ctx.wait({ name: 'ok' })],
])('a checkpoint that the cancel fails in its own words leaves the clean-up to be done: %s', async (_, waits) => {
  const done = await whenCancelled(async (ctx, does) => {
    try {
      const call = ctx.checkpoint('ask', ({ signal }) => {
        does('begun');
        return untilAborted(signal);
      });
      await waits(call, ctx);
    } finally {
      await ctx.nonCancellable(() => ctx.checkpoint('undo', () => does('undo')));
    }
  });
  expect(done).toEqual(['begun', 'undo']);
});

test.each<[string, (ctx: FlowContext) => Promise<unknown>]>([
  [
    'one after the other',
    async (ctx) => {
      for (let item = 0; item < 150; item++) await ctx.checkpoint('item', () => item).catch(() => {});
    },
  ],
  [
    'at once',
    (ctx) => Promise.allSettled(Array.from({ length: 150 }, (_, item) => ctx.checkpoint('item', () => item))),
  ],
  [
    'as maps',
    async (ctx) => {
      const item = checkpoint('item', (nth: number) => nth);
      for (let nth = 0; nth < 150; nth++) await ctx.map(item, [nth]).catch(() => {});
    },
  ],
])(
  'a flow that makes very many calls after a cancel is refused each, and comes to its clean-up: %s',
  async (_, calls) => {
    const done = await whenCancelled(async (ctx, does) => {
      try {
        does('begun');
        await ctx.wait({ name: 'ok' }).catch(() => {});
        await calls(ctx);
      } finally {
        await ctx.nonCancellable(() => ctx.checkpoint('undo', () => does('undo')));
      }
    });
    expect(done).toEqual(['begun', 'undo']);
  },
);

test('a loop over many thousand items that catches every refusal comes to its clean-up in time', async () => {
  const done = await whenCancelled(async (ctx, does) => {
    try {
      does('begun');
      await ctx.wait({ name: 'ok' }).catch(() => {});
      for (let item = 0; item < 12_000; item++) await ctx.checkpoint('item', () => item).catch(() => {});
    } finally {
      await ctx.nonCancellable(() => ctx.checkpoint('undo', () => does('undo')));
    }
  });
  expect(done).toEqual(['begun', 'undo']);
});

test('a body that catches every refusal and calls for ever uses little of the processor', async () => {
  let refused = 0;
  const endless = flow('endless', async (ctx) => {
    for (;;) await ctx.wait({ name: 'ok' }).catch(() => refused++);
  });
  await using runtime = await testRuntime();
  const handle = await runtime.start(endless, null, { key: 'r' });
  await runtime.settle();
  await runtime.signal(handle.root, cancel);
  for (let turn = 0; turn < 30_000; turn++) await setImmediate();
  expect(refused).toBeGreaterThan(1_000);
  expect(refused).toBeLessThan(11_000);
  const before = refused;
  await runtime.advance('20ms');
  expect(refused).toBeGreaterThan(before);
  expect(refused).toBeLessThan(11_000);
});

test('a part of a clean-up that fails leaves those beside it to end', async () => {
  const done = await whenCancelled(async (ctx, does) => {
    try {
      does('begun');
      await ctx.wait({ name: 'ok' });
    } finally {
      await ctx.nonCancellable(() =>
        Promise.all([
          ctx.checkpoint('refund', () => Promise.reject(hangUp())),
          ctx.checkpoint('release', ({ signal }) => {
            does('release begun');
            return new Promise<void>((resolve, reject) => {
              signal.addEventListener('abort', () => reject(hangUp()));
              setTimeout(() => (does('released'), resolve()), 50);
            });
          }),
        ]),
      );
    }
  });
  expect(done).toEqual(['begun', 'release begun', 'released']);
});
