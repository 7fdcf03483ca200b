/** A fan-out under a budget: what a call costs is reserved before it is made, so many calls at once do not exceed the budget together. */
import { expect, test } from 'vitest';
import {
  agent,
  asTool,
  debate,
  guarded,
  guardrails,
  mapReduce,
  orchestrator,
  type Budget,
  type Runnable,
} from 'troupe';
import { crashEverywhere, expectSurvival, scriptedModel, testRuntime } from 'troupe/testing';

/** An agent whose calls cost ten cents and 100 tokens each; `made` counts them. */
function dear(calls = 1) {
  let made = 0;
  const model = scriptedModel(({ messages }) => {
    made++;
    const usage = { inputTokens: 60, outputTokens: 40, usd: 0.1 };
    const turn = messages.filter(({ role }) => role === 'assistant').length;
    return turn + 1 < calls ? { calls: [{ name: 'nothing', input: { turn } }], usage } : { text: 'Done.', usage };
  });
  return { worker: agent({ name: 'worker', model, limits: { maxToolFailures: 50 } }), made: () => made };
}
const fan = (map: ReturnType<typeof dear>['worker'], budget: Budget, width = 100) =>
  mapReduce({
    name: 'fan',
    split: (text) => text.split(' '),
    map,
    reduce: (all) => all.length,
    concurrency: width,
    budget,
  });

async function spentBy(subject: Runnable, items: number) {
  await using runtime = await testRuntime();
  const run = await runtime.start(subject, Array.from({ length: items }, (_, index) => `${index}`).join(' '));
  await runtime.advance('30m');
  const outcome = await run.outcome();
  return {
    outcome,
    usage: ('usage' in outcome && outcome.usage) || { usd: 0, steps: 0, inputTokens: 0, outputTokens: 0 },
  };
}

const wrappers: [string, (worker: never) => unknown][] = [
  ['agents', (worker) => worker],
  ['guarded agents', (worker) => guarded(worker, [guardrails.timeout({ max: '1h' }), guardrails.budget({ usd: 5 })])],
  ['members of an orchestrator', (worker) => orchestrator({ name: 'pool', members: [worker] })],
];
test.each(
  wrappers.flatMap(([name, wrap]) => [
    [name, { usd: 1 }, wrap] as const,
    [name, { tokens: 1_000 }, wrap] as const,
    [name, { usd: 1, steps: 200 }, wrap] as const,
  ]),
)('a hundred %s at once under %j use all of it, and never more', async (_, budget, wrap) => {
  const { worker, made } = dear();
  const { outcome, usage } = await spentBy(fan(wrap(worker as never) as never, budget), 100);
  expect(outcome).toMatchObject({ status: 'failed', failure: { kind: 'budget' } });
  expect(made()).toBe(10);
  expect(usage.usd).toBeCloseTo(1);
});

test.each([1, 3])(
  'work that fits into the budget is done, whatever share each worker began with (%i calls each)',
  async (calls) => {
    const { worker, made } = dear(calls);
    const { outcome } = await spentBy(fan(worker as never, { usd: 0.1 * calls * 12 + 0.001 }, 12), 12);
    expect(outcome).toMatchObject({ status: 'done', output: 12 });
    expect(made()).toBe(12 * calls);
  },
);

test.each<[Budget, number]>([
  [{ steps: 10 }, 10],
  [{ toolCalls: 0 }, 100],
])('a fan-out under %j makes %i calls', async (budget, calls) => {
  const { worker, made } = dear();
  await spentBy(fan(worker as never, budget, 5), 100);
  expect(made()).toBe(calls);
});

test('agents that call others at once share a budget, and use it', async () => {
  const { worker, made } = dear();
  const boss = agent({
    name: 'boss',
    budget: { usd: 0.5 },
    tools: [asTool(worker, { description: 'Works.' })],
    model: scriptedModel(({ messages }) =>
      messages.length === 1
        ? { calls: Array.from({ length: 4 }, () => ({ name: 'worker', input: { task: 'x' } })) }
        : { text: 'Done.' },
    ),
  });
  const { outcome } = await spentBy(boss, 1);
  expect(outcome).toMatchObject({ status: 'done' });
  expect(made()).toBe(4);
});

