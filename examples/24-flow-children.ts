/** A flow with a child flow, a signal from outside, and a pause; and a cancel that reaches everything. Time is simulated. */
import assert from 'node:assert/strict';
import { flow } from 'troupe';
import { testRuntime } from 'troupe/testing';
import { z } from 'zod';

const stopped: string[] = [];
const delivery = flow('delivery', { input: z.object({ order: z.string() }) }, async (ctx, { order }) => {
  await ctx.sleep('2d');
  try {
    const { at } = await ctx.signal('delivered', z.object({ at: z.string() }));
    return `${order} was left ${at}`;
  } finally {
    stopped.push(order);
  }
});
const order = flow('order', { input: z.object({ id: z.string() }), uses: [delivery] }, async (ctx, { id }) => {
  await ctx.checkpoint('charge', () => `charged for ${id}`);
  return ctx.run(delivery, { order: id }, { id: 'parcel' });
});

await using runtime = await testRuntime();
const first = await runtime.start(order, { id: 'tea' }, { key: 'tea' });
const second = await runtime.start(order, { id: 'cups' }, { key: 'cups' });
await runtime.advance('2d');

// A signal goes to the actor that waits for it. It is kept until the flow asks.
const childOf = async (run: string) => {
  const rows = await runtime.journal.find({ run, status: 'active' });
  return rows.find(({ parent }) => parent !== undefined)!.actor;
};
const delivered = { type: 'flow.signal', name: 'delivered', value: { at: 'at the door' } };
await runtime.signal(await childOf('tea'), delivered);
await runtime.settle();
assert.deepEqual(await first.outcome(), { status: 'done', output: 'tea was left at the door' });

await runtime.signal(second.root, { type: 'run.cancel', reason: 'out of cups' });
await runtime.settle();
assert.deepEqual(await second.outcome(), { status: 'cancelled', reason: 'out of cups' });
assert.deepEqual(await runtime.journal.find({ run: 'cups', status: 'active' }), []);
assert.deepEqual(stopped, ['tea', 'cups']);
console.log('tea: delivered; cups: cancelled, with its delivery');
