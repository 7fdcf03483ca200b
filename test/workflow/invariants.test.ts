/** What holds for every workflow, whatever is in it: the 34 invariants, and the rule of reflection. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { agentTaskOf, invocationOf } from '../../src/doors/http/contracts/agentWork.ts';
import { heartbeatPatience, heartbeatPause } from '../../src/doors/http/serve/heartbeats.ts';
import { loadProject } from '../../src/workflow/files/project/project.ts';
import { workflowNamed } from '../../src/workflow/files/project/load.ts';
import { lockProblems, workflowLock } from '../../src/workflow/files/report/lock.ts';
import type { Files } from './files/written.ts';
import { written } from './files/written.ts';
import { startDoubles, type Doubles } from './kimitsu/doubles.ts';
import { outputOfStep, ownProject, playOwn, scriptedAgent, steps, toolCalls, usersAsked } from './kimitsu/own.ts';
import { play } from './kimitsu/play.ts';

let doubles: Doubles;
beforeAll(async () => void (doubles = await startDoubles()));
afterAll(() => doubles[Symbol.asyncDispose]());

const ok = '{"ok":true}';
const server = 'name: kv\nurl: "http://localhost:6161"\n';
const uses = (allow: string) => `servers: [{name: kv, path: ../servers/a.server.yaml, access: {allowlist: ${allow}}}]`;
const withAgent = (agent: string, pipeline = '  - {id: s, agent: agents/a.agent.yaml}\n', head = ''): Files => ({
  'servers/a.server.yaml': server,
  'agents/a.agent.yaml': agent,
  ...steps(pipeline, head),
});
const hook = (path: string, more = '') => `webhook: {url: "http://localhost:6163/${path}"${more}}`;

test('1: a tool is told its arguments, and nothing of the run', async () => {
  const calling = scriptedAgent([toolCalls(['c1', 'kv_get', { k: 'x' }]), ok], { more: uses('["*"]') });
  const { tools } = await playOwn(withAgent(calling), doubles, { input: { private: 'p' } });
  const { _meta, ...params } = tools.find(({ method }) => method === 'tools/call')?.params ?? {};
  expect(params).toEqual({ name: 'kv_get', arguments: { k: 'x' } });
  expect(JSON.stringify(_meta ?? {})).not.toContain('private');
});

test('2: a server file only points to a server: nothing is started or asked before an agent needs it', async () => {
  const files = withAgent(scriptedAgent([ok], { more: uses('["*"]') }), '  - {id: t, transform: {ops: []}}\n');
  const played = await playOwn({ ...files, 'servers/a.server.yaml': 'name: kv\nurl: "http://localhost:1"\n' }, doubles);
  expect(played).toMatchObject({ status: 'complete', tools: [] });
});

test('3: servers that a project shares are those of servers.yaml, and no others', async () => {
  const agent = (name: string) =>
    scriptedAgent([ok], { more: `servers: [{name: ${name}, access: {allowlist: [kv_get]}}]` });
  const shared = { 'servers.yaml': 'servers: [{name: kv, url: "http://localhost:6161"}]\n' };
  const known = await playOwn({ ...withAgent(agent('kv')), ...shared }, doubles);
  expect(known.models[0]?.tools).toHaveLength(1);
  const unknown = await playOwn({ ...withAgent(agent('market')), ...shared }, doubles);
  expect(unknown.failure?.message).toMatch(/There is no server "market"/);
});

test('4: a tool that is not allowed is not called', async () => {
  const agent = scriptedAgent([toolCalls(['c1', 'kv_delete', {}])], { more: uses('[kv_get]') });
  const played = await playOwn(withAgent(agent), doubles);
  expect(played.steps['s']).toMatchObject({ code: 'tool_not_permitted' });
  expect(played.tools.some(({ method }) => method === 'tools/call')).toBe(false);
});

test.each([
  ['[kv_get]', 1],
  ['["kv_*"]', 7],
  ['["*"]', 9],
])('5: an allowlist has names, `prefix-*` and `*`: %s', async (allow, count) => {
  const played = await playOwn(withAgent(scriptedAgent([ok], { more: uses(allow) })), doubles);
  expect(played.models[0]?.tools).toHaveLength(count);
});

test('5: a star elsewhere is an error', async () => {
  const played = await playOwn(withAgent(scriptedAgent([ok], { more: uses('["k*_get"]') })), doubles);
  expect(played.failure?.message).toMatch(/the star stands at the end only/);
});

test('6: conditions, transforms, webhooks and sub-workflows ask no model', async () => {
  const played = await playOwn(
    {
      'workflows/sub.workflow.yaml': 'visibility: sub-workflow\npipeline: [{id: t, transform: {ops: []}}]\n',
      ...steps(
        `  - {id: t, transform: {inputs: [params], ops: []}, condition: params.go}\n  - {id: h, ${hook('x')}}\n  - {id: s, workflow: ./sub.workflow.yaml}\n`,
      ),
    },
    doubles,
    { input: { go: true } },
  );
  expect(played).toMatchObject({ status: 'complete', models: [] });
});

test('7: tools speak MCP over HTTP', async () => {
  const { tools } = await playOwn(withAgent(scriptedAgent([ok], { more: uses('["*"]') })), doubles);
  expect(tools[0]?.headers).toMatchObject({
    'content-type': 'application/json',
    'mcp-protocol-version': '2024-11-05',
    accept: expect.stringContaining('text/event-stream') as string,
  });
});

test('8: the task of an agent is the same before and after it went through the contract of the runtime', () => {
  const task = {
    run: 'run_1',
    step: 's',
    agent: 'a',
    system: 'You act.',
    user: 'Do it.',
    reflect: 'Again.',
    confidenceThreshold: 0.5,
    maxTurns: 3,
    model: { group: 'standard', maxTokens: 9 },
    servers: [{ name: 'kv', address: { url: 'http://localhost:1' }, allow: ['kv_*'], approvals: [] }],
    output: { type: 'object' },
  };
  const request = invocationOf(task, { run: 'run_1', callbackUrl: 'http://localhost/complete' });
  expect(agentTaskOf(JSON.parse(JSON.stringify(request)) as typeof request)).toEqual(task);
});

test('9: no output is handed on before it was checked', async () => {
  const agent = scriptedAgent(['{"ok":"no boolean"}']);
  const pipeline = `  - {id: s, agent: agents/a.agent.yaml}\n  - {id: h, ${hook('x', ', body: {v: "{{ step.s.ok }}"}')}}\n`;
  const played = await playOwn(withAgent(agent, pipeline), doubles);
  expect(played.steps['s']).toMatchObject({ code: 'output_invalid', raw_output: { ok: 'no boolean' } });
  expect(played.hooks).toEqual([]);
});

test('10: agents and servers read no environment', async () => {
  const env = { KEY: 'canary' };
  const inServer = { ...withAgent(scriptedAgent([ok], { more: uses('["*"]') })) };
  const played = await playOwn(
    { ...inServer, 'servers/a.server.yaml': `${server}auth: {secret: "env:KEY"}\n` },
    doubles,
    { env },
  );
  expect(played.failure?.message).toMatch(/a\.server\.yaml:\d+:\d+: .*environment/);
  expect(JSON.stringify(played)).not.toContain('canary');
});

test('11: a step completes or fails the run, and its failure is that of the run', async () => {
  const played = await playOwn(
    steps(`  - {id: h, ${hook('status/500')}}\n  - {id: t, transform: {ops: []}, depends_on: [h]}\n`),
    doubles,
  );
  expect(played.status).toBe('failed');
  expect(played.failure?.message).toBe(played.steps['h']?.failure?.message);
  expect(played.steps).not.toHaveProperty('t');
});

test('12: a lock tells which files have changed', async () => {
  const dir = written(steps('  - {id: t, transform: {ops: []}}\n', 'version: 1.2.3\n'));
  const lock = await workflowLock(await loadProject({ projectDir: dir, env: {} }));
  expect(await lockProblems(await loadProject({ projectDir: dir, env: {} }), lock)).toEqual([]);
  const text = readFileSync(join(dir, 'workflows/w.workflow.yaml'), 'utf8');
  const changed = written({ 'workflows/w.workflow.yaml': text.replace('1.2.3', '1.2.4') });
  expect(await lockProblems(await loadProject({ projectDir: changed, env: {} }), lock)).not.toEqual([]);
});

test('13: what differs between environments is in an environment file', async () => {
  const dir = written({
    'environments/test.env.yaml': 'name: test\nvariables: {CITY: Bern, SET: file}\n',
    ...steps('  - {id: t, transform: {ops: []}}\n', 'env: [{name: CITY}, {name: SET}]\n'),
  });
  const envFile = join(dir, 'environments/test.env.yaml');
  const opened = await loadProject({ projectDir: dir, envFile, env: { SET: 'process' } });
  const { definition } = await workflowNamed(opened, 'w');
  expect(definition?.environment).toEqual({ CITY: 'Bern', SET: 'process' });
});

const schema = 'params: {schema: {required: [m], properties: {m: {type: string}, d: {type: string, default: dd}}}}\n';

test.each([
  ['a required parameter is missing', {}, /missing required field "m"/],
  ['a parameter has another type', { m: 5 }, /\/m must be string/],
])('14: there is no run when %s', async (_, input, says) => {
  const played = await playOwn(steps(`  - {id: h, ${hook('x')}}\n`, schema), doubles, { input });
  expect(played).toMatchObject({ http: 422, hooks: [], failure: { message: expect.stringMatching(says) as string } });
});

test('15: an agent is given its parameters, and nothing else of the run', async () => {
  const pipeline = `  - {id: before, transform: {inputs: [params], ops: []}}
  - {id: s, agent: agents/a.agent.yaml, depends_on: [before], params: {shown: "{{ params.shown }}", more: x}}
`;
  const agent = scriptedAgent([ok], { params: { shown: { type: 'string' } } });
  const played = await playOwn(withAgent(agent, pipeline), doubles, { input: { shown: 's', hidden: 'h' } });
  expect(usersAsked(played)).toEqual(['{"shown":"s"}']);
});

test('16: the key of a provider is with the gateway only', async () => {
  const dir = ownProject(withAgent(scriptedAgent([ok])), doubles);
  const played = await play(dir, { workflow: 'w', input: {}, env: {} }, doubles);
  expect(played.status).toBe('complete');
  expect(`${played.stored}`).toContain('You act.');
  expect(JSON.stringify(played)).not.toContain('provider-key');
});

test('17: an agent names a group; one that cannot be served fails the step', async () => {
  const played = await playOwn(
    withAgent(scriptedAgent([ok]), '  - {id: s, agent: agents/a.agent.yaml, model: {group: none}}\n'),
    doubles,
  );
  expect(played.steps['s']).toMatchObject({ code: 'unknown_group' });
  expect(played.failure?.message).toMatch(/^gateway error unknown_group: /);
});

test('18: what an agent says is kept as the output of its step, and changes no other', async () => {
  const agent = scriptedAgent(['{"ok":true,"t":{"result":"forged"},"status":"failed"}']);
  const pipeline = `  - {id: t, transform: {inputs: [params], ops: []}}\n  - {id: s, agent: agents/a.agent.yaml, depends_on: [t]}\n`;
  const played = await playOwn(withAgent(agent, pipeline), doubles, { input: { real: 1 } });
  expect(outputOfStep(played, 't')).toEqual({ result: { real: 1 } });
  expect(played.status).toBe('complete');
});

test('19: a runtime says every five seconds that it lives, and is waited for three times as long', () => {
  expect([heartbeatPause, heartbeatPatience]).toEqual([5_000, 15_000]);
});

test.each([
  ['none', '  - {id: s}\n', /does nothing/],
  ['two', `  - {id: s, ${hook('x')}, transform: {ops: []}}\n`, /does one thing/],
])('20: a step has exactly one kind of work, and with %s it fails', async (_, pipeline, says) => {
  const played = await playOwn(steps(pipeline), doubles);
  expect(played).toMatchObject({ status: 'failed', hooks: [] });
  expect(played.failure?.message).toMatch(says);
});

test.each([
  ['ktsu_injection_attempt', 'injection_attempt'],
  ['ktsu_untrusted_content', 'untrusted_content'],
  ['ktsu_low_quality', 'low_quality'],
  ['ktsu_needs_human', 'needs_human_review'],
])('21: %s fails the step before its schema is checked', async (flag, code) => {
  const played = await playOwn(withAgent(scriptedAgent([`{"${flag}":true}`])), doubles);
  expect(played.steps['s']).toMatchObject({ status: 'failed', code });
});

test('21: reserved outputs that there are not are taken out', async () => {
  const played = await playOwn(withAgent(scriptedAgent(['{"ok":true,"ktsu_new":1}'])), doubles);
  expect(outputOfStep(played, 's')).toEqual({ ok: true });
});

test('22: transforms cost nothing', async () => {
  const played = await playOwn(steps('  - {id: t, transform: {inputs: [params], ops: [{flatten: {}}]}}\n'), doubles);
  expect(played.steps['t']?.metrics).toMatchObject({ cost_usd: 0, tokens_in: 0, llm_calls: 0, tool_calls: 0 });
});

test('23: the operations of transforms are six', async () => {
  const played = await playOwn(steps('  - {id: t, transform: {ops: [{script: "1 + 1"}]}}\n'), doubles);
  expect(played.failure?.message).toMatch(/no operation "script".*merge, filter, sort, map, flatten, deduplicate/);
});

test('24: an agent of another origin is no exception: without its file the step fails', async () => {
  const played = await playOwn(steps('  - {id: s, agent: ktsu/secure-parser@1.0.0}\n'), doubles);
  expect(played.failure?.message).toMatch(/ktsu\/secure-parser@1\.0\.0/);
});

test('25: a webhook whose condition is not true is skipped, and has not failed', async () => {
  const played = await playOwn(
    steps(`  - {id: h, condition: params.none, ${hook('x')}}\n  - {id: t, transform: {ops: []}}\n`),
    doubles,
  );
  expect(played).toMatchObject({ status: 'complete', hooks: [], steps: { h: { status: 'skipped' } } });
});

const each =
  '  - {id: s, agent: agents/a.agent.yaml, params: {u: "{{ item }}"}, for_each: {from: params.list, max_failures: 1}}\n';
const itemAgent = scriptedAgent(
  [{ content: ok, byUser: { '"b"': { content: '{"ok":true,"ktsu_low_quality":true}' } } }],
  {
    params: { u: { type: 'string' } },
  },
);

test('26: a fan-out gives its results in the order of the list, with failures marked', async () => {
  const played = await playOwn(withAgent(itemAgent, each), doubles, { input: { list: ['a', 'b', 'c'] } });
  expect(outputOfStep(played, 's')).toEqual({
    results: [{ ok: true }, { ktsu_error: expect.any(String) as string, item_index: 1 }, { ok: true }],
  });
});

test('27: a fan-out has used what its items have used, also those that failed', async () => {
  const played = await playOwn(withAgent(itemAgent, each), doubles, { input: { list: ['a', 'b', 'c'] } });
  expect(played.steps['s']?.metrics).toMatchObject({ tokens_in: 300, tokens_out: 30, llm_calls: 3 });
});

test('28: each run has its own budget', async () => {
  // One answer costs 0.000021 dollars.
  const agent = scriptedAgent(['no', ok]);
  const dear = 'model_policy: {cost_budget_usd: 0.00002}\n';
  const first = await playOwn(withAgent(agent, undefined, dear), doubles);
  expect(first.steps['s'] ?? first.failure).toMatchObject(
    first.steps['s'] ? { code: 'budget_exceeded' } : { kind: 'budget' },
  );
  const enough = await playOwn(withAgent(agent, undefined, 'model_policy: {cost_budget_usd: 1}\n'), doubles);
  expect(enough.status).toBe('complete');
});

const sub = (head: string, pipeline: string): Files => ({
  'workflows/sub.workflow.yaml': `visibility: sub-workflow\n${head}pipeline:\n${pipeline}`,
});

test('29: a workflow that is a step runs within the same run, and what it used is told by the step', async () => {
  const files = withAgent(scriptedAgent([ok]), '  - {id: inner, workflow: ./sub.workflow.yaml}\n');
  const played = await playOwn({ ...files, ...sub('', '  - {id: a, agent: agents/a.agent.yaml}\n') }, doubles);
  expect(played.steps['inner']).toMatchObject({ status: 'complete', metrics: { llm_calls: 1 } });
  expect(Object.keys(played.steps)).toEqual(['inner']);
});

test('30: a sub-workflow cannot be invoked', async () => {
  const played = await playOwn({ 'workflows/w.workflow.yaml': 'visibility: sub-workflow\npipeline: []\n' }, doubles);
  expect(played.http).toBe(404);
});

test.each([
  ['both sides', 'webhooks: execute\n', ', webhooks: execute', 1],
  ['its file only', 'webhooks: execute\n', '', 0],
  ['neither', '', '', 0],
])('31: webhooks of a sub-workflow are sent when both sides say so: %s', async (_, head, more, sent) => {
  const files = {
    ...sub(head, `  - {id: h, ${hook('x')}}\n`),
    ...steps(`  - {id: s, workflow: ./sub.workflow.yaml${more}}\n`),
  };
  const played = await playOwn(files, doubles);
  expect(played.hooks).toHaveLength(sent);
  expect(played.status).toBe('complete');
});

test('32: the schema of the parameters is the one interface: what is missing is told, defaults are applied', async () => {
  const shown = '  - {id: t, transform: {inputs: [params], ops: []}}\n';
  const root = await playOwn(steps(shown, schema), doubles, { input: { m: 'mm' } });
  expect(outputOfStep(root, 't')).toEqual({ result: { m: 'mm', d: 'dd' } });
  const inner = { ...sub(schema, shown), ...steps('  - {id: s, workflow: ./sub.workflow.yaml, params: {m: mm}}\n') };
  expect(outputOfStep(await playOwn(inner, doubles), 's')).toEqual({ result: { m: 'mm', d: 'dd' } });
  const missing = { ...sub(schema, shown), ...steps('  - {id: s, workflow: ./sub.workflow.yaml}\n') };
  expect((await playOwn(missing, doubles)).failure?.message).toMatch(/parameter "m"/);
});

test('33: a plain text is a literal, a template alone keeps its type, and one within a text is text', async () => {
  const params = '{plain: text, alone: "{{ params.n }}", within: "n={{ params.n }}", list: "{{ params.l }}"}';
  const files = {
    ...sub('', '  - {id: t, transform: {inputs: [params], ops: []}}\n'),
    ...steps(`  - {id: s, workflow: ./sub.workflow.yaml, params: ${params}}\n`),
  };
  const played = await playOwn(files, doubles, { input: { n: 12_345_678, l: [1] } });
  expect(outputOfStep(played, 's')).toEqual({
    result: { plain: 'text', alone: 12_345_678, within: 'n=12345678', list: [1] },
  });
});

test('34: a call that needs a person is not made before one agrees', async () => {
  const rule = '[{name: kv_set, require_approval: {on_reject: fail}}]';
  const agent = scriptedAgent([toolCalls(['c1', 'kv_set', { k: 'v' }]), ok], { more: uses(rule) });
  const dir = ownProject(withAgent(agent), doubles);
  const made = () => doubles.tools.filter(({ method }) => method === 'tools/call').length;
  let before: number | undefined;
  const played = await play(dir, { workflow: 'w', input: {}, env: {} }, doubles, () => {
    before = made();
    return { approved: true };
  });
  expect([before, made(), played.status]).toEqual([0, 1, 'complete']);
});

test('R: a reflection is one pass, and its output replaces the draft', async () => {
  const agent = scriptedAgent(['{"ok":false,"draft":true}', ok, '{"ok":false}'], { user: 'Do it.', reflect: 'Again.' });
  const played = await playOwn(withAgent(agent), doubles);
  expect(outputOfStep(played, 's')).toEqual({ ok: true });
  expect(played.models).toHaveLength(2);
});
