/** A workflow that a webhook or an answer has failed goes on with `runs retry`: what had failed is done again, what had succeeded is not. */
import { expect, test } from 'vitest';
import { testRuntime } from 'troupe/testing';
import { memory } from '../../../src/journal/memory/memory.ts';
import type { EgressRequest } from '../../../src/security/shapes.ts';
import { TroupeError } from '../../../src/values/failure.ts';
import { definitionOf, runnable, says } from './world.ts';

/** What a receiver does with a request: it answers with a status, loses the connection, or never answers. */
type Answer = number | 'lost' | 'never';

/** A workflow of these steps, whose receivers answer as told: each life of its run is a process of its own. */
async function workflowOf(
  steps: string,
  answers: (path: string) => Answer,
  more: Readonly<Record<string, string>> = {},
) {
  const journal = memory();
  const fileOf = (text: string) => `kind: workflow\npipeline:\n${text}`;
  const asked: { path: string; key: string }[] = [];
  let answer = answers;
  const receive = async ({ url, headers }: EgressRequest): Promise<number> => {
    const path = new URL(String(url)).pathname.slice(1);
    asked.push({ path, key: String(headers?.['idempotency-key']) });
    const status = answer(path);
    if (status === 'never') return new Promise(() => {});
    if (status === 'lost')
      throw new TroupeError('transient', 'The connection broke.', { retryable: true, data: { sent: true } });
    return status;
  };
  return {
    /** How the run stands after an hour of this life, and the paths that were asked in it. `corrected`: the steps as they are now. */
    async life(how: 'start' | 'retry', now: typeof answers = answers, corrected = steps) {
      const definition = await definitionOf({ 'workflows/w.workflow.yaml': fileOf(corrected), ...more });
      const { subject } = runnable(definition, { receive });
      answer = now;
      const before = asked.length;
      await using runtime = await testRuntime({ journal });
      const run = how === 'retry' ? await runtime.retry('k', subject) : await runtime.start(subject, {}, { key: 'k' });
      await runtime.advance('1h');
      const [root] = await journal.find({ actor: run.root });
      const paths = asked.slice(before).map(({ path }) => path);
      return { outcome: root?.status === 'active' ? undefined : await run.outcome(), paths };
    },
    /** The keys under which a path was asked. */
    keysOf: (wanted: string) => new Set(asked.flatMap(({ path, key }) => (path === wanted ? [key] : []))),
  };
}

const works = () => 200;
const without =
  (broken: string, answer: Answer = 404) =>
  (path: string) =>
    path === broken ? answer : 200;

const twoHooks = `
  - {id: first, webhook: {url: "http://desk/first"}}
  - {id: second, depends_on: [first], webhook: {url: "http://desk/second"}}
`;

test('a webhook that had failed is sent again by a retry under its key, and one that had succeeded is not', async () => {
  const run = await workflowOf(twoHooks, without('second'));
  expect(await run.life('start')).toMatchObject({ outcome: { status: 'failed' }, paths: ['first', 'second'] });
  expect(await run.life('retry')).toMatchObject({ outcome: { status: 'failed' }, paths: ['second'] });
  expect(await run.life('retry', works)).toMatchObject({ outcome: { status: 'done' }, paths: ['second'] });
  expect(run.keysOf('second').size).toBe(1);
});

test('a webhook that failed in all its attempts has all of them again', async () => {
  const steps = '  - {id: one, retry: {max: 2, backoff: 1s}, webhook: {url: "http://desk/one"}}\n';
  const run = await workflowOf(steps, without('one', 503));
  expect((await run.life('start')).paths).toHaveLength(3);
  let tries = 0;
  expect(await run.life('retry', () => (++tries < 3 ? 503 : 200))).toMatchObject({
    outcome: { status: 'done' },
    paths: ['one', 'one', 'one'],
  });
  expect(run.keysOf('one').size).toBe(1);
});

