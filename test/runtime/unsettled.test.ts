/** A run that ends in the middle of a write says so: the write may or may not have happened. */
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { agent, mapReduce, tool, TroupeError, type RunHandle, type Runnable } from 'troupe';
import { scriptedModel, testRuntime, type TestRuntime } from 'troupe/testing';
import { systemClock } from '../../src/engine/clock.ts';
import { deferred } from '../deferred.ts';
import { journals } from '../engine/journals.ts';

/** A tool whose call never ends. */
const hanging = (name: string, effect: 'read' | 'write', more: object = {}) =>
  tool({
    name,
    description: 'x',
    effect,
    timeout: '10h',
    input: z.object({ euros: z.number() }),
    output: z.null(),
    run: (_, { signal }) =>
      new Promise<null>((_, stop) => signal.addEventListener('abort', () => stop(new Error('stopped')))),
    ...more,
  });

const payer = (options: object = {}, effect: 'read' | 'write' = 'write') =>
  agent({
    name: 'payer',
    tools: [hanging('pay', effect)],
    model: scriptedModel([{ calls: [{ name: 'pay', input: { euros: 5 } }] }]),
    ...options,
  });

const unsettled = [{ tool: 'pay', input: { euros: 5 } }];

async function started(runtime: TestRuntime, subject: Runnable, options: object = {}): Promise<RunHandle> {
  const run = await runtime.start(subject, 'Pay.', { key: 'k', ...options });
  await runtime.settle();
  return run;
}
const cancel = (runtime: TestRuntime, run: RunHandle) =>
  runtime.signal(run.root, { type: 'agent.cancel', reason: 'Enough.' });

test.each<[string, (runtime: TestRuntime) => Promise<RunHandle>, object]>([
  [
    'when it is cancelled',
    async (runtime) => {
      const run = await started(runtime, payer());
      await cancel(runtime, run);
      return run;
    },
    { status: 'cancelled', reason: 'Enough.' },
  ],
  [
    'when its deadline passes',
    async (runtime) => {
      const run = await started(runtime, payer(), { deadline: '1m' });
      await runtime.advance('5m');
      return run;
    },
    { status: 'failed', failure: { kind: 'expired' } },
  ],
  [
    'when the deadline of its agent passes',
    async (runtime) => {
      const run = await started(runtime, payer({ deadline: '1m' }));
      await runtime.advance('5m');
      return run;
    },
    { status: 'failed' },
  ],
  [
    'when it is parked',
    async (runtime) => {
      const run = await started(runtime, payer());
      await run.park();
      return run;
    },
    { status: 'parked' },
  ],
])('a run names its write %s in the middle of it', async (_, end, outcome) => {
  await using runtime = await testRuntime();
  const run = await end(runtime);
  expect(await run.outcome()).toMatchObject({ ...outcome, unsettled });
});

test('a team names the write of one member when another member fails', async () => {
  await using runtime = await testRuntime();
  const { promise: look, resolve: looked } = deferred<null>();
  const input = z.object({ euros: z.number() });
  const read = tool({ name: 'look', description: 'x', effect: 'read', input, output: z.null(), run: () => look });
  const worker = agent({
    name: 'worker',
    tools: [hanging('pay', 'write'), read],
    model: scriptedModel(({ messages }) => {
      if (messages.some(({ role }) => role === 'assistant')) throw new TroupeError('auth', 'No API key is set.');
      const name = JSON.stringify(messages).includes('Pay now.') ? 'pay' : 'look';
      return { calls: [{ name, input: { euros: 5 } }] };
    }),
  });
  const subject = mapReduce({
    name: 'both',
    split: () => ['Pay now.', 'Look.'],
    map: worker,
    reduce: (all) => all.join(),
  });
  const run = await started(runtime, subject);
  looked(null);
  await runtime.advance('30m');
  expect(await run.outcome()).toMatchObject({ status: 'failed', unsettled });
});

/** One member pays in a call that hangs, and nobody says whether it happened; the other looks again and again, until the budget is used up. */
const payAndLook = (more: object) =>
  mapReduce({
    name: 'both',
    split: () => ['Pay now.', 'Look.'],
    map: agent({
      name: 'worker',
      tools: [
        hanging('pay', 'write', { timeout: '1s' }),
        tool({
          name: 'look',
          description: 'x',
          effect: 'read',
          input: z.object({ euros: z.number() }),
          output: z.null(),
          run: () => null,
        }),
      ],
      limits: { approvalDeadline: 60_000 },
      model: scriptedModel(({ messages }) => ({
        calls: [{ name: JSON.stringify(messages).includes('Pay now.') ? 'pay' : 'look', input: { euros: 5 } }],
        usage: { inputTokens: 5, outputTokens: 5, usd: 1 },
      })),
    }),
    maxFailures: 1,
    reduce: (all) => all.join(),
    ...more,
  });

describe.each(Object.entries(journals))('in a journal of the kind %s', (_, open) => {
  test.each<[string, object]>([
    ['in steps', { budget: { steps: 6 } }],
    ['in dollars', { budget: { usd: 6 } }],
    ['for which nobody gives more', { budget: { steps: 6 }, onExhausted: 'ask', deadline: '20h' }],
  ])('a run whose budget %s ends names the write of which nobody knows', async (__, more) => {
    await using runtime = await testRuntime({ journal: await open(systemClock()) });
    const run = await started(runtime, payAndLook(more));
    await runtime.advance('14h');
    const told = { status: 'failed', failure: { kind: 'budget' }, unsettled };
    const outcome = await run.outcome({ returnWhenWaiting: true });
    expect(outcome).toMatchObject(told);
    // Whoever asks later is told the same.
    const later = await runtime.start(payAndLook(more), 'Pay.', { key: 'k' });
    expect(await later.outcome()).toMatchObject(told);
  });
});

test('a write of which a person could not tell whether it happened is named', async () => {
  await using runtime = await testRuntime();
  const subject = agent({
    name: 'payer',
    tools: [
      tool({
        name: 'pay',
        description: 'x',
        effect: 'write',
        timeout: '1s',
        input: z.object({ euros: z.number() }),
        output: z.null(),
        run: () => new Promise<null>(() => {}),
      }),
    ],
    limits: { approvalDeadline: 60_000 },
    model: scriptedModel([{ calls: [{ name: 'pay', input: { euros: 5 } }] }, { text: 'I do not know.' }]),
  });
  const run = await started(runtime, subject);
  await runtime.advance('10m');
  expect(await run.outcome()).toMatchObject({ unsettled });
});

test('a run that only reads, or whose writes have ended, names none', async () => {
  await using runtime = await testRuntime();
  const run = await started(runtime, payer({}, 'read'));
  await cancel(runtime, run);
  expect(await run.outcome()).not.toHaveProperty('unsettled');
  const done = agent({
    name: 'payer',
    tools: [hanging('pay', 'write', { run: () => null })],
    model: scriptedModel([{ calls: [{ name: 'pay', input: { euros: 5 } }] }, { text: 'Paid.' }]),
  });
  const paid = await runtime.start(done, 'Pay.', { key: 'l' });
  expect(await paid.outcome()).not.toHaveProperty('unsettled');
});
