/** What `finally` does when a flow is stopped: also when its body is not in memory any more, or its process is gone. */
import { expect, test } from 'vitest';
import * as z from 'zod';
import { testRuntime } from 'troupe/testing';
import { agent, asTool, flow, type Runnable } from '../../src/index.ts';
import { callingModel } from '../define/presets/participants.ts';
import { journalOf, onDisk } from './processes.ts';

/** A flow that takes something, asks, and gives it back however it ends. */
function borrows() {
  const { done, does } = journalOf();
  const order = flow('order', { input: z.object({ item: z.string() }) }, async (ctx, { item }) => {
    const taken = await ctx.checkpoint('take', () => does(`take ${item}`));
    try {
      await Promise.all([ctx.wait({ name: 'ok' }), ctx.sleep('1d')]);
      await ctx.checkpoint('use', () => does('use'));
    } finally {
      does(`give back after ${taken}`);
      await ctx.checkpoint('late', () => does('late')).catch(() => {});
    }
  });
  const model = callingModel({ name: 'order', input: { item: 'tea' } });
  const tools = [asTool(order, { description: 'Orders.' })];
  return { done, order, buyer: agent({ name: 'buyer', deadline: '3d', tools, model }) };
}
const cleaned = ['take tea', 'give back after take tea'];

test.each<[string, (made: ReturnType<typeof borrows>) => [Runnable, unknown, string]]>([
  ['a flow', ({ order }) => [order as never, { item: 'tea' }, 'run.cancel']],
  ['a flow that is the tool of an agent', ({ buyer }) => [buyer as never, 'Buy.', 'agent.cancel']],
])('a cancel long after it began to wait lets it clean up, once, with what it had: %s', async (_, choose) => {
  const made = borrows();
  const [subject, input, type] = choose(made);
  await using runtime = await testRuntime();
  const handle = await runtime.start(subject, input, { key: 'r' });
  await runtime.settle();
  await runtime.advance('1m');
  await runtime.signal(handle.root, { type, reason: 'enough' });
  await runtime.advance('1m');
  expect(await handle.outcome()).toMatchObject({ status: 'cancelled', reason: 'enough' });
  expect(made.done).toEqual(cleaned);
});

test.each<[string, (made: ReturnType<typeof borrows>) => [Runnable, unknown, string]]>([
  ['a flow', ({ order }) => [order as never, { item: 'tea' }, 'run.cancel']],
  ['a flow that is the tool of an agent', ({ buyer }) => [buyer as never, 'Buy.', 'agent.cancel']],
])('a cancel while no process runs it lets it clean up in the next one: %s', async (_, choose) => {
  const made = borrows();
  const [subject, input, type] = choose(made);
  const open = onDisk();
  let root: string;
  {
    await using first = await open();
    const handle = await first.start(subject, input, { key: 'r' });
    await handle.outcome({ returnWhenWaiting: true });
    root = handle.root;
  }
  {
    await using person = await open();
    await person.signal(root, { type, reason: 'enough' });
  }
  await using next = await open();
  const handle = await next.resume('r', subject);
  expect(await handle.outcome()).toMatchObject({ status: 'cancelled', reason: 'enough' });
  expect(made.done).toEqual(cleaned);
});

test('a flow whose body has failed by itself is not run again for that', async () => {
  const { done, does } = journalOf();
  const fails = flow('fails', async (ctx) => {
    try {
      await ctx.wait({ name: 'ok' });
      throw new Error('broken');
    } finally {
      does('cleaned');
    }
  });
  await using runtime = await testRuntime();
  const handle = await runtime.start(fails, null, { key: 'r' });
  await runtime.settle();
  await runtime.advance('1m');
  const [ticket] = await runtime.tickets('r');
  await runtime.answer(ticket!.id, null);
  await runtime.settle();
  expect(await handle.outcome()).toMatchObject({ status: 'failed' });
  expect(done).toEqual(['cleaned']);
});
