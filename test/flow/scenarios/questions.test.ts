/** Questions of a flow: how they are named, how long they stay open, and what becomes of one that another one has overtaken. */
import { expect, test } from 'vitest';
import { virtualClock } from 'troupe/testing';
import * as z from 'zod';
import { flow, openRuntime, type Runtime } from '../../../src/index.ts';
import { answerOnly, onDisk, resultIn, untilRest } from '../processes.ts';

const hour = 3_600_000;
const namesOf = async (runtime: Runtime) =>
  (await runtime.tickets('r')).map(({ name = '' }) => name).sort((a, b) => a.localeCompare(b));

test('questions without a name, or of one name, are numbered in the order in which they are asked', async () => {
  const asks = flow('asks', async (ctx) => {
    const order = await ctx.wait({ name: 'order', schema: z.string() });
    const next = await ctx.wait({ name: 'order', schema: z.string() });
    return [order, next, await Promise.all([ctx.wait(), ctx.wait()])];
  });
  await using runtime = await openRuntime({ db: 'memory' });
  const asked: string[][] = [];
  for (const answer of ['tea', 'milk']) {
    await untilRest(runtime, asks, null);
    asked.push(await namesOf(runtime));
    await answerOnly(runtime, answer);
  }
  await untilRest(runtime, asks, null);
  asked.push(await namesOf(runtime));
  for (const { id } of await runtime.tickets('r')) await runtime.answer(id, null);
  expect(resultIn(await untilRest(runtime, asks, null))).toEqual(['tea', 'milk', [null, null]]);
  expect(asked).toEqual([['order'], ['order_2'], ['wait', 'wait_2']]);
});

test('of two questions the first answer counts; the other one stays open, changes nothing, and is closed with the flow', async () => {
  const asks = flow('asks', async (ctx) => {
    const first = await Promise.race([
      ctx.wait({ name: 'chief', schema: z.string() }),
      ctx.wait({ name: 'deputy', schema: z.string() }),
    ]);
    await ctx.wait({ name: 'go' });
    return first;
  });
  await using runtime = await openRuntime({ db: 'memory' });
  const handle = await runtime.start(asks, null, { key: 'r' });
  await handle.outcome({ returnWhenWaiting: true });
  const idOf = async (name: string) => (await runtime.tickets('r')).find((ticket) => ticket.name === name)!.id;
  await runtime.answer(await idOf('deputy'), 'yes, says the deputy');
  await expect.poll(() => namesOf(runtime)).toEqual(['chief', 'go']);
  await runtime.answer(await idOf('chief'), 'no, says the chief');
  await runtime.answer(await idOf('go'), null);
  expect(await handle.result()).toBe('yes, says the deputy');
  expect(await runtime.tickets('r')).toEqual([]);
});

test('a deadline counts from when it was asked, whatever processes came and went meanwhile; then its default is the answer', async () => {
  const clock = virtualClock();
  const began = clock.now();
  const asks = flow('asks', async (ctx) => [
    await ctx.wait({ name: 'size', schema: z.number(), deadline: '2h', default: 3 }),
    ctx.now() - began,
  ]);
  const open = onDisk({ clock });
  for (const pause of [1.5 * hour, 0.4 * hour]) {
    await using runtime = await open();
    expect(await untilRest(runtime, asks, null)).toMatchObject({ status: 'waiting' });
    clock.advance(pause);
  }
  await using last = await open();
  const handle = await last.start(asks, null, { key: 'r' });
  expect(await handle.outcome({ returnWhenWaiting: true })).toMatchObject({ status: 'waiting' });
  clock.advance(0.1 * hour);
  expect(await handle.result()).toEqual([3, 2 * hour]);
});
