/** Workflows as steps of other workflows: what they are given, what they give, and when their webhooks are sent. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Files } from '../files/written.ts';
import { startDoubles, type Doubles } from './doubles.ts';
import { outputOfStep, playOwn, scriptedAgent, steps } from './own.ts';

let doubles: Doubles;
beforeAll(async () => void (doubles = await startDoubles()));
afterAll(() => doubles[Symbol.asyncDispose]());

const sub = (pipeline: string, head = '', tail = ''): Files => ({
  'workflows/sub.workflow.yaml': `kind: workflow\nname: sub\nvisibility: sub-workflow\n${head}pipeline:\n${pipeline}${tail}`,
});
const nothing = '  - {id: t, transform: {inputs: [], ops: []}}\n';
const shown = 'output: {map: {chat_id: params.chat_id, text: "params.text", list: params.list}}\n';

test('parameters keep their types', async () => {
  const played = await playOwn(
    {
      ...sub(nothing, '', shown),
      ...steps(
        '  - {id: s, workflow: ./sub.workflow.yaml, params: {chat_id: "{{ params.id }}", text: hello, list: "{{ params.list }}"}}\n',
      ),
    },
    doubles,
    { input: { id: 123, list: [1, { a: true }] } },
  );
  expect(outputOfStep(played, 's')).toEqual({ chat_id: 123, text: 'hello', list: [1, { a: true }] });
});

test('a variable of the root is passed as a parameter, and is not seen otherwise', async () => {
  const played = await playOwn(
    {
      ...sub(nothing, '', 'output: {map: {given: params.v}}\n'),
      ...steps('  - {id: s, workflow: ./sub.workflow.yaml, params: {v: "{{ env.FOO }}"}}\n', 'env: [{name: FOO}]\n'),
    },
    doubles,
    { env: { FOO: 'fooval' } },
  );
  expect(outputOfStep(played, 's')).toEqual({ given: 'fooval' });
});

test.each([
  ['a template', '"{{ env.FOO }}"'],
  ['the older spelling', '"env:FOO"'],
])('a sub-workflow that reads the environment by %s fails', async (_, text) => {
  const played = await playOwn(
    {
      ...sub(`  - {id: h, webhook: {url: "http://localhost:6163/x", body: {a: ${text}}}}\n`, 'webhooks: execute\n'),
      ...steps('  - {id: s, workflow: ./sub.workflow.yaml, webhooks: execute}\n', 'env: [{name: FOO}]\n'),
    },
    doubles,
    { env: { FOO: 'fooval' } },
  );
  expect(played.status).toBe('failed');
  expect(played.failure?.message).toMatch(/sub\.workflow\.yaml:\d+:\d+: Only a root workflow reads the environment/);
  expect(played.hooks).toEqual([]);
});

test('`input` gives further parameters, which count as given; `params` win over them, and defaults fill the rest', async () => {
  const head =
    'params: {schema: {required: [a], properties: {a: {type: string}, b: {type: string, default: bee}, c: {type: number}}}}\n';
  const played = await playOwn(
    {
      ...sub(nothing, head, 'output: {map: {a: params.a, b: params.b, c: params.c}}\n'),
      ...steps(
        '  - {id: s, workflow: ./sub.workflow.yaml, params: {c: "{{ params.n }}"}, input: {a: params.text, c: "`1`"}}\n',
      ),
    },
    doubles,
    { input: { text: 'hi', n: 7 } },
  );
  expect(outputOfStep(played, 's')).toEqual({ a: 'hi', b: 'bee', c: 7 });
});

test('a required parameter that is not given fails the step, naming it, and nothing of the sub-workflow begins', async () => {
  const head = 'params: {schema: {required: [text], properties: {text: {type: string}}}}\nwebhooks: execute\n';
  const played = await playOwn(
    {
      ...sub('  - {id: h, webhook: {url: "http://localhost:6163/x"}}\n', head),
      ...steps('  - {id: s, workflow: ./sub.workflow.yaml, webhooks: execute}\n'),
    },
    doubles,
  );
  expect(played.steps['s']).toMatchObject({
    status: 'failed',
    failure: { message: expect.stringContaining('"text"') as string },
  });
  expect(played.hooks).toEqual([]);
});

test('without an output the result is that of the last step that completed; {} when there is none', async () => {
  const last = '  - {id: a, transform: {inputs: [{from: params}], ops: []}}\n';
  const skipped = '  - {id: b, transform: {inputs: [], ops: []}, condition: "`false`"}\n';
  const files = (pipeline: string) => ({
    ...sub(pipeline),
    ...steps('  - {id: s, workflow: ./sub.workflow.yaml, params: {n: "{{ params.n }}"}}\n'),
  });
  const input = { input: { n: 3 } };
  expect(outputOfStep(await playOwn(files(last + skipped), doubles, input), 's')).toEqual({ result: { n: 3 } });
  expect(outputOfStep(await playOwn(files(skipped), doubles, input), 's')).toEqual({});
});

test('a field of the output that has no value is left out of it', async () => {
  const played = await playOwn(
    {
      ...sub(
        nothing,
        '',
        'output: {map: {a: params.a, b: "{{ params.nope }}", c: "{{ params.a }}!", d: [params.nope]}}\n',
      ),
      ...steps('  - {id: s, workflow: ./sub.workflow.yaml, params: {a: x}}\n'),
    },
    doubles,
  );
  expect(outputOfStep(played, 's')).toEqual({ a: 'x', c: 'x!', d: [null] });
});

test('agents of a sub-workflow of a sub-workflow answer, and what they used is told by the step', async () => {
  const played = await playOwn(
    {
      'agents/a.agent.yaml': scriptedAgent(['{"ok":true}']),
      ...sub('  - {id: inner, workflow: ./inner.workflow.yaml}\n'),
      'workflows/inner.workflow.yaml':
        'kind: workflow\nvisibility: sub-workflow\npipeline: [{id: a, agent: agents/a.agent.yaml}]\n',
      ...steps('  - {id: s, workflow: ./sub.workflow.yaml}\n'),
    },
    doubles,
  );
  expect(outputOfStep(played, 's')).toEqual({ ok: true });
  expect(played.steps['s']?.metrics).toMatchObject({ llm_calls: 1, tokens_in: 100, tokens_out: 10 });
});

const hook = '  - {id: h, webhook: {url: "http://localhost:6163/x", body: {text: "{{ params.text }}"}}}\n';

test('webhooks of a sub-workflow are sent when its file and its step both say so', async () => {
  const played = await playOwn(
    {
      ...sub(hook, 'webhooks: execute\n'),
      ...steps('  - {id: s, workflow: ./sub.workflow.yaml, webhooks: execute, params: {text: hi}}\n'),
    },
    doubles,
  );
  expect(played.hooks.map(({ body }) => JSON.parse(body) as unknown)).toEqual([{ text: 'hi' }]);
  expect(outputOfStep(played, 's')).toEqual({ sent: true, status_code: 200 });
});

test('webhooks of a sub-workflow are not sent when its step does not say so', async () => {
  const played = await playOwn(
    {
      ...sub(hook, 'webhooks: execute\n'),
      ...steps('  - {id: s, workflow: ./sub.workflow.yaml, params: {text: hi}}\n'),
    },
    doubles,
  );
  expect(played.hooks).toEqual([]);
  expect(outputOfStep(played, 's')).toEqual({});
});

test('a step that wants the webhooks of a sub-workflow whose file does not, fails', async () => {
  const played = await playOwn(
    { ...sub(hook), ...steps('  - {id: s, workflow: ./sub.workflow.yaml, webhooks: execute, params: {text: hi}}\n') },
    doubles,
  );
  expect(played.failure?.message).toMatch(/w\.workflow\.yaml:4:\d+: .*webhooks: execute/);
  expect(played.hooks).toEqual([]);
});

test('a failure within a sub-workflow fails the step with its cause, and what was used is kept', async () => {
  const played = await playOwn(
    {
      'agents/a.agent.yaml': scriptedAgent(['{"ok":true,"ktsu_low_quality":true}']),
      ...sub('  - {id: a, agent: agents/a.agent.yaml}\n'),
      ...steps('  - {id: s, workflow: ./sub.workflow.yaml}\n'),
    },
    doubles,
  );
  expect(played.steps['s']).toMatchObject({
    status: 'failed',
    code: 'low_quality',
    metrics: { llm_calls: 1 },
    failure: { message: expect.stringContaining('low quality output') as string },
  });
});

test('reserved outputs of a sub-workflow do what those of an agent do', async () => {
  const played = await playOwn(
    {
      ...sub(nothing, '', 'output: {map: {a: "`1`", ktsu_needs_human: "`true`"}}\n'),
      ...steps('  - {id: s, workflow: ./sub.workflow.yaml}\n'),
    },
    doubles,
  );
  expect(played.failure?.message).toMatch(/needs_human_review/);
});

test('a sub-workflow cannot be invoked by itself', async () => {
  const played = await playOwn({ 'workflows/w.workflow.yaml': `visibility: sub-workflow\npipeline: []\n` }, doubles);
  expect(played.http).toBe(404);
});

test('workflows that use each other in a cycle fail at once', async () => {
  const played = await playOwn(
    {
      ...sub('  - {id: back, workflow: ./w.workflow.yaml}\n'),
      ...steps('  - {id: s, workflow: ./sub.workflow.yaml}\n'),
    },
    doubles,
  );
  expect(played).toMatchObject({ status: 'failed', steps: {} });
  expect(played.failure?.message).toMatch(/in a cycle/);
});

test('the deadline of a run ends it', async () => {
  const played = await playOwn(
    steps('  - {id: h, webhook: {url: "http://localhost:6163/slow/9"}}\n', 'model_policy: {timeout_s: 1}\n'),
    doubles,
  );
  expect(played).toMatchObject({ status: 'failed', failure: { kind: 'expired' } });
});
