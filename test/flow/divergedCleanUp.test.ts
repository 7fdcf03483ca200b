/** A cancel that meets changed code: nothing is undone by a body that has diverged, and the run says so, so that the code can be put right and it is undone after all. */
import { expect, test } from 'vitest';
import { flow, type Flow, type FlowContext, type Runtime } from '../../src/index.ts';
import { deferred } from '../deferred.ts';
import { journalOf, onDisk } from './processes.ts';

const cancel = { type: 'run.cancel', reason: 'enough' } as const;
const cancelled = { status: 'cancelled', reason: 'enough' };
const diverged = { status: 'failed', failure: { kind: 'diverged' } };

/** Retries the run with this code, cancels it once it waits, and gives how it ended. */
async function retriedAndCancelled(runtime: Runtime, subject: Flow) {
  const handle = await runtime.retry('r', subject);
  expect(await handle.outcome({ returnWhenWaiting: true })).toMatchObject({ status: 'waiting' });
  await runtime.signal(handle.root, cancel);
  return handle.outcome();
}

test('it fails as diverged; retried with the code that it was begun with, and cancelled again, it is undone', async () => {
  const { done, does } = journalOf();
  const order = (first: string) =>
    flow('order', async (ctx) => {
      await ctx.checkpoint(first, () => does(first));
      try {
        await ctx.wait({ name: 'ok' });
      } finally {
        await ctx.nonCancellable(() => ctx.checkpoint('release', () => does('release')));
      }
    });
  const open = onDisk();
  let root: string;
  {
    await using first = await open();
    const handle = await first.start(order('reserve'), null, { key: 'r' });
    await handle.outcome({ returnWhenWaiting: true });
    root = handle.root;
  }
  {
    await using person = await open();
    await person.signal(root, cancel);
  }
  await using next = await open();
  expect(await (await next.resume('r', order('hold'))).outcome()).toMatchObject(diverged);
  expect(done).toEqual(['reserve']);
  expect(await retriedAndCancelled(next, order('reserve'))).toEqual(cancelled);
  expect(done).toEqual(['reserve', 'release']);
});

test('also in the middle of the clean-up; what is migrated then takes what was done, and nothing that was undone', async () => {
  const [begun, hangs] = [deferred<void>(), deferred<void>()];
  const { done, does } = journalOf();
  const order = (undoes: (ctx: FlowContext) => Promise<unknown>, migrate = false) =>
    flow('order', { migrate }, async (ctx) => {
      await ctx.checkpoint('charge', ({ key }) => does(key));
      try {
        await ctx.wait({ name: 'ok' });
      } finally {
        await ctx.nonCancellable(() => undoes(ctx));
      }
    });
  const refund = (ctx: FlowContext) => ctx.checkpoint('refund', ({ key }) => does(key));
  const open = onDisk();
  {
    await using first = await open();
    const subject = order(async (ctx) => {
      await refund(ctx);
      await ctx.checkpoint('tell', () => (begun.resolve(), hangs.promise));
    });
    const handle = await first.start(subject, null, { key: 'r' });
    await handle.outcome({ returnWhenWaiting: true });
    await first.signal(handle.root, cancel);
    await begun.promise;
    await handle.park(0);
  }
  await using next = await open();
  const changed = async (ctx: FlowContext) => {
    await ctx.checkpoint('release', ({ key }) => does(key));
    await refund(ctx);
  };
  expect(await (await next.resume('r', order(changed))).outcome()).toMatchObject(diverged);
  expect(done).toEqual(['r/charge', 'r/refund']);
  expect(await retriedAndCancelled(next, order(changed, true))).toEqual(cancelled);
  expect(done).toEqual(['r/charge', 'r/refund', 'r/release', 'r/refund~1']);
});
