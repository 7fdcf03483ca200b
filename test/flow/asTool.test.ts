/** `asTool(flow(…), …)`: a durable function as a tool of an agent. */
import { expect, test } from 'vitest';
import * as z from 'zod';
import { crashEverywhere, expectSurvival, testRuntime } from 'troupe/testing';
import { agent, asTool, checkpoint, flow, run, type Flow, type Json } from '../../src/index.ts';
import { troupeClient } from '../../src/client/index.ts';
import { callingModel } from '../define/presets/participants.ts';
import { journalOf, onDisk, resultIn, untilRest } from './processes.ts';

const input = z.object({ item: z.string() });
const description = 'Orders something.';

/** Reserves an item under its key, asks whether to buy it, and buys it. */
function shop() {
  const { done, does } = journalOf();
  const keys: string[] = [];
  const reserve = checkpoint('reserve', (item: string, { key }) => (keys.push(key), does(`reserve ${item}`)));
  const order = flow('order', { input }, async (ctx, { item }) => {
    await reserve.call(ctx, item);
    const ok = await ctx.wait({ name: `buy ${item}`, schema: z.boolean() });
    return { item, bought: ok ? await ctx.checkpoint('buy', () => does(`buy ${item}`)) : undefined, at: new Date(0) };
  });
  return { order, done, keys };
}

const buyer = (order: Flow<{ item: string }>, ...items: string[]) =>
  agent({
    name: 'buyer',
    deadline: '1d',
    tools: [asTool(order, { description })],
    model: callingModel(...items.map((item) => ({ name: 'order', input: { item } }))),
  });

test('its questions are questions of the run, and after a restart what it has done is not done again', async () => {
  const { order, done, keys } = shop();
  const open = onDisk();
  {
    await using first = await open();
    const asked = await untilRest(first, buyer(order, 'tea', 'milk') as never, 'Buy.');
    expect(asked).toMatchObject({ status: 'waiting' });
    const names = (await first.tickets('r')).map(({ name }) => name);
    expect(new Set(names)).toEqual(new Set(['buy milk', 'buy tea']));
  }
  await using second = await open();
  for (const { id } of await second.tickets('r')) await second.answer(id, true);
  const result = resultIn(await untilRest(second, buyer(order, 'tea', 'milk') as never, 'Buy.'));
  const bought = (item: string) => `{"item":"${item}","bought":"buy ${item}","at":"1970-01-01T00:00:00.000Z"}`;
  expect(result).toBe(`${bought('tea')} | ${bought('milk')}`);
  expect(done.toSorted()).toEqual(['buy milk', 'buy tea', 'reserve milk', 'reserve tea']);
  expect(new Set(keys).size).toBe(2);
});

test('it is offered with the schema of its input; a call that does not fit starts nothing, and a failure is a result', async () => {
  const { order, done } = shop();
  expect(asTool(order, { description })).toMatchObject({ name: 'order', schema: { required: ['item'] } });
  const model = callingModel({ name: 'order', input: { item: 7 } });
  const wrong = agent({ name: 'wrong', tools: [asTool(order, { description })], model });
  expect(await run(wrong, 'Buy.', { db: 'memory' })).toMatch(/item/);
  expect(done).toEqual([]);
  const sold = flow('order', { input }, async () => {
    throw new Error('sold out');
  });
  expect(await run(buyer(sold, 'tea'), 'Buy.', { db: 'memory' })).toBe('"order" could not do it: sold out');
  const free = flow('free', async () => 1);
  expect(() => asTool(free, { description })).toThrow(/input: z\.object/);
});

test('what it has called and saved is shown with the calls of its agent, each call of it for itself', async () => {
  const order = flow('order', { input }, async (ctx, { item }) =>
    ctx.checkpoint('buy', () => ctx.save('receipt', item)),
  );
  await using runtime = await testRuntime();
  await using client = await troupeClient({ runtime });
  await runtime.start(buyer(order, 'tea', 'milk'), 'Buy.', { key: 'r' });
  await runtime.settle();
  const { checkpoints } = await client.executions.get('r');
  const called = checkpoints.filter(({ name }) => name === 'buy');
  expect(new Set(called.map(({ call_id: id }) => id)).size).toBe(2);
  const ids = checkpoints.map(({ call_id: id }) => id);
  for (const { parent_call_ids: parents } of called) expect(ids).toEqual(expect.arrayContaining(parents));
  const receipts = await client.artifacts.list('r', { name: 'receipt' });
  const given = await client.artifacts.list('r', { name: 'output' });
  expect([receipts.items.length, given.items.length]).toEqual([2, 2]);
  const read = await Promise.all(receipts.items.map(({ artifact_id: id }) => client.artifacts.get(id)));
  expect(new Set(read.map(({ value }) => value))).toEqual(new Set(['milk', 'tea']));
});

test('a cancel of its agent reaches it, and its clean-up is done', async () => {
  const { done, does } = journalOf();
  const order = flow('order', { input }, async (ctx) => {
    try {
      await ctx.sleep('1h');
    } finally {
      does('cleaned');
    }
  });
  await using runtime = await testRuntime();
  const handle = await runtime.start(buyer(order, 'tea'), 'Buy.');
  await runtime.settle();
  await runtime.signal(handle.root, { type: 'agent.cancel', reason: 'Enough.' });
  await runtime.advance('1m');
  expect(await handle.outcome()).toMatchObject({ status: 'cancelled', reason: 'Enough.' });
  expect(done).toEqual(['cleaned']);
  expect((await runtime.journal.find({ run: handle.id })).filter(({ status }) => status === 'active')).toEqual([]);
});

test('a pause of its agent holds it, until it is resumed', async () => {
  const { done, does } = journalOf();
  const order = flow('order', { input }, async (ctx) => {
    await ctx.sleep('1h');
    return ctx.checkpoint('buy', () => does('buy'));
  });
  await using runtime = await testRuntime();
  const handle = await runtime.start(buyer(order, 'tea'), 'Buy.');
  await runtime.settle();
  await runtime.signal(handle.root, { type: 'agent.pause' });
  await runtime.advance('2h');
  expect(done).toEqual([]);
  await runtime.signal(handle.root, { type: 'agent.resume' });
  await runtime.advance('1m');
  expect(await handle.outcome()).toMatchObject({ status: 'done', output: 'buy' });
});

test('one that runs the agent whose tool it is, is refused', async () => {
  const uses: object[] = [];
  const looping = flow('order', { input, uses: uses as never }, async () => 1);
  const boss = agent({ name: 'boss', tools: [asTool(looping, { description })], model: callingModel() });
  uses.push(boss);
  await expect(run(boss, 'Buy.', { db: 'memory' })).rejects.toThrow('"boss" contains itself: boss > order > boss');
});

test('it survives a crash at any moment', async () => {
  const report = await crashEverywhere(
    () => {
      const { order, done } = shop();
      return { subject: buyer(order, 'tea'), input: 'Buy.', answer: (): Json => true, world: () => [...new Set(done)] };
    },
    { sample: 12 },
  );
  expectSurvival(report);
});
