/** An agent that calls others at once lends them of its budget: a budget that suffices in sum suffices, and the whole is never exceeded. */
import { expect, test } from 'vitest';
import { agent, asTool, guarded, guardrails, orchestrator, pipeline, type Budget, type Runnable } from 'troupe';
import { crashEverywhere, expectSurvival, scriptedModel, scriptedTool, testRuntime } from 'troupe/testing';

const usage = { inputTokens: 60, outputTokens: 40, usd: 0.1 };

/** An agent that makes as many calls of its model as its task says: `x3` three. Each costs ten cents and 100 tokens. */
function worker() {
  let made = 0;
  const nothing = scriptedTool({ name: 'nothing' }, () => ({ output: 'nothing' }));
  const model = scriptedModel(({ messages }) => {
    made++;
    const wanted = Number(/x(\d+)/.exec((messages[0] as { text: string }).text)?.[1]);
    const turn = messages.filter(({ role }) => role === 'assistant').length;
    return turn + 1 < wanted ? { calls: [{ name: 'nothing', input: { turn } }], usage } : { text: 'Done.', usage };
  });
  return { subject: agent({ name: 'worker', model, tools: [nothing] }), made: () => made };
}

/** An agent that calls the worker once for each of these numbers, all at once, and then tells how many were done. */
function boss(called: unknown, needs: readonly number[], budget: Budget, name = 'boss') {
  const model = scriptedModel(({ messages, tools }) => {
    const [argument = ''] = Object.keys(tools[0]?.input['properties'] ?? {});
    const results = messages.flatMap((message) => (message.role === 'tool' ? message.results : []));
    if (results.length > 0) return { text: `${results.filter(({ ok }) => ok).length} done`, usage };
    return { calls: needs.map((n) => ({ name: 'worker', input: { [argument]: `x${n}` } })), usage };
  });
  return agent({ name, model, budget, tools: [asTool(called as never, { name: 'worker', description: 'Works.' })] });
}

async function outcomeOf(subject: Runnable) {
  await using runtime = await testRuntime();
  const run = await runtime.start(subject, 'Go.' as never);
  await runtime.advance('30m');
  return (await run.outcome()) as {
    status: string;
    output: unknown;
    failure?: object;
    usage: { steps: number; usd: number };
  };
}

/** Unequal work: the first one needs much, the others little. */
const unequal = (width: number): number[] => Array.from({ length: width }, (_, index) => (index === 0 ? 5 : 1));
const kinds: [string, (calls: number) => Budget][] = [
  ['steps', (calls) => ({ steps: calls })],
  ['tokens', (calls) => ({ tokens: calls * 100 + 10, steps: 500 })],
  ['money', (calls) => ({ usd: calls * 0.1 + 0.001, steps: 500 })],
  ['all of them', (calls) => ({ usd: calls * 0.1 + 0.001, tokens: calls * 100 + 10, steps: calls })],
];
const forms: [string, (subject: ReturnType<typeof worker>['subject']) => unknown][] = [
  ['agents', (subject) => subject],
  ['guarded agents', (subject) => guarded(subject, [guardrails.timeout({ max: '1h' }), guardrails.input(['never'])])],
  ['orchestrators', (subject) => orchestrator({ name: 'worker', members: [subject] })],
  ['teams', (subject) => pipeline({ name: 'worker', stages: [subject] })],
];
const cases = kinds.flatMap(([kind, budget]) =>
  forms.flatMap(([form, wrap]) => [2, 4, 8].map((width) => [width, form, kind, budget, wrap] as const)),
);

test.each(cases)('%i %s called at once use a budget of %s that suffices in sum', async (width, _, __, budget, wrap) => {
  const { subject, made } = worker();
  const needs = unequal(width);
  const calls = needs.reduce((a, b) => a + b);
  const outcome = await outcomeOf(boss(wrap(subject), needs, budget(calls + 2)));
  expect(outcome).toMatchObject({ status: 'done', output: `${width} done` });
  expect(made()).toBe(calls);
});

test.each(cases)(
  '%i %s called at once never exceed a budget of %s that is too small',
  async (width, _, __, budget, wrap) => {
    const { subject, made } = worker();
    const outcome = await outcomeOf(boss(wrap(subject), unequal(width), budget(width + 2)));
    // The boss keeps what its own answer needs, and tells what was done.
    expect(outcome).toMatchObject({ status: 'done' });
    expect(made()).toBe(width);
  },
);

test.each(kinds)('agents that call agents that call agents share one budget of %s', async (_, budget) => {
  const { subject, made } = worker();
  const middle = boss(subject, [1, 3], { steps: 100 }, 'middle');
  const top = boss(middle, [1, 1, 1], budget(2 + 3 * (2 + 4)));
  expect(await outcomeOf(top)).toMatchObject({ status: 'done', output: '3 done' });
  expect(made()).toBe(12);
});

test('a member of a team that calls agents asks its team for what they need', async () => {
  const { subject, made } = worker();
  const first = boss(subject, [1, 6], { steps: 100 });
  const line = pipeline({ name: 'line', stages: [first], budget: { steps: 9, usd: 0.901 } });
  expect(await outcomeOf(line)).toMatchObject({ status: 'done', output: '2 done' });
  expect(made()).toBe(7);
});

test('nothing lent is lost or doubled by a crash', async () => {
  const { subject } = worker();
  const report = await crashEverywhere(
    () => ({ subject: boss(subject, [3, 1], { steps: 6, usd: 0.601 }), input: 'Go.' }),
    { sample: 12 },
  );
  expectSurvival(report);
});
