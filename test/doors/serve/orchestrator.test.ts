/** The HTTP contracts of orchestrator, runtime and gateway, with the real engine behind them. */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { systemClock } from '../../../src/engine/clock.ts';
import { serveComponents, type ServeOptions } from '../../../src/doors/http/serve/components.ts';
import { plainServer } from '../../mcp/sessions/plainServer.ts';
import { canary, testProject, toolProject, type TestProject } from './project.ts';

const free = { host: '127.0.0.1', port: 0 };
const all = { orchestrator: free, runtime: free, gateway: free };

async function served(project: TestProject, more: Partial<ServeOptions> = {}) {
  const said: string[] = [];
  const components = await serveComponents({
    components: all,
    project: { projectDir: project.folder, env: project.env },
    runtime: { db: join(project.folder, 'troupe.db'), env: project.env, poll: 20 },
    clock: systemClock(),
    secret: 'the secret of the test',
    say: (line) => void said.push(line),
    ...more,
  });
  const ask = async (path: string, body?: unknown, headers: Record<string, string> = {}) => {
    const response = await fetch(`${components.urls.orchestrator}${path}`, {
      ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
      headers: { 'content-type': 'application/json', ...headers },
    });
    const text = await response.text();
    let json: ReturnType<typeof JSON.parse>;
    try {
      json = JSON.parse(text);
    } catch {
      json = undefined;
    }
    return {
      status: response.status,
      text,
      json,
      replayed: response.headers.get('idempotent-replayed'),
      next: /^<(.*)>; rel="next"$/.exec(response.headers.get('link') ?? '')?.[1],
    };
  };
  return { said, ask, components, [Symbol.asyncDispose]: () => components[Symbol.asyncDispose]() };
}

const answered = () => ({ content: '{"answer":"done"}' });

test('a workflow is invoked, and its run, steps and envelope are shown', async () => {
  await using project = await testProject();
  await using server = await served(project);
  const { status, json } = await server.ask('/invoke/sort', { list: [1, 2] });
  expect([status, json.status]).toEqual([202, 'accepted']);
  expect(json.run_id).toMatch(/^run_[0-9a-f]{16}$/);
  const again = await server.ask('/invoke/sort?wait=30s', { list: [3] }, { 'idempotency-key': 'k1' });
  expect(again.json).toMatchObject({ status: 'complete' });
  expect((await server.ask('/invoke/sort', { list: [3] }, { 'idempotency-key': 'k1' })).json.run_id).toBe(
    again.json.run_id,
  );
  expect((await server.ask('/invoke/sort', { list: [4] }, { 'idempotency-key': 'k1' })).status).toBe(409);
  const run = await server.ask(`/runs/${again.json.run_id}`);
  expect(run.json.run).toMatchObject({ workflow_name: 'sort', status: 'complete', payload: { list: [3] } });
  expect(run.json.steps).toMatchObject([{ id: 'sorted', type: 'transform', status: 'complete' }]);
  const envelope = await server.ask(`/runs/${again.json.run_id}/envelope`);
  expect(envelope.json).toMatchObject({ workflow: 'sort', steps: [{ id: 'sorted' }], steps_by_id: { sorted: {} } });
  expect((await server.ask('/runs?workflow=sort')).json.runs).toHaveLength(2);
  const page = await server.ask('/runs?limit=1');
  const next = await server.ask(`/runs?limit=1&cursor=${page.json.next}`);
  expect(new Set([page.json.runs[0].id, next.json.runs[0].id])).toEqual(new Set([json.run_id, again.json.run_id]));
  expect((await server.ask('/health')).json).toMatchObject({
    status: 'ok',
    services: { runtime: 'ok', gateway: 'ok' },
  });
});

