/** What each built-in guardrail accepts and rejects, at which stage and with which kind of failure. */
import { expect, test } from 'vitest';
import { z } from 'zod';
import { guardrails, type Guardrail } from 'troupe';
import { scriptedModel } from 'troupe/testing';
import { clerk, rejection, outcomeBehind } from './guarded.ts';
import { longLivedRun } from './longLived.ts';

type TaskInput = Parameters<Awaited<ReturnType<typeof longLivedRun>>['give']>[1];
const { timeout, budget, rateLimit, cancellation, input, output, schema } = guardrails;

const outcomeOf = async (guardrail: Guardrail, task: TaskInput) => {
  await using run = await longLivedRun([guardrail]);
  return await run.give('a', task);
};
const passes = { status: 'completed', answer: { body: 'Done.' } };
const steps = (limit: number, more = {}) => budget({ steps: limit, ...more });

test.each<[string, Guardrail, TaskInput, object]>([
  ['a timeout within the limit', timeout({ max: 5_000 }), { facts: { timeout: 1_000 } }, passes],
  ['no timeout where none is required', timeout({ max: 5_000 }), {}, passes],
  [
    'no timeout where one is required',
    timeout({ max: 5_000, requireExplicit: true }),
    {},
    rejection('timeout', 'pre', 'denied', /no timeout.*required/),
  ],
  [
    'no timeout where one is required and none is too long',
    timeout({ requireExplicit: true }),
    {},
    rejection('timeout', 'pre', 'denied', /required/),
  ],
  [
    'a timeout above the limit',
    timeout({ max: 5_000 }),
    { facts: { timeout: 10_000 } },
    rejection('timeout', 'pre', 'denied', /10000 ms is above the 5000 ms/),
  ],
  [
    'a deadline that has passed',
    timeout({ max: 5_000 }),
    { facts: { deadline: 1 } },
    rejection('timeout', 'pre', 'budget', /deadline has passed/),
  ],
  ['a budget within the limit', steps(8), { facts: { steps: 6 } }, passes],
  [
    'a budget above the limit',
    steps(8),
    { facts: { steps: 12 } },
    rejection('budget', 'pre', 'budget', /12 steps is above the 8/),
  ],
  [
    'a budget of money above the limit',
    budget({ usd: 1 }),
    { facts: { budget: { usd: 2 } } },
    rejection('budget', 'pre', 'budget', /2 usd is above the 1/),
  ],
  [
    'no budget where one is required',
    steps(8, { requireExplicit: true }),
    {},
    rejection('budget', 'pre', 'denied', /no budget of steps.*required/),
  ],
  ['a budget where one is required', steps(8, { requireExplicit: true }), { facts: { budget: { steps: 8 } } }, passes],
  [
    'nothing left of the budget of its run',
    steps(8),
    { allowance: { steps: 0 } },
    rejection('budget', 'pre', 'budget', /none of the steps.*left/),
  ],
  ['a limited rate', rateLimit({ tasks: 1, per: '10s' }), {}, passes],
  [
    'a key that throws',
    rateLimit({
      tasks: 1,
      per: '10s',
      key: () => {
        throw new Error('no user');
      },
    }),
    {},
    rejection('rateLimit', 'pre', 'denied', /key/),
  ],
  ['nothing cancelled', cancellation(), {}, passes],
  ['an input without the pattern', input(['secret', /\d{16}/]), { body: 'Nothing here.' }, passes],
  [
    'an input with the text, in any case',
    input(['secret']),
    { body: { note: 'My SECRET' } },
    rejection('input', 'pre', 'denied', /pattern 1 of 1/),
  ],
  [
    'an input with the expression, also the second time',
    input(['x1', /\d{4}/g]),
    { body: 'PIN 1234' },
    rejection('input', 'pre', 'denied', /pattern 2 of 2/),
  ],
  [
    'an input that the function says no to',
    input(({ text }) => text.length < 3 || 'it is too long'),
    {},
    rejection('input', 'pre', 'denied', /too long/),
  ],
  [
    'an input that breaks its schema',
    schema({ input: z.object({ n: z.number() }) }),
    { body: { n: 'one' } },
    rejection('schema', 'pre', 'denied', /at "n": expected number/),
  ],
  ['an input that fits its schema', schema({ input: z.string() }), {}, passes],
  [
    'an answer that breaks its schema',
    schema({ output: z.object({}) }),
    {},
    { ...rejection('schema', 'post', 'denied', /expected object/), partial: { body: 'Done.' } },
  ],
  ['an answer that fits its schema', schema({ output: z.string() }), {}, passes],
  [
    'an answer with the pattern',
    output(['done'], { stream: false }),
    {},
    { ...rejection('output', 'post', 'denied', /pattern/), partial: { body: 'Done.' } },
  ],
])('%s', async (_, guardrail, task, expected) => {
  expect(await outcomeOf(guardrail, task)).toMatchObject(expected);
});

test('with allowExhausted a task is accepted when the budget of the run is used up', async () => {
  const outcome = await outcomeOf(steps(8, { allowExhausted: true }), { allowance: { steps: 0 } });
  expect(outcome).not.toMatchObject({ failure: { data: { stage: 'pre' } } });
});

