/** A question that the flow needs no more, such as one that has lost a race, is closed by its signal: nobody is asked it any longer. */
import * as z from 'zod';
import { expect, test } from 'vitest';
import { crashEverywhere, expectSurvival, testRuntime } from 'troupe/testing';
import { memory } from '../../src/journal/memory.ts';
import { flow } from '../../src/index.ts';
import { troupeClient } from '../../src/client/index.ts';

/** Asks two people, and goes on with whoever answers first. */
const ask = flow('ask', async (ctx) => {
  const answered = new AbortController();
  const from = (name: string) => ctx.wait({ name, schema: z.string(), signal: answered.signal });
  const first = await Promise.race([from('ada'), from('bob')]);
  answered.abort();
  const then = await ctx.wait({ name: 'then', schema: z.string() });
  return `${first}, ${then}`;
});

test('the other question is closed, and cannot be answered; the flow goes on', async () => {
  await using runtime = await testRuntime();
  await using client = await troupeClient({ runtime });
  const open = async () => (await client.executions.pendingWaits('r')).map(({ name }) => name);
  const handle = await runtime.start(ask, null, { key: 'r' });
  await runtime.settle();
  expect(await open()).toEqual(['ada', 'bob']);
  const [, bob] = await runtime.tickets('r');
  await client.executions.input('r', { wait: 'ada', value: 'yes' });
  await runtime.settle();
  expect(await open()).toEqual(['then']);
  await expect(client.executions.input('r', { wait: 'bob', value: 'no' })).rejects.toMatchObject({ kind: 'conflict' });
  await expect(runtime.answer(bob!.id, 'no')).rejects.toThrow();
  // Its failure is of the kind `cancelled`.
  const { checkpoints } = await client.executions.get('r');
  expect(checkpoints.map(({ invocation_id: id, status }) => [id, status])).toEqual([
    ['ada', 'completed'],
    ['bob', 'failed'],
    ['then', 'waiting'],
  ]);
  await client.executions.input('r', { value: 'go' });
  await runtime.settle();
  expect(await handle.outcome()).toMatchObject({ status: 'done', output: 'yes, go' });
});

test('it stays closed in another process, which does not ask it again', async () => {
  const journal = memory();
  const first = await testRuntime({ journal });
  await first.start(ask, null, { key: 'r' });
  await first.settle();
  const [ada] = await first.tickets('r');
  await first.answer(ada!.id, 'yes');
  await first.settle();
  await first.close();
  await using second = await testRuntime({ journal, seed: 2 });
  const handle = await second.resume('r', ask);
  await second.settle();
  const open = await second.tickets('r');
  expect(open.map(({ name }) => name)).toEqual(['then']);
  await second.answer(open[0]!.id, 'go');
  await second.settle();
  expect(await handle.outcome()).toMatchObject({ status: 'done', output: 'yes, go' });
});

test('who waits for it is told with the reason; one that was answered before keeps its answer', async () => {
  const told = flow('told', async (ctx) => {
    const stop = new AbortController();
    const wait = ctx.wait({ name: 'a', signal: stop.signal });
    await ctx.sleep('1m');
    stop.abort(new Error('It is too late.'));
    return wait.catch((error: Error & { kind?: string }) => `${error.kind}: ${error.message}`);
  });
  await using runtime = await testRuntime();
  const handle = await runtime.start(told, null, { key: 'r' });
  await runtime.advance('2m');
  expect(await handle.outcome()).toMatchObject({ output: expect.stringMatching(/^cancelled: .*too late/) as string });

  const again = await runtime.start(told, null, { key: 's' });
  await runtime.settle();
  const [ticket] = await runtime.tickets('s');
  await runtime.answer(ticket!.id, null);
  await runtime.advance('2m');
  expect(await again.outcome()).toMatchObject({ output: null });
});

test('a question whose signal has fired already is not asked', async () => {
  const never = flow('never', async (ctx) =>
    ctx.wait({ name: 'a', signal: AbortSignal.abort() }).catch((error: { kind?: string }) => error.kind),
  );
  await using runtime = await testRuntime();
  const handle = await runtime.start(never, null);
  await runtime.settle();
  expect(await handle.outcome()).toMatchObject({ output: 'cancelled' });
});

test('what is no signal is refused by name', async () => {
  const odd = flow('odd', async (ctx) => ctx.wait({ name: 'a', signal: 'stop' as never }));
  await using runtime = await testRuntime();
  const handle = await runtime.start(odd, null);
  await runtime.settle();
  expect(await handle.outcome()).toMatchObject({
    failure: { message: expect.stringMatching(/"a".*AbortSignal/) as string },
  });
});

test('a crash at any point changes nothing', async () => {
  const twice = flow('twice', async (ctx) => {
    const late = new AbortController();
    const first = await Promise.race([
      ctx.wait({ name: 'slow', schema: z.string(), signal: late.signal }),
      ctx.sleep('1m').then(() => 'nobody'),
    ]);
    late.abort();
    return ctx.checkpoint('note', () => first);
  });
  expectSurvival(await crashEverywhere(() => ({ subject: twice, input: null })));
});
