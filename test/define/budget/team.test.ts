/** What the budget of a team guarantees. */
import { expect, test } from 'vitest';
import { testRuntime } from 'troupe/testing';
import type { RunOutcome } from '../../../src/runtime/runtime.ts';
import { budgetTeam, supervisors, thinkingModel } from './budgetTeam.ts';

async function outcomeOf(
  team: ReturnType<typeof budgetTeam>,
  order: { ada: number; bob: number },
): Promise<RunOutcome> {
  await using runtime = await testRuntime();
  const handle = await runtime.start(team, order);
  await runtime.settle();
  return handle.outcome();
}
const usageOf = (outcome: RunOutcome) => ('usage' in outcome ? outcome.usage : undefined);

test("a team's only working member may use its whole budget", async () => {
  expect(await outcomeOf(budgetTeam({ steps: 10 }), { ada: 10, bob: 0 })).toMatchObject({
    status: 'done',
    usage: { steps: 10 },
  });
});

test.each([
  { budget: { steps: 10 }, usage: { steps: 10 } },
  { budget: { tokens: 160 }, usage: { outputTokens: 50 } },
  { budget: { usd: 0.1001 }, usage: { steps: 10 } },
  { budget: { toolCalls: 8 }, usage: { toolCalls: 7 } },
])('of two working members the busier one may use more than half of $budget', async ({ budget, usage }) => {
  expect(await outcomeOf(budgetTeam(budget), { ada: 8, bob: 2 })).toMatchObject({ status: 'done', usage });
});

test.each([
  [{ steps: 7 }, { steps: 7 }],
  [{ usd: 0.07 }, { steps: 7 }],
  [{ tokens: 105 }, { steps: 6 }],
])('concurrent members never use more than %o, and a refused member learns why', async (budget, most) => {
  const outcome = await outcomeOf(budgetTeam(budget), { ada: 20, bob: 20 });
  expect(outcome).toMatchObject({
    status: 'failed',
    failure: { kind: 'budget', data: { what: Object.keys(budget)[0] } },
  });
  expect(usageOf(outcome)!.steps).toBeLessThanOrEqual(most.steps);
  expect(usageOf(outcome)!.steps).toBeGreaterThanOrEqual(most.steps - 1);
});

test('what one member does not use is available to the next', async () => {
  const outcome = await outcomeOf(budgetTeam({ steps: 9 }), { ada: 1, bob: 8 });
  expect(outcome).toMatchObject({ status: 'done', output: { thoughts: 9 } });
});

test('two requests for the same remaining budget are served in their order, and none waits for ever', async () => {
  const outcome = await outcomeOf(budgetTeam({ steps: 3 }), { ada: 5, bob: 5 });
  expect(outcome).toMatchObject({ status: 'failed', failure: { kind: 'budget' } });
});

test('a team without a budget has no treasurer', async () => {
  await using runtime = await testRuntime();
  const handle = await runtime.start(budgetTeam({}), { ada: 1, bob: 1 });
  await runtime.settle();
  expect(await handle.outcome()).toMatchObject({ status: 'done' });
  expect((await runtime.journal.find({ run: handle.id })).map(({ type }) => type).sort()).toEqual([
    'ada',
    'bob',
    'run',
  ]);
});

test('an unknown price counts as zero where unknown prices are allowed, and fails the run elsewhere', async () => {
  const free = { model: thinkingModel(null, 'unknown:model'), limits: { allowUnknownPrice: true } };
  expect(await outcomeOf(budgetTeam({ usd: 0.01 }, { ada: free }), { ada: 5, bob: 0 })).toMatchObject({
    status: 'done',
  });
  const unpriced = await outcomeOf(
    budgetTeam({ usd: 0.01 }, { ada: { model: thinkingModel(null, 'unknown:model') } }),
    {
      ada: 5,
      bob: 0,
    },
  );
  expect(unpriced).toMatchObject({ status: 'failed', failure: { kind: 'budget', data: { model: 'unknown:model' } } });
});

test('a member fails by its own budget, whatever the team has left', async () => {
  const outcome = await outcomeOf(budgetTeam({ steps: 20 }, { ada: { budget: { steps: 2 } } }), { ada: 5, bob: 0 });
  expect(outcome).toMatchObject({ status: 'failed', failure: { data: { what: 'steps', limit: 2 } } });
});

test.each(Object.entries(supervisors))(
  'behind %s a member can request more up to its limit, and what it does not use is available to others',
  async (_, supervisedBy) => {
    expect(await outcomeOf(budgetTeam({ steps: 9 }, { supervisedBy }), { ada: 1, bob: 8 })).toMatchObject({
      status: 'done',
      output: { thoughts: 9 },
      usage: { steps: 9 },
    });
    const short = await outcomeOf(budgetTeam({ steps: 6 }, { supervisedBy }), { ada: 8, bob: 8 });
    expect(short).toMatchObject({ status: 'failed', failure: { kind: 'budget' } });
    expect(usageOf(short)!.steps).toBeLessThanOrEqual(6);
    const dear = await outcomeOf(budgetTeam({ usd: 0.07 }, { supervisedBy }), { ada: 1, bob: 6 });
    expect(dear).toMatchObject({ status: 'done', usage: { steps: 7 } });
  },
);

test('a member requests no more than its guardrail allows, whatever the team has left', async () => {
  const { guardrails: supervisedBy } = supervisors;
  const outcome = await outcomeOf(budgetTeam({ steps: 50 }, { supervisedBy: supervisedBy! }), { ada: 20, bob: 0 });
  expect(outcome).toMatchObject({ status: 'failed', failure: { kind: 'budget' }, usage: { steps: 12 } });
});