test('a webhook that succeeded in a further attempt is not sent again', async () => {
  const steps = `
  - {id: one, retry: {max: 2, backoff: 1s}, webhook: {url: "http://desk/one"}}
  - {id: two, depends_on: [one], webhook: {url: "http://desk/two"}}
`;
  let tries = 0;
  const run = await workflowOf(steps, (path) => (path === 'two' ? 404 : ++tries === 1 ? 503 : 200));
  expect((await run.life('start')).paths).toEqual(['one', 'one', 'two']);
  expect(await run.life('retry', works)).toMatchObject({ outcome: { status: 'done' }, paths: ['two'] });
});

test('a webhook that has failed the run is sent again also when another one succeeded after it', async () => {
  const steps = `
  - {id: fine, webhook: {url: "http://desk/fine"}}
  - {id: broken, webhook: {url: "http://desk/broken"}}
`;
  // Whichever of the two comes first.
  for (const path of ['fine', 'broken']) {
    const run = await workflowOf(steps, without(path));
    expect((await run.life('start')).outcome).toMatchObject({ status: 'failed' });
    const { outcome, paths } = await run.life('retry', works);
    expect(outcome).toMatchObject({ status: 'done' });
    expect(paths).toContain(path);
  }
});

test('a webhook that may have arrived, and whose receiver knows no keys, is not sent again', async () => {
  const steps = '  - {id: pay, webhook: {url: "http://desk/pay", idempotent: false}}\n';
  const run = await workflowOf(steps, without('pay', 'lost'));
  expect((await run.life('start')).paths).toEqual(['pay']);
  expect(await run.life('retry', works)).toMatchObject({
    outcome: { status: 'failed', failure: { kind: 'uncertain' } },
    paths: [],
  });
});

test.each([
  [false, 'uncertain', ['pay'], []],
  [true, 'timeout', ['pay', 'pay', 'pay'], ['pay']],
])(
  'a webhook that was not answered in the time of its step is sent again only to a receiver that knows keys (idempotent: %s)',
  async (is, kind, sent, retried) => {
    const hook = `{url: "http://desk/pay", timeout: 30m, idempotent: ${is}}`;
    const steps = `  - {id: pay, timeout: 2s, retry: {max: 2, backoff: 1s}, webhook: ${hook}}\n`;
    const run = await workflowOf(steps, without('pay', 'never'));
    expect(await run.life('start')).toMatchObject({ outcome: { status: 'failed', failure: { kind } }, paths: sent });
    const { outcome, paths } = await run.life('retry', works);
    expect(paths).toEqual(retried);
    expect(outcome).toMatchObject(is ? { status: 'done' } : { status: 'failed', failure: { kind: 'uncertain' } });
    expect(run.keysOf('pay').size).toBe(1);
  },
);

test('a webhook that was refused, and whose receiver knows no keys, is sent again', async () => {
  const steps = '  - {id: pay, webhook: {url: "http://desk/pay", idempotent: false}}\n';
  const run = await workflowOf(steps, without('pay'));
  expect((await run.life('start')).paths).toEqual(['pay']);
  expect(await run.life('retry', works)).toMatchObject({ outcome: { status: 'done' }, paths: ['pay'] });
});

test('the failure of a webhook that may fail is its result, from which the run went on: it is kept', async () => {
  const steps = `
  - {id: told, on_error: continue, webhook: {url: "http://desk/told"}}
  - {id: instead, depends_on: [told], webhook: {url: "http://desk/instead"}}
  - {id: last, depends_on: [instead], webhook: {url: "http://desk/last"}}
`;
  const run = await workflowOf(steps, (path) => (path === 'instead' ? 200 : 404));
  expect((await run.life('start')).paths).toEqual(['told', 'instead', 'last']);
  expect(await run.life('retry', works)).toMatchObject({ outcome: { status: 'done' }, paths: ['last'] });
});

test('a webhook of a sub-workflow that had failed is sent again, and the others of it are not', async () => {
  const inner = `kind: workflow\nvisibility: sub-workflow\nwebhooks: execute\npipeline:\n${twoHooks}`;
  const steps = '  - {id: sub, workflow: ./inner.workflow.yaml, webhooks: execute}\n';
  const run = await workflowOf(steps, without('second'), { 'workflows/inner.workflow.yaml': inner });
  expect((await run.life('start')).outcome).toMatchObject({ status: 'failed' });
  expect(await run.life('retry', works)).toMatchObject({ outcome: { status: 'done' }, paths: ['second'] });
  expect(run.keysOf('second').size).toBe(1);
});

