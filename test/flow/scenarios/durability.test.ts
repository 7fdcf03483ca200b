/** What a long life does to a flow: questions that are answered late, cancels in the middle of parallel work, pauses, and drills. */
import { expect, test } from 'vitest';
import * as z from 'zod';
import { testRuntime } from 'troupe/testing';
import { checkpoint, flow, openRuntime, run } from '../../../src/index.ts';
import { answerOnly, journalOf, onDisk, untilRest } from '../processes.ts';

test('a question without a deadline is answered a year later, and its flow goes on with the value', async () => {
  const ask = flow('ask', async (ctx) => ctx.wait({ name: 'name', schema: z.string() }));
  await using runtime = await testRuntime();
  const handle = await runtime.start(ask, null, { key: 'r' });
  await runtime.advance('365d');
  expect(await handle.outcome({ returnWhenWaiting: true })).toMatchObject({ status: 'waiting' });
  await answerOnly(runtime, 'ada');
  await runtime.settle();
  expect(await handle.outcome()).toMatchObject({ status: 'done', output: 'ada' });
});

test('a second answer to a question is a conflict, and the first one stands', async () => {
  const ask = flow('ask', async (ctx) => ctx.wait({ name: 'n', schema: z.number() }));
  const open = onDisk();
  await using runtime = await open();
  await untilRest(runtime, ask, null);
  const [ticket] = await runtime.tickets('r');
  await runtime.answer(ticket!.id, 1);
  await expect(runtime.answer(ticket!.id, 2)).rejects.toMatchObject({ kind: 'conflict' });
  expect(await untilRest(runtime, ask, null)).toMatchObject({ status: 'done', output: 1 });
});

test('a cancel reaches everything that is under way side by side, also in children, and nothing new begins', async () => {
  const { done, does } = journalOf();
  const hang = checkpoint(
    'hang',
    (name: string, { signal }) =>
      new Promise<never>((_, reject) => {
        does(`${name} begun`);
        signal.addEventListener('abort', () => {
          does(`${name} stopped`);
          reject(signal.reason as Error);
        });
      }),
  );
  const child = flow('child', async (ctx) => hang.call(ctx, 'child'));
  const parent = flow('parent', { uses: [child] }, async (ctx) => {
    await Promise.all([hang.map(ctx, ['a', 'b', 'c', 'd'], { concurrency: 3 }), ctx.run(child, null)]);
  });
  await using runtime = await openRuntime({ db: 'memory' });
  const handle = await runtime.start(parent, null, { key: 'r' });
  while (done.length < 4) await new Promise((next) => setTimeout(next, 1));
  await runtime.signal(handle.root, { type: 'run.cancel', reason: 'enough' });
  expect(await handle.outcome()).toMatchObject({ status: 'cancelled', reason: 'enough' });
  expect([...done].sort()).toEqual(
    ['a', 'b', 'c', 'child'].flatMap((name) => [`${name} begun`, `${name} stopped`]).sort(),
  );
});

test('a paused flow begins nothing, and goes on where it was when it is resumed', async () => {
  const { done, does } = journalOf();
  const steps = flow('steps', async (ctx) => {
    await ctx.wait({ name: 'go' });
    return ctx.checkpoint('work', () => does('work'));
  });
  await using runtime = await testRuntime();
  const handle = await runtime.start(steps, null, { key: 'r' });
  await runtime.settle();
  await runtime.signal(handle.root, { type: 'run.pause' });
  await answerOnly(runtime, null);
  await runtime.advance('1h');
  expect(done).toEqual([]);
  await runtime.signal(handle.root, { type: 'run.resume' });
  await runtime.settle();
  expect(await handle.outcome()).toMatchObject({ status: 'done', output: 'work' });
});

test('a sleep takes no process: the flow goes on at its time in whatever process is there', async () => {
  const nap = flow('nap', async (ctx) => {
    await ctx.sleep('30d');
    return ctx.checkpoint('wake', () => 'awake');
  });
  await using runtime = await testRuntime();
  const handle = await runtime.start(nap, null, { key: 'r' });
  await runtime.advance('29d');
  await handle.park();
  const again = await runtime.resume('r', nap);
  await runtime.settle();
  expect(again.idle).toBe(true);
  await runtime.advance('1d');
  expect(await again.outcome()).toMatchObject({ status: 'done', output: 'awake' });
});

