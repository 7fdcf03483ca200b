/** What a branch of a body throws that nobody awaits: it fails the flow as if the body had thrown it. */
import { setTimeout as setTimer } from 'node:timers';
import { setTimeout } from 'node:timers/promises';
import { expect, test } from 'vitest';
import * as z from 'zod';
import { troupeClient } from '../../src/client/index.ts';
import { agent, asTool, checkpoint, flow, openRuntime, run, type FlowContext } from '../../src/index.ts';
import { deferred } from '../deferred.ts';
import { limits } from '../limits.ts';
import { callingModel } from '../define/presets/participants.ts';
import { answerOnly, journalOf, onDisk } from './processes.ts';

const sold = () => Object.assign(new RangeError('sold out'), { code: 'E_SOLD' });
const look = checkpoint('look', () => 'nothing');

test.each<[string, (ctx: FlowContext, order: () => unknown) => Promise<unknown>]>([
  ['at once', async (_, order) => order()],
  ['after a checkpoint', async (ctx, order) => look.call(ctx, null).then(order)],
  ['later, while the body waits', async (_, order) => setTimeout(20).then(order)],
])('it is shown with its name, its stack and its facts, and a retry goes on: %s', async (_, branch) => {
  const shop = { isSoldOut: true };
  const { done, does } = journalOf();
  const order = flow('order', async (ctx) => {
    await ctx.checkpoint('reserve', () => does('reserve'));
    void branch(ctx, () => {
      if (shop.isSoldOut) throw sold();
    });
    await ctx.wait({ name: 'ok' });
    return ctx.checkpoint('buy', () => does('buy'));
  });
  const open = onDisk();
  {
    await using runtime = await open();
    const handle = await runtime.start(order, null, { key: 'r' });
    expect(await handle.outcome()).toMatchObject({
      status: 'failed',
      failure: {
        kind: 'code',
        message: 'sold out',
        data: { error: 'RangeError', code: 'E_SOLD', stack: expect.stringContaining('strays.test') as string },
      },
    });
    await using client = await troupeClient({ runtime });
    expect((await client.executions.get('r')).failure).toMatchObject({
      exception_type: 'RangeError',
      origin: 'user_code',
    });
  }
  shop.isSoldOut = false;
  await using runtime = await open();
  const handle = await runtime.retry('r', order);
  expect(await handle.outcome({ returnWhenWaiting: true })).toMatchObject({ status: 'waiting' });
  await answerOnly(runtime, null);
  expect(await handle.outcome()).toMatchObject({ output: 'buy' });
  expect(done).toEqual(['reserve', 'buy']);
});

test('what the body does meanwhile is not asked for any more, and what it catches changes nothing', async () => {
  const { done, does } = journalOf();
  const goesOn = flow('goesOn', async (ctx) => {
    void look.call(ctx, null).then(() => Promise.reject(sold()));
    for (let step = 0; step < 5; step++)
      await ctx.checkpoint('step', async () => setTimeout(20).then(() => does(`step ${step}`))).catch(() => {});
    return 'done';
  });
  await expect(run(goesOn, null, { db: 'memory' })).rejects.toMatchObject({ kind: 'code', message: 'sold out' });
  expect(done.length).toBeLessThan(5);
});

test('of a flow that is a tool, its agent is told of it and goes on', async () => {
  const order = flow('order', { input: z.object({ item: z.string() }) }, async (ctx) => {
    void Promise.reject(sold());
    await ctx.sleep('1h');
  });
  const model = callingModel({ name: 'order', input: { item: 'tea' } });
  const buyer = agent({ name: 'buyer', tools: [asTool(order, { description: 'Orders.' })], model });
  expect(await run(buyer, 'Buy.', { db: 'memory' })).toBe('"order" could not do it: sold out');
});

test('a timer that a checkpoint has left behind fails its flow, too, and its parent may go on', async () => {
  const child = flow('child', async (ctx) => {
    await ctx.checkpoint(
      'leave',
      () =>
        void setTimer(() => {
          throw sold();
        }, 5),
    );
    await ctx.sleep('1h');
  });
  const parent = flow('parent', { uses: [child] }, async (ctx) =>
    ctx.run(child, null).catch((thrown: Error) => thrown.message),
  );
  expect(await run(parent, null, { db: 'memory' })).toBe('sold out');
});

test.each<[string, (ctx: FlowContext, stray: () => unknown, stopped: Promise<unknown>) => Promise<unknown>]>([
  ['its cleaning up', async (ctx, stray) => ctx.wait({ name: 'ok' }).finally(() => void stray())],
  ['a branch of before', async (ctx, stray, stopped) => (void stopped.then(stray), ctx.wait({ name: 'ok' }))],
])('a flow that was cancelled stays so, and cleans up to its end, whatever %s throws meanwhile', async (_, body) => {
  const { done, does } = journalOf();
  const warnings: string[] = [];
  const onWarning = ({ message }: Error) => void warnings.push(message);
  process.on('warning', onWarning);
  const { promise: stopped, resolve: stop } = deferred<void>();
  const order = flow('order', async (ctx) => {
    try {
      await body(ctx, () => Promise.reject(sold()), stopped);
    } finally {
      stop();
      // Long enough for the rejection to be told.
      await setTimeout(20);
      does('cleaned up');
    }
  });
  await using runtime = await openRuntime({ db: 'memory' });
  const handle = await runtime.start(order, null, { key: 'r' });
  await handle.outcome({ returnWhenWaiting: true });
  await runtime.signal(handle.root, { type: 'run.cancel', reason: 'enough' });
  expect(await handle.outcome()).toEqual({ status: 'cancelled', reason: 'enough' });
  expect(done).toEqual(['cleaned up']);
  await expect.poll(() => warnings, { timeout: limits.step }).toEqual([expect.stringMatching(/sold out/)]);
  process.off('warning', onWarning);
});