const items = (more = '', list = "'a', 'b', 'c'") => `
  - {id: list, transform: {inputs: [{from: params}], ops: [{map: {expr: "[${list}]"}}, {flatten: {}}]}}
  - {id: each, for_each: {from: "step.list.result", concurrency: 1}, webhook: {url: "http://desk/{{ item }}"${more}}}
`;

test.each([true, false])(
  'of the items of a webhook a retry sends those that had failed (idempotent: %s)',
  async (is) => {
    const run = await workflowOf(items(`, idempotent: ${is}`), without('b'));
    expect(await run.life('start')).toMatchObject({ outcome: { status: 'failed' }, paths: ['a', 'b', 'c'] });
    expect(await run.life('retry')).toMatchObject({ outcome: { status: 'failed' }, paths: ['b'] });
    expect(await run.life('retry', works)).toMatchObject({ outcome: { status: 'done' }, paths: ['b'] });
    expect(run.keysOf('b').size).toBe(1);
  },
);

test('a retry of items that is interrupted goes on with those that had not ended', async () => {
  const run = await workflowOf(items(), (path) => (path === 'a' ? 200 : 404));
  expect((await run.life('start')).paths).toEqual(['a', 'b', 'c']);
  expect(await run.life('retry', without('c', 'never'))).toEqual({ outcome: undefined, paths: ['b', 'c'] });
  expect(await run.life('start', works)).toMatchObject({ outcome: { status: 'done' }, paths: ['c'] });
});

test('of the items of a webhook one that may have arrived is not sent again', async () => {
  const run = await workflowOf(items(', idempotent: false'), without('b', 'lost'));
  expect((await run.life('start')).paths).toEqual(['a', 'b', 'c']);
  expect(await run.life('retry', works)).toMatchObject({
    outcome: { status: 'failed', failure: { kind: 'uncertain' } },
    paths: [],
  });
});

test('a retry with another list begins it anew, and no item has the key of another one', async () => {
  const run = await workflowOf(items(), without('b'));
  expect((await run.life('start')).paths).toEqual(['a', 'b', 'c']);
  const corrected = items('', "'x', 'y', 'z'");
  expect(await run.life('retry', without('z'), corrected)).toMatchObject({ paths: ['x', 'y', 'z'] });
  expect(await run.life('retry', works, corrected)).toMatchObject({ outcome: { status: 'done' }, paths: ['z'] });
  const keys = ['a', 'b', 'c', 'x', 'y', 'z'].flatMap((path) => [...run.keysOf(path)]);
  expect(new Set(keys).size).toBe(6);
  expect(keys).toHaveLength(6);
});

test.each([
  ['does not fit its schema', { n: 'many', ktsu_confidence: 0.9 }],
  ['is not confident enough', { n: 1, ktsu_confidence: 0.1 }],
])('an agent step that failed because its answer %s asks its model again', async (_, first) => {
  const journal = memory();
  const definition = await definitionOf({
    'workflows/w.workflow.yaml': `kind: workflow\npipeline:\n  - {id: plan, confidence_threshold: 0.5, agent: agents/planner.agent.yaml}\n`,
    'agents/planner.agent.yaml': `
name: planner
model: standard
prompt: {system: You plan., user: plan}
output: {schema: {type: object, required: [n], properties: {n: {type: integer}, ktsu_confidence: {type: number}}}}
`,
  });
  let answer: object = first;
  const { subject } = runnable(definition, { model: () => says({ ...answer }) });
  const outcomes: string[] = [];
  for (const how of ['start', 'retry'] as const) {
    await using runtime = await testRuntime({ journal });
    const run = how === 'retry' ? await runtime.retry('k', subject) : await runtime.start(subject, {}, { key: 'k' });
    await runtime.advance('1h');
    outcomes.push((await run.outcome()).status);
    answer = { n: 1, ktsu_confidence: 0.9 };
  }
  expect(outcomes).toEqual(['failed', 'done']);
});
