/** A run whose flow comes to an early end in the middle of a write says which call may have happened. */
import { expect, test } from 'vitest';
import { flow, openRuntime, type Flow, type FlowContext, type RunHandle, type Runtime } from '../../src/index.ts';
import { unsettledWrites } from '../../src/runtime/unsettled.ts';
import { deferred } from '../deferred.ts';
import { onDisk } from './processes.ts';

/** A write that ends when it is told to stop, and says when it has begun. */
function hanging() {
  const begun = deferred();
  const pay = (ctx: FlowContext, id?: string) =>
    ctx.checkpoint('pay', { effect: 'write', ...(id === undefined ? {} : { id }) }, ({ signal }) => {
      begun.resolve();
      return new Promise<never>((_, stop) => signal.addEventListener('abort', () => stop(signal.reason as Error)));
    });
  return { begun: begun.promise, pay };
}

async function begunIn(runtime: Runtime, subject: Flow, begun: Promise<void>): Promise<RunHandle> {
  const handle = await runtime.start(subject, null, { key: 'r' });
  await begun;
  return handle;
}

const cancel = (runtime: Runtime, { root }: RunHandle) =>
  runtime.signal(root, { type: 'run.cancel', reason: 'no more' });

test('a run that is cancelled in the middle of a write names it with its key, also in a later process', async () => {
  const { begun, pay } = hanging();
  const order = flow('order', async (ctx) => {
    await ctx.checkpoint('look', () => 1);
    await ctx.checkpoint('note', { effect: 'write' }, () => 1);
    await pay(ctx);
  });
  const open = onDisk();
  const told = { status: 'cancelled', reason: 'no more', unsettled: [{ checkpoint: 'pay', key: 'r/pay' }] };
  {
    await using first = await open();
    const handle = await begunIn(first, order, begun);
    await cancel(first, handle);
    expect(await handle.outcome()).toEqual(told);
  }
  await using second = await open();
  expect(await (await second.start(order, null, { key: 'r' })).outcome()).toEqual(told);
});

test('a write of a child is named by the calls that it is in', async () => {
  const { begun, pay } = hanging();
  const child = flow('child', async (ctx) => pay(ctx));
  const parent = flow('parent', { uses: [child] }, async (ctx) => ctx.run(child, null));
  await using runtime = await openRuntime({ db: 'memory' });
  const handle = await begunIn(runtime, parent, begun);
  await cancel(runtime, handle);
  expect(await handle.outcome()).toMatchObject({ unsettled: [{ checkpoint: 'child/pay', key: 'r/child/pay' }] });
});

test('a run that fails beside a write names it, and a retry of it asks about the write', async () => {
  const { begun, pay } = hanging();
  let isSoldOut = true;
  const failed = flow('failed', async (ctx) => {
    await Promise.all([
      pay(ctx, 'the payment'),
      ctx.checkpoint('stock', async () => {
        await begun;
        if (isSoldOut) throw new Error('sold out');
      }),
    ]);
  });
  await using runtime = await openRuntime({ db: 'memory' });
  const handle = await begunIn(runtime, failed, begun);
  expect(await handle.outcome()).toMatchObject({
    status: 'failed',
    failure: { message: 'sold out' },
    unsettled: [{ checkpoint: 'the payment', key: 'r/the payment' }],
  });
  isSoldOut = false;
  const again = await runtime.retry('r', failed);
  expect(await again.outcome({ returnWhenWaiting: 'tickets' })).toMatchObject({ tickets: [{ name: 'the payment' }] });
});

test('a child that fails beside a write, and whose failure its parent takes, leaves the write named in the outcome and by `runs why`', async () => {
  const { begun, pay } = hanging();
  const child = flow('child', async (ctx) => {
    await Promise.all([
      pay(ctx),
      ctx.checkpoint('stock', async () => {
        await begun;
        throw new Error('sold out');
      }),
    ]);
  });
  const parent = flow('parent', { uses: [child] }, async (ctx) => ctx.run(child, null).catch(() => 'later'));
  await using runtime = await openRuntime({ db: 'memory' });
  const handle = await runtime.start(parent, null, { key: 'r' });
  const unsettled = [{ checkpoint: 'child/pay', key: 'r/child/pay' }];
  expect(await handle.outcome()).toEqual({ status: 'done', output: 'later', unsettled });
  expect(await unsettledWrites(runtime.journal, 'r')).toEqual(unsettled);
});

test('a write that has ended, or has thrown by itself, is not named', async () => {
  const order = flow('order', async (ctx) => {
    await ctx.checkpoint('pay', { effect: 'write' }, () => 'paid');
    await ctx.checkpoint('tell', { effect: 'write' }, () => {
      throw new Error('no line');
    });
  });
  await using runtime = await openRuntime({ db: 'memory' });
  expect(await (await runtime.start(order, null)).outcome()).not.toHaveProperty('unsettled');
});