/** An agent whose every call costs so much. */
function priced(usd: number, name = 'worker') {
  let made = 0;
  const model = scriptedModel(() => {
    made++;
    return { text: 'Done.', usage: { inputTokens: 60_000, outputTokens: 40_000, usd } };
  });
  return { worker: agent({ name, model }), made: () => made };
}
test.each<[Budget, number, number]>([
  [{ usd: 30 }, 5, 6],
  [{ usd: 300 }, 100, 3],
  [{ tokens: 10_000_000 }, 0.1, 100],
  [{ tokens: 1_000_000, usd: 100 }, 0.1, 10],
])('a hundred dear calls at once under %j, each of %d dollars: %i are made', async (budget, usd, most) => {
  const { worker, made } = priced(usd);
  await spentBy(fan(worker as never, budget), 100);
  expect(made()).toBe(most);
});

test('calls of members whose cost is not alike are each reserved by their own', async () => {
  const [cheap, costly] = [priced(0.01, 'cheap'), priced(4, 'costly')];
  const experts = [cheap.worker, costly.worker].flatMap((worker) =>
    [1, 2, 3, 4].map((n) => ({ ...worker, name: `${worker.name}-${n}` })),
  );
  const panel = debate({
    name: 'panel',
    debaters: experts as never,
    judge: cheap.worker,
    rounds: 1,
    budget: { usd: 9 },
  });
  const { usage } = await spentBy(panel, 1);
  expect(costly.made()).toBeLessThanOrEqual(3);
  expect(usage.usd).toBeLessThanOrEqual(13);
});

test('a first attempt that is refused unread tells nothing of what a call costs', async () => {
  let made = 0;
  const model = scriptedModel(() =>
    ++made === 1 ? { error: { status: 400 } } : { text: 'Done.', usage: { inputTokens: 1, outputTokens: 1, usd: 1 } },
  );
  const worker = agent({ name: 'worker', model, limits: { maxRecoveries: 0 } });
  const subject = mapReduce({
    name: 'fan',
    split: (text) => text.split(' '),
    map: worker,
    reduce: (all) => all.length,
    concurrency: 50,
    maxFailures: 50,
    budget: { usd: 4 },
  });
  const { usage } = await spentBy(subject, 50);
  expect(usage.usd).toBeLessThanOrEqual(4);
});

test('crashes on the way of what is lent lose and double nothing', async () => {
  const { worker } = dear();
  const report = await crashEverywhere(() => ({ subject: fan(worker, { usd: 0.45 }, 4), input: '0 1 2 3' as never }), {
    sample: 10,
  });
  expectSurvival(report);
});

test.each(['analysis', 'planning'] as const)('the %s of members is reserved as their turns are', async (phase) => {
  let made = 0;
  const usage = { inputTokens: 60, outputTokens: 40, usd: 1 };
  const model = scriptedModel(({ tools }) => {
    made++;
    const [asks] = tools;
    const step = { id: 'a', goal: 'Do it.', dependsOn: [], expected: 'done', verification: 'x' };
    if (asks?.name === 'make_plan') return { calls: [{ name: 'make_plan', input: { steps: [step] } }], usage };
    if (asks?.name === 'state_requirements')
      return {
        calls: [{ name: 'state_requirements', input: { objective: 'It.', requirements: [], risks: [] } }],
        usage,
      };
    return { text: 'Done.', usage };
  });
  const worker = agent({ name: 'worker', model, [phase]: 'model' });
  const { usage: spent } = await spentBy(fan(worker, { usd: 7 }, 20), 20);
  expect(made).toBe(7);
  expect(spent.usd).toBe(7);
  made = 0;
  expect((await spentBy(fan(worker, { usd: 8.001 }, 4), 4)).outcome).toMatchObject({ status: 'done', output: 4 });
});