test('of invocations that race with one idempotency key one begins the run, and the others are told that it was there', async () => {
  await using project = await testProject();
  await using server = await served(project);
  const race = (list: readonly unknown[]) =>
    Promise.all(list.map((each) => server.ask('/invoke/sort', { list: each }, { 'idempotency-key': 'race' })));
  const answers = await race([[1], [1], [1], [1]]);
  expect(answers.map(({ status }) => status)).toEqual([202, 202, 202, 202]);
  expect(new Set(answers.map(({ json }) => json.run_id)).size).toBe(1);
  expect(answers.filter(({ replayed }) => replayed === null)).toHaveLength(1);
  expect(answers.filter(({ replayed }) => replayed === 'true')).toHaveLength(3);
  // Who comes first decides about the parameters of the key.
  const others = await race([[2], [3]]);
  expect(others.map(({ status }) => status)).toEqual([409, 409]);
});

test('what cannot be invoked is not found, and what does not fit starts no run', async () => {
  await using project = await testProject();
  project.file('workflows/broken.workflow.yaml', 'pipeline: [');
  await using server = await served(project);
  for (const name of ['none', 'broken', 'inner', '..%2Fworkflows%2Fsort'])
    expect(await server.ask(`/invoke/${name}`, {})).toMatchObject({ status: 404 });
  const refused = await server.ask('/invoke/sort', {});
  expect(refused.status).toBe(422);
  expect(refused.text).toContain('list');
  expect((await server.ask('/runs')).json.runs).toEqual([]);
  expect((await server.ask('/invoke/guarded', {})).status).toBe(401);
  expect((await server.ask('/invoke/guarded', {}, { 'x-secret': canary })).status).toBe(202);
  expect((await server.ask('/runs/none')).status).toBe(404);
  for (const scheme of ['', 'scheme: basic, ']) {
    project.file(
      'workflows/odd.workflow.yaml',
      `kind: workflow\ninvoke: { auth: { header: X-Secret, ${scheme}secret: x } }\npipeline: []\n`,
    );
    expect(await server.ask('/invoke/odd', {}, { 'x-secret': 'x' })).toMatchObject({
      status: 500,
      json: { error: 'server misconfiguration' },
    });
  }
});

test('what an agent put out is shown in the run and its envelope when that is why its step failed', async () => {
  await using project = await testProject(() => ({ content: '{"wrong":1}' }));
  await using server = await served(project);
  const { json } = await server.ask('/invoke/ask?wait=60s', { topic: 'x' });
  const shown = { id: 'think', status: 'failed', raw_output: { wrong: 1 } };
  expect((await server.ask(`/runs/${json.run_id}`)).json.steps).toMatchObject([{ ...shown, code: 'output_invalid' }]);
  expect((await server.ask(`/runs/${json.run_id}/envelope`)).json.steps).toMatchObject([{ ...shown, output: {} }]);
});

test('a changed file is read anew', async () => {
  await using project = await testProject();
  await using server = await served(project);
  project.file('workflows/new.workflow.yaml', 'kind: workflow\nname: new\nversion: "1.0.0"\npipeline: []\n');
  expect((await server.ask('/invoke/new?wait=30s', {})).json).toMatchObject({ status: 'complete' });
  project.file(
    'workflows/new.workflow.yaml',
    'kind: workflow\nname: new\nversion: "1.0.0"\npipeline:\n  - id: t\n    transform: { inputs: [{ from: params }], ops: [] }\n',
  );
  const { run_id } = (await server.ask('/invoke/new?wait=30s', {})).json;
  expect((await server.ask(`/runs/${run_id}`)).json.steps).toMatchObject([{ id: 't' }]);
});

test('an agent in a sub-workflow works, and its sub-run is shown as parent/step', async () => {
  await using project = await testProject(answered);
  await using server = await served(project);
  const { json, text } = await server.ask('/invoke/outer?wait=60s', {});
  expect(json, [text, ...server.said].join('\n')).toBeDefined();
  expect(json).toMatchObject({ status: 'complete', output: { said: 'done' } });
  const sub = await server.ask(`/runs/${encodeURIComponent(`${json.run_id}/part`)}`);
  expect(sub.json).toMatchObject({ run: { workflow_name: 'inner' }, steps: [{ id: 'think', type: 'agent' }] });
  expect((await server.ask('/runs')).json.runs.map(({ id }: { id: string }) => id)).toEqual(
    expect.arrayContaining([json.run_id, `${json.run_id}/part`]),
  );
});

