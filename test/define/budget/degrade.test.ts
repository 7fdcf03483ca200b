/** onExhausted "degrade": when a budget runs low, an agent changes to its cheaper models. */
import { expect, test } from 'vitest';
import type { Model } from 'troupe';
import { testRuntime, type TestRuntimeOptions } from 'troupe/testing';
import { budgetTeam, thinkingModel } from './budgetTeam.ts';

const expensiveModel = () => thinkingModel(0.1, 'test:expensive');
const cheapModel = () => thinkingModel(0.01, 'test:cheap');
const freeModel = () => thinkingModel(0, 'test:free');
type Options = Parameters<typeof budgetTeam>[1];

async function runWith(
  { budget = {}, thoughts = 6, ...options }: Options & { budget?: object; thoughts?: number },
  runtimeOptions: TestRuntimeOptions = {},
) {
  await using runtime = await testRuntime(runtimeOptions);
  const handle = await runtime.start(budgetTeam(budget, options), { ada: thoughts, bob: 0 });
  await runtime.settle();
  const outcome = await handle.outcome();
  const [row] = await runtime.journal.find({ run: handle.id, type: 'ada' });
  const steps = (await runtime.journal.list(row!.actor, 'trajectory')) as { model?: string }[];
  return { outcome, models: steps.flatMap(({ model }) => model?.replace('test:', '') ?? []) };
}

test.each<[string, { model: Model | Model[]; fallbacks?: Model[] }]>([
  ['the next of its models', { model: [expensiveModel(), cheapModel()] }],
  ['its next fallback', { model: expensiveModel(), fallbacks: [cheapModel()] }],
])('at the soft limit an agent changes to %s, and fails when that model exceeds the budget too', async (_, models) => {
  const own = (usd: number) => ({ ada: { ...models, budget: { usd }, onExhausted: 'degrade' } }) as const;
  const enough = await runWith(own(0.35));
  expect(enough.models).toEqual(['expensive', 'expensive', 'expensive', 'cheap', 'cheap', 'cheap']);
  expect(enough.outcome).toMatchObject({ status: 'done' });
  const short = await runWith(own(0.31));
  expect(short.models).toEqual(['expensive', 'expensive', 'expensive', 'cheap']);
  expect(short.outcome).toMatchObject({ status: 'failed', failure: { kind: 'budget', data: { what: 'usd' } } });
});

test('without degrade an agent keeps its expensive model until its budget is used up', async () => {
  const { models } = await runWith({ ada: { model: [expensiveModel(), cheapModel()], budget: { usd: 0.35 } } });
  expect(models).toEqual(['expensive', 'expensive', 'expensive']);
});

test('the members of a team with degrade change to their cheaper models', async () => {
  const ada = { model: [expensiveModel(), cheapModel(), freeModel()] };
  const { models, outcome } = await runWith({ budget: { usd: 0.31 }, onExhausted: 'degrade', ada });
  expect(models).toEqual(['expensive', 'expensive', 'expensive', 'cheap']);
  expect(outcome).toMatchObject({ status: 'failed', failure: { kind: 'budget' } });
  const thrifty = await runWith({ budget: { usd: 0.305 }, onExhausted: 'degrade', ada });
  expect(thrifty.outcome).toMatchObject({ status: 'failed', usage: { usd: expect.closeTo(0.31) as number } });
});

test('a budget of steps is not extended by a cheaper model', async () => {
  const ada = { model: [expensiveModel(), cheapModel()], budget: { steps: 2 }, onExhausted: 'degrade' } as const;
  expect((await runWith({ ada })).outcome).toMatchObject({ status: 'failed', failure: { data: { what: 'steps' } } });
});

test('the models of a named group are used in their order', async () => {
  // A group contains names of models; objects keep the test off the network.
  const house = [expensiveModel(), cheapModel(), freeModel()] as never;
  const ada = { model: 'house', budget: { usd: 0.5 }, onExhausted: 'degrade' } as const;
  const { outcome, models } = await runWith({ ada }, { gateway: { models: { house } } });
  expect(models).toEqual(['expensive', 'expensive', 'expensive', 'expensive', 'cheap', 'cheap']);
  expect(outcome).toMatchObject({ status: 'done' });
});
