/** A budget that is stretched: when money runs short, cheaper models go on. */
import { expect, test } from 'vitest';
import type { Model } from 'troupe';
import { testRuntime, type TestRuntimeOptions } from 'troupe/testing';
import { desk, thinker } from './desk.ts';

const dear = () => thinker(0.1, 'test:dear');
const cheap = () => thinker(0.01, 'test:cheap');
const free = () => thinker(0, 'test:free');
type Options = Parameters<typeof desk>[1];

async function spent(
  { budget = {}, thoughts = 6, ...options }: Options & { budget?: object; thoughts?: number },
  runtimeOptions: TestRuntimeOptions = {},
) {
  await using runtime = await testRuntime(runtimeOptions);
  const handle = await runtime.start(desk(budget, options), { ada: thoughts, bob: 0 });
  await runtime.settle();
  const outcome = await handle.outcome();
  const [row] = await runtime.journal.find({ run: handle.id, type: 'ada' });
  const steps = (await runtime.journal.list(row!.actor, 'trajectory')) as { model?: string }[];
  return { outcome, models: steps.flatMap(({ model }) => model?.replace('test:', '') ?? []) };
}

test.each<[string, { model: Model | Model[]; fallbacks?: Model[] }]>([
  ['the next of its models', { model: [dear(), cheap()] }],
  ['its next fallback', { model: dear(), fallbacks: [cheap()] }],
])('at the soft limit an agent changes to %s, and fails when that model exceeds the budget too', async (_, models) => {
  const own = (usd: number) => ({ ada: { ...models, budget: { usd }, onExhausted: 'degrade' } }) as const;
  const enough = await spent(own(0.35));
  expect(enough.models).toEqual(['dear', 'dear', 'dear', 'cheap', 'cheap', 'cheap']);
  expect(enough.outcome).toMatchObject({ status: 'done' });
  const short = await spent(own(0.31));
  expect(short.models).toEqual(['dear', 'dear', 'dear', 'cheap']);
  expect(short.outcome).toMatchObject({ status: 'failed', failure: { kind: 'budget', data: { what: 'usd' } } });
});

test('without degrade an agent keeps its expensive model until its budget is used up', async () => {
  const { models } = await spent({ ada: { model: [dear(), cheap()], budget: { usd: 0.35 } } });
  expect(models).toEqual(['dear', 'dear', 'dear']);
});

test('the members of a team with degrade change to their cheaper models', async () => {
  const ada = { model: [dear(), cheap(), free()] };
  const { models, outcome } = await spent({ budget: { usd: 0.31 }, onExhausted: 'degrade', ada });
  expect(models).toEqual(['dear', 'dear', 'dear', 'cheap']);
  expect(outcome).toMatchObject({ status: 'failed', failure: { kind: 'budget' } });
  const thrifty = await spent({ budget: { usd: 0.305 }, onExhausted: 'degrade', ada });
  expect(thrifty.outcome).toMatchObject({ status: 'failed', usage: { usd: expect.closeTo(0.31) as number } });
});

test('a budget of steps is not extended by a cheaper model', async () => {
  const ada = { model: [dear(), cheap()], budget: { steps: 2 }, onExhausted: 'degrade' } as const;
  expect((await spent({ ada })).outcome).toMatchObject({ status: 'failed', failure: { data: { what: 'steps' } } });
});

test('the models of a named group are used in their order', async () => {
  // Groups name models; that these are objects keeps the test off the network.
  const house = [dear(), cheap(), free()] as never;
  const ada = { model: 'house', budget: { usd: 0.5 }, onExhausted: 'degrade' } as const;
  const { outcome, models } = await spent({ ada }, { gateway: { models: { house } } });
  expect(models).toEqual(['dear', 'dear', 'dear', 'dear', 'cheap', 'cheap']);
  expect(outcome).toMatchObject({ status: 'done' });
});