test('a run is paused, goes on, and is cancelled; what is over cannot be', async () => {
  await using project = await testProject(undefined, true);
  await using server = await served(project);
  const { run_id } = (await server.ask('/invoke/hook', { n: 1 })).json;
  await project.hooks.until(1);
  expect((await server.ask(`/runs/${run_id}`)).json.steps).toMatchObject([{ id: 'first', status: 'running' }]);
  expect((await server.ask(`/runs/${run_id}/pause`, {})).json).toMatchObject({ status: 'paused' });
  expect((await server.ask(`/runs/${run_id}/resume`, {})).json).toMatchObject({ status: 'running' });
  expect((await server.ask(`/runs/${run_id}/cancel`, {})).status).toBe(202);
  project.hooks.release();
  await expect.poll(async () => (await server.ask(`/runs/${run_id}`)).json.run.status).toBe('cancelled');
  expect((await server.ask(`/runs/${run_id}/pause`, {})).status).toBe(409);
  expect((await server.ask('/runs/none/pause', {})).status).toBe(404);
});

test('the gateway answers for its groups, with the codes of the contract', async () => {
  await using project = await testProject(answered);
  await using server = await served(project);
  const invoke = async (body: object) => {
    const response = await fetch(`${server.components.urls.gateway}/invoke`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        run_id: 'r',
        step_id: 's',
        messages: [{ role: 'user', content: 'hi' }],
        max_tokens: 10,
        ...body,
      }),
    });
    return [response.status, await response.json()];
  };
  expect(await invoke({ group: 'small' })).toMatchObject([
    200,
    { content: '{"answer":"done"}', model_resolved: 'local/m1', tokens_in: 100 },
  ]);
  expect(await invoke({ group: 'none' })).toMatchObject([400, { error: 'unknown_group', retryable: false }]);
});

test('calls of tools wait for a person, one after the other; the tool is called when they are approved', async () => {
  await using tools = await plainServer({ tools: () => ['delete_it'] });
  await using project = await toolProject(tools.url, 'fail', 2);
  await using server = await served(project);
  const { json, text } = await server.ask('/invoke/clean', {});
  expect(json, [text, ...server.said].join('\n')).toBeDefined();
  for (const call of [1, 2]) {
    await expect
      .poll(async () => (await server.ask('/approvals')).json, { timeout: 30_000 })
      .toMatchObject([{ run_id: json.run_id, step_id: 'clean', tool_name: 'delete_it', arguments: { call } }]);
    expect((await server.ask(`/runs/${json.run_id}/approve`, {})).status).toBe(200);
    await expect.poll(() => tools.methods.filter((method) => method === 'tools/call').length).toBe(call);
  }
  await expect.poll(async () => (await server.ask(`/runs/${json.run_id}`)).json.run.status).toBe('complete');
  expect((await server.ask(`/runs/${json.run_id}/approve`, {})).status).toBe(200);
  const other = await server.ask(`/runs/${json.run_id}/reject`, {});
  expect([other.status, other.text]).toEqual([409, expect.stringMatching(/was approved by a person over HTTP at 2/)]);
  expect(tools.methods.filter((method) => method === 'tools/call')).toHaveLength(2);
  expect((await server.ask(`/runs/${json.run_id}/steps/clean/approval`)).json).toMatchObject({ status: 'approved' });
  expect(JSON.stringify(server.components.urls)).not.toContain(canary);
  expect(tools.sent.every(({ headers }) => headers['x-key'] === canary)).toBe(true);
  for (const path of ['/approvals', '/runs', `/runs/${json.run_id}`, `/runs/${json.run_id}/steps/clean/approval`])
    expect((await server.ask(path)).text).not.toContain(canary);
});