test('a run that failed in a drill is replayed from its gate, without the searches that came before', async () => {
  const { done, does } = journalOf();
  const drill = (failsAfter: number) =>
    flow('news', async (ctx) => {
      const search = checkpoint('search', (query: string) => does(`found ${query}`));
      const found = await search.map(ctx, ['tea', 'cups', 'spoons']);
      await ctx.checkpoint('drill_gate', () => {
        if (found.length >= failsAfter) throw new Error('a drill');
      });
      return ctx.checkpoint('report', () => found.join(', '));
    });
  await using runtime = await openRuntime({ db: 'memory' });
  expect(await untilRest(runtime, drill(3), null)).toMatchObject({ status: 'failed', failure: { message: 'a drill' } });
  const handle = await runtime.replay('r', drill(Infinity), { from: 'drill_gate' });
  expect(await handle.outcome()).toMatchObject({ status: 'done', output: 'found tea, found cups, found spoons' });
  expect(done).toEqual(['found tea', 'found cups', 'found spoons']);
});

test('a retry of a flow goes on in the child that had failed, and repeats nothing of it', async () => {
  const { done, does } = journalOf();
  let isBroken = true;
  const child = flow('child', async (ctx) => {
    await ctx.checkpoint('one', () => does('one'));
    return ctx.checkpoint('two', () => {
      if (isBroken) throw new Error('no');
      return does('two');
    });
  });
  const parent = flow('parent', { uses: [child] }, async (ctx) => {
    await ctx.checkpoint('zero', () => does('zero'));
    return ctx.run(child, null);
  });
  await using runtime = await openRuntime({ db: 'memory' });
  expect(await untilRest(runtime, parent, null)).toMatchObject({ status: 'failed' });
  isBroken = false;
  const again = await runtime.retry('r', parent);
  expect(await again.outcome()).toMatchObject({ status: 'done', output: 'two' });
  expect(done).toEqual(['zero', 'one', 'two']);
});

test('a conversation waits for each message, and remembers all of them', async () => {
  const chat = flow('chat', async (ctx) => {
    const said: string[] = [];
    for (;;) {
      const message = await ctx.wait({ name: 'message', schema: z.string(), question: said.at(-1) ?? 'Hello!' });
      if (message === 'bye') return said;
      said.push(await ctx.checkpoint('reply', () => `You said ${message}, after ${said.length} more.`));
    }
  });
  const open = onDisk();
  for (const message of ['tea', 'cups']) {
    await using runtime = await open();
    await untilRest(runtime, chat, null);
    await answerOnly(runtime, message);
  }
  await using runtime = await open();
  expect(await untilRest(runtime, chat, null)).toMatchObject({
    status: 'waiting',
    tickets: [{ name: 'message_3', question: 'You said cups, after 1 more.' }],
  });
  await answerOnly(runtime, 'bye');
  expect(await untilRest(runtime, chat, null)).toMatchObject({
    output: ['You said tea, after 0 more.', 'You said cups, after 1 more.'],
  });
});

test('a deadline ends a flow that takes too long, and a child flow by its own; their questions are closed', async () => {
  const slow = flow('slow', { deadline: '1h' }, async (ctx) => ctx.wait({ name: 'never' }));
  const patient = flow('patient', { uses: [slow] }, async (ctx) =>
    ctx.run(slow, null).catch((error: { kind: string }) => `the child has ${error.kind}`),
  );
  await using runtime = await testRuntime();
  const handle = await runtime.start(slow, null, { key: 'r' });
  const around = await runtime.start(patient, null, { key: 'p' });
  await runtime.advance('59m');
  expect(await handle.outcome({ returnWhenWaiting: true })).toMatchObject({ status: 'waiting' });
  await runtime.advance('2m');
  expect(await handle.outcome()).toMatchObject({ status: 'failed', failure: { kind: 'expired' } });
  expect(await around.outcome()).toMatchObject({ status: 'done', output: 'the child has expired' });
  expect(await runtime.tickets()).toEqual([]);
});

test('a result that does not fit the schema of its checkpoint, or of its flow, fails by name', async () => {
  const bad = flow('bad', async (ctx) => ctx.checkpoint('count', { output: z.number() }, () => 'many'));
  await expect(run(bad, null, { db: 'memory' })).rejects.toMatchObject({
    kind: 'invalid',
    message: expect.stringContaining('The result of the checkpoint "count" does not fit') as string,
  });
  const wrong = flow('wrong', { output: z.number() }, async () => 'many');
  await expect(run(wrong, null, { db: 'memory' })).rejects.toMatchObject({
    kind: 'invalid',
    message: expect.stringContaining('flow "wrong"') as string,
  });
});
