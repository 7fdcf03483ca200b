/** What a workflow and a fan-out promise, each shown by a small one. */
import { expect, test } from 'vitest';
import { crashEverywhere, testRuntime, type TestRuntime } from 'troupe/testing';
import { workflowSteps } from '../../../src/client/actorCalls.ts';
import { memory } from '../../../src/journal/memory/memory.ts';
import { sqlite } from '../../../src/journal/sqlite/sqlite.ts';
import { storedState } from '../../../src/testing/world/storedState.ts';
import type { WorkflowDefinition } from '../../../src/contracts/workflow/definition.ts';
import type { StepMetrics, StepRecord } from '../../../src/contracts/workflow/step.ts';
import { TroupeError } from '../../../src/values/failure.ts';
import { definitionOf, lastOf, outputIn, runnable, says, type Outside } from './world.ts';

const agentFile = `
name: writer
model: standard
params: {schema: {type: object, properties: {item: {type: string}}}}
prompt: {system: You write., user: "{{ params.item }}"}
output: {schema: {type: object}}
`;
const written = (pipeline: string, rest = '') =>
  definitionOf({
    'workflows/w.workflow.yaml': `kind: workflow\n${rest}pipeline:\n${pipeline}`,
    'agents/writer.agent.yaml': agentFile,
  });
const agentStep = (id: string, more = '') =>
  `  - {id: ${id}, agent: agents/writer.agent.yaml, params: {item: ${id}}${more}}\n`;

/** Notes when each call of a model begins and ends, in seconds; each takes a second. Those in `failing` fail so often. */
function watched(runtime: TestRuntime, failing: Record<string, number> = {}) {
  const { clock } = runtime;
  const start = clock.now();
  const calls: { of: string; from: number; to: number }[] = [];
  const seconds = () => Math.round((clock.now() - start) / 1_000);
  const model: Outside['model'] = async (request) => {
    const call = { of: lastOf(request), from: seconds(), to: Infinity };
    calls.push(call);
    await new Promise<void>((done) => void clock.wake(clock.now() + 1_000, () => done()));
    call.to = seconds();
    if ((failing[call.of] ?? 0) <= 0) return says({ text: call.of });
    failing[call.of] = (failing[call.of] ?? 0) - 1;
    throw new TroupeError('tool', 'Not this time.');
  };
  const mostAtOnce = () =>
    Math.max(...calls.map(({ from }) => calls.filter((other) => other.from <= from && other.to > from).length));
  return { calls, model, mostAtOnce };
}

async function ended(runtime: TestRuntime, definition: WorkflowDefinition, outside: Outside, input: object = {}) {
  const handle = await runtime.start(runnable(definition, outside).subject, input);
  await runtime.advance('3h');
  const [root] = (await runtime.journal.find({ run: handle.id })).filter(({ parent }) => parent === undefined);
  if (!root || root.status === 'active') throw new Error(`It has not ended: ${root?.state}`);
  const { output } = storedState(root).output as unknown as { output: { status: string; metrics: StepMetrics } };
  return { handle, output };
}

test('a step that used nothing is stored without its counts, and shown with zeros', async () => {
  await using runtime = await testRuntime();
  const step = '  - {id: same, transform: {inputs: [{from: params}], ops: []}}\n';
  const { handle, output } = await ended(runtime, await written(step), {}, { n: 1 });
  const [record] = (await runtime.journal.list(handle.root, 'records')) as unknown as readonly StepRecord[];
  expect(record?.end).toEqual({ status: 'complete', output: { result: { n: 1 } } });
  const zeros = { duration_ms: 0, tokens_in: 0, tokens_out: 0, cost_usd: 0, llm_calls: 0, tool_calls: 0 };
  expect(output.metrics).toEqual(zeros);
  const [root] = await runtime.journal.find({ actor: handle.root });
  expect(root && (await workflowSteps(runtime.journal, root))).toMatchObject([{ metadata: { metrics: zeros } }]);
});

test('what does not depend on anything begins at once, up to the limit of steps, and the rest in their turn', async () => {
  const ids = ['a', 'b', 'c', 'd', 'e'];
  for (const [policy, width, from] of [
    ['', 5, [0, 0, 0, 0, 0]],
    ['model_policy: {concurrency: 2}\n', 2, [0, 0, 1, 1, 2]],
  ] as const) {
    await using runtime = await testRuntime();
    const { model, calls, mostAtOnce } = watched(runtime);
    await ended(runtime, await written(ids.map((id) => agentStep(id)).join(''), policy), { model });
    expect(calls.map(({ of }) => of)).toEqual(ids);
    expect(calls.map((call) => call.from)).toEqual(from);
    expect(mostAtOnce()).toBe(width);
  }
});