test('an answer that cost more than allowed is rejected, and its text and usage are kept', async () => {
  const expensive = clerk(() => ({ text: 'Done.', usage: { inputTokens: 900, outputTokens: 100 } }));
  expect(await outcomeBehind([budget({ tokens: 500 })], expensive)).toMatchObject({
    ...rejection('budget', 'post', 'budget', /used 1000 tokens of 500/),
    partial: { type: 'text', body: 'Done.' },
    usage: { steps: 1, inputTokens: 900, outputTokens: 100 },
  });
});

test('an answer with an unknown price is rejected under a budget of money', async () => {
  const priceless = clerk(scriptedModel(() => ({ text: 'Done.', usage: { usd: null } }), { id: 'acme:model' }));
  const loose = {
    ...priceless,
    definition: (type: string) => ({ ...priceless.definition(type), limits: { allowUnknownPrice: true } }),
  };
  expect(await outcomeBehind([budget({ usd: 1 })], loose as typeof priceless)).toMatchObject(
    rejection('budget', 'post', 'budget', /not known/),
  );
});

test('a budget guardrail stops work that exceeds it', async () => {
  const busy = clerk(() => ({ calls: [{ name: 'nothing', input: {} }] }), {});
  expect(await outcomeBehind([budget({ steps: 2 })], busy)).toMatchObject({
    ...rejection('budget', 'mid', 'budget', /2 steps allowed were used up/),
    usage: { steps: 2 },
  });
});

test('a timeout guardrail stops work that takes too long, and keeps its usage', async () => {
  const slow = clerk([{ calls: [{ name: 'nothing', input: {} }] }, { hang: true }]);
  expect(await outcomeBehind([timeout({ max: '2m' })], slow)).toMatchObject({
    ...rejection('timeout', 'mid', 'timeout', /longer than it may/),
    usage: { steps: 1 },
  });
});

test('a rate limit accepts its number of tasks in each window, for each key separately', async () => {
  const perUser = rateLimit({ tasks: 2, per: '10s', key: ({ facts }) => JSON.stringify(facts.metadata?.['user']) });
  await using run = await longLivedRun([perUser]);
  const as = (user: string) => ({ facts: { metadata: { user } } });
  expect(await run.give('1', as('ada'))).toMatchObject(passes);
  expect(await run.give('2', as('ada'))).toMatchObject(passes);
  const third = await run.give('3', as('ada'));
  expect(third).toMatchObject({
    ...rejection('rateLimit', 'pre', 'transient', /"ada"/),
    failure: { retryable: true, retryAfter: 5_000 },
  });
  expect(await run.give('4', as('bob'))).toMatchObject(passes);
  await run.runtime.advance('5s');
  expect(await run.give('5', as('ada'))).toMatchObject(passes);
  expect(await run.give('6', as('ada'))).toMatchObject({ status: 'failed' });
});

test('a rate limit of tokens rejects the next task until the tokens of the last one are paid off', async () => {
  const thrifty = clerk(() => ({ text: 'Done.', usage: { inputTokens: 150, outputTokens: 50 } }));
  await using run = await longLivedRun([rateLimit({ tokens: 100, per: '10s' })], thrifty);
  expect(await run.give('1')).toMatchObject(passes);
  expect(await run.give('2')).toMatchObject({ failure: { kind: 'transient', retryAfter: 10_100 } });
  await run.runtime.advance('11s');
  expect(await run.give('3')).toMatchObject(passes);
});

test('a task that a later guardrail rejects does not count for the rate limit', async () => {
  await using run = await longLivedRun([rateLimit({ tasks: 1, per: '1h' }), input(['no'])]);
  expect(await run.give('1', { body: 'no' })).toMatchObject(rejection('input', 'pre', 'denied', /pattern/));
  expect(await run.give('2')).toMatchObject(passes);
  expect(await run.give('3')).toMatchObject({ failure: { data: { refusedBy: 'rateLimit' } } });
});

test('a completed task counts for the rate limit, also when its answer is rejected', async () => {
  await using run = await longLivedRun([rateLimit({ tasks: 1, per: '1h' }), output(['done'], { stream: false })]);
  expect(await run.give('1')).toMatchObject({ failure: { data: { refusedBy: 'output', stage: 'post' } } });
  expect(await run.give('2')).toMatchObject({ failure: { data: { refusedBy: 'rateLimit' } } });
});

test('a cancellation guardrail rejects current and later tasks until it is reset', async () => {
  const slow = clerk(({ messages }) =>
    JSON.stringify(messages).includes('slow') ? { hang: true } : { text: 'Done.' },
  );
  await using run = await longLivedRun([cancellation()], slow);
  expect(await run.give('1', { body: 'slow' })).toBeUndefined();
  await run.signal('cancellation', { type: 'work.cancel', reason: 'closing time' });
  await run.runtime.settle();
  expect((await run.answers())[0]!.output).toMatchObject(rejection('cancellation', 'mid', 'cancelled', /closing time/));
  expect(await run.give('2')).toMatchObject(rejection('cancellation', 'pre', 'cancelled', /closing time/));
  await run.signal('cancellation', { type: 'guardrail.reset' });
  expect(await run.give('3')).toMatchObject(passes);
});
