/** What a flow holds in memory while it waits: after a while nothing but its records, which are in the journal. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import * as z from 'zod';
import { testRuntime } from 'troupe/testing';
import { flow } from '../../src/index.ts';

setFlagsFromString('--expose-gc');
// Node gives the function to contexts that are made after the flag was set.
const collect = runInNewContext('gc') as () => void;

test('what the body of a flow that waits has in its variables leaves memory, and comes again when it goes on', async () => {
  const held: WeakRef<object>[] = [];
  const waits = flow('waits', async (ctx) => {
    const page = { text: await ctx.checkpoint('read', () => 'a long text') };
    held.push(new WeakRef(page));
    const { ok } = await ctx.wait({ name: 'ok', schema: z.object({ ok: z.boolean() }) });
    return ok ? page.text : 'no';
  });
  await using runtime = await testRuntime();
  const handle = await runtime.start(waits, null, { key: 'r' });
  await runtime.settle();
  expect(held).toHaveLength(1);
  await runtime.advance('15s');
  // What a turn of the event loop has touched is collected after it.
  await new Promise((resolve) => setImmediate(resolve));
  collect();
  expect(held[0]?.deref()).toBeUndefined();
  const [ticket] = await runtime.tickets();
  await runtime.answer(ticket!.id, { ok: true });
  expect(await handle.outcome()).toMatchObject({ output: 'a long text' });
  expect(held).toHaveLength(2);
});