test('the first step that fails ends the workflow: what is under way is stopped, and nothing begins after it', async () => {
  await using runtime = await testRuntime();
  const { model, calls } = watched(runtime, { a: 9 });
  const steps = agentStep('a') + agentStep('b', ', depends_on: [c]') + `  - {id: c, wait: {question: Well}}\n`;
  const { output, handle } = await ended(runtime, await written(steps), { model });
  expect(output).toMatchObject({
    status: 'failed',
    step: 'a',
    failure: { message: expect.stringContaining('Not this time') as string },
  });
  expect(calls.map(({ of }) => of)).toEqual(['a']);
  const rows = await runtime.journal.find({ run: handle.id });
  expect(rows.filter(({ status }) => status === 'active')).toEqual([]);
  expect(await runtime.tickets()).toEqual([]);
});

test.each([
  ['in memory', () => memory()],
  ['of SQLite', () => sqlite(':memory:')],
])('a workflow that takes too long ends by its deadline, with a journal %s', async (_, journal) => {
  await using runtime = await testRuntime({ journal: await journal() });
  const { output, handle } = await ended(
    runtime,
    await written('  - {id: ask, wait: {question: Well}}\n', 'model_policy: {timeout_s: 5}\n'),
    {},
  );
  expect(output).toMatchObject({ status: 'failed', code: 'run_timeout' });
  const [root] = (await runtime.journal.find({ run: handle.id })).filter(({ parent }) => parent === undefined);
  expect(root?.status).not.toBe('active');
});

const each = (more = '', loop = '') =>
  written(
    `  - {id: each, agent: agents/writer.agent.yaml, params: {item: "{{ item }}"}, for_each: {from: params.list, concurrency: 2${loop}}${more}}\n`,
    'output: {map: {results: "{{ step.each.results }}"}}\n',
  );

test('items begin in the order of the list, so many at a time as the step says, and their results keep that order', async () => {
  await using runtime = await testRuntime();
  const { model, calls, mostAtOnce } = watched(runtime);
  const { handle, output } = await ended(runtime, await each(), { model }, { list: ['a', 'b', 'c', 'd'] });
  expect(calls.map(({ of }) => of)).toEqual(['a', 'b', 'c', 'd']);
  expect(mostAtOnce()).toBe(2);
  expect(outputIn(await handle.outcome())).toEqual({ results: ['a', 'b', 'c', 'd'].map((text) => ({ text })) });
  expect(output.metrics).toMatchObject({ llm_calls: 4, tokens_in: 40, tokens_out: 20 });
});

test('an item that fails does not stop the others, and their number decides in the end', async () => {
  for (const [most, status] of [
    [0, 'failed'],
    [1, 'complete'],
  ] as const) {
    await using runtime = await testRuntime();
    const { model, calls } = watched(runtime, { a: 9 });
    const definition = await each('', `, max_failures: ${most}`);
    const { output } = await ended(runtime, definition, { model }, { list: ['a', 'b', 'c', 'd'] });
    expect(calls.map(({ of }) => of)).toEqual(['a', 'b', 'c', 'd']);
    expect(output.status).toBe(status);
  }
});

test('an item that failed is tried again by itself after a pause, while the others go on', async () => {
  await using runtime = await testRuntime();
  const { model, calls } = watched(runtime, { b: 2 });
  const definition = await each(', retry: {max: 2, backoff: 1s}');
  const { handle, output } = await ended(runtime, definition, { model }, { list: ['a', 'b', 'c', 'd'] });
  expect(outputIn(await handle.outcome())).toEqual({ results: ['a', 'b', 'c', 'd'].map((text) => ({ text })) });
  const count = (of: string) => calls.filter((call) => call.of === of).length;
  expect(['a', 'b', 'c', 'd'].map(count)).toEqual([1, 3, 1, 1]);
  // Only answers count as calls; those that failed used nothing.
  expect(output.metrics.llm_calls).toBe(4);
  const again = calls.filter(({ of }) => of === 'b');
  expect(again[1]?.from).toBeGreaterThan(again[0]?.to ?? Infinity - 1);
  expect(calls.findIndex(({ of }) => of === 'c')).toBeLessThan(calls.indexOf(again[1] ?? calls[0]!));
});

test('an item whose webhook may have arrived when the process stopped is not sent again, and counts as failed', async () => {
  const definition = await written(
    `  - {id: each, webhook: {url: "http://desk/", body: {of: item}, idempotent: false}, for_each: {from: params.list, concurrency: 1, max_failures: -1}}\n`,
    'output: {map: {results: "{{ step.each.results }}"}}\n',
  );
  const sent: Map<string, number>[] = [];
  const { violations } = await crashEverywhere(() => {
    const times = new Map<string, number>();
    sent.push(times);
    const { subject } = runnable(definition, {
      receive: ({ body }) => (times.set(String(body), (times.get(String(body)) ?? 0) + 1), 200),
    });
    return { subject, input: { list: ['a', 'b', 'c'] } };
  });
  for (const times of sent) expect(Math.max(...times.values())).toBe(1);
  // The run ends otherwise where nobody can know whether it was sent: the item is among the results, with what is wrong.
  expect(violations.length).toBeGreaterThan(0);
  for (const { problem } of violations) expect(problem).toMatch(/"ktsu_error":"Item \d of each may or may not have/);
});