test('the question of a wait step is answered over HTTP: of a run, of a sub-run, and of an item', async () => {
  await using project = await testProject();
  project.file(
    'workflows/inner.workflow.yaml',
    'pipeline: [{id: check, wait: {question: "Inner?", schema: {type: object, required: [ok]}}}]\n',
  );
  project.file(
    'workflows/asks.workflow.yaml',
    `pipeline:
  - {id: ask, wait: {question: "Is {{ params.n }} right?", schema: {type: object, required: [right]}, default: {right: false}}}
  - {id: part, workflow: ./inner.workflow.yaml}
  - {id: each, for_each: {from: params.list}, wait: {question: "{{ item }}?"}}
`,
  );
  await using server = await served(project);
  const { run_id } = (await server.ask('/invoke/asks', { n: 7, list: ['a', 'b'] })).json;
  const waits = async () =>
    (await server.ask('/waits')).json as { run_id: string; step_id: string; question: string }[];
  const names = async () =>
    (await waits()).map(({ run_id: run, step_id, question }) => `${run.replace(run_id, '')} ${step_id} ${question}`);
  await expect
    .poll(async () => (await names()).toSorted((a, b) => (a < b ? -1 : 1)), { timeout: 20_000 })
    .toEqual([' ask Is 7 right?', ' each.0 a?', ' each.1 b?', '/part check Inner?']);
  expect((await server.ask('/approvals')).json).toEqual([]);
  const [all, seen] = [await names(), [] as string[]];
  for (let at: string | undefined = '/waits?limit=1'; at;) {
    const page = await server.ask(at);
    seen.push(...(page.json as { question: string }[]).map(({ question }) => question));
    at = page.next;
  }
  expect(seen.map((question) => all.findIndex((name) => name.endsWith(question)))).toEqual([0, 1, 2, 3]);
  expect((await server.ask('/waits?cursor=none')).status).toBe(400);
  const answer = (run: string, step: string, said: unknown, by?: string) =>
    server.ask(`/runs/${encodeURIComponent(run)}/steps/${step}/answer`, { answer: said, ...(by ? { by } : {}) });
  const misfit = await answer(run_id, 'ask', { wrong: true });
  expect([misfit.status, misfit.text]).toEqual([400, expect.stringContaining('right')]);
  expect((await answer(run_id, 'ask', { right: true }, 'Ada')).status).toBe(200);
  expect((await answer(`${run_id}/part`, 'check', { ok: 1 })).status).toBe(200);
  for (const item of [0, 1]) expect((await answer(run_id, `each.${item}`, { item })).status).toBe(200);
  await expect
    .poll(async () => (await server.ask(`/runs/${run_id}`)).json.run, { timeout: 20_000 })
    .toMatchObject({ status: 'complete', output: { results: [{ item: 0 }, { item: 1 }] } });
  expect((await answer(run_id, 'ask', { right: true })).status).toBe(200);
  expect((await answer(run_id, 'ask', { right: false })).status).toBe(409);
  expect((await answer(run_id, 'gone', {})).status).toBe(404);
  expect((await answer('run_gone', 'ask', {})).status).toBe(404);
  expect(await waits()).toEqual([]);
});

test('a run that failed is retried from the step that failed', async () => {
  let fails = true;
  await using project = await testProject(() => (fails ? { status: 400 } : answered()));
  await using server = await served(project);
  const { json } = await server.ask('/invoke/ask?wait=60s', { topic: 'x' });
  expect(json).toMatchObject({ status: 'failed' });
  fails = false;
  expect((await server.ask(`/runs/${json.run_id}/retry`, {})).status).toBe(202);
  await expect
    .poll(async () => (await server.ask(`/runs/${json.run_id}`)).json.run.status, { timeout: 20_000 })
    .toBe('complete');
  expect((await server.ask(`/runs/${json.run_id}/retry`, {})).status).toBe(409);
});
