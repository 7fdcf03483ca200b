/** Orchestrator, runtime and gateway apart: an agent step is done by a runtime elsewhere, which asks a gateway elsewhere. */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { systemClock } from '../../../src/engine/clock.ts';
import { serveComponents, type ServeOptions } from '../../../src/doors/http/serve/components.ts';
import { plainServer } from '../../mcp/sessions/plainServer.ts';
import { canary, testProject, toolProject, type TestProject } from './project.ts';

const free = { host: '127.0.0.1', port: 0 };
const token = 'a-token-of-the-test-0123456789';

async function apart(project: TestProject) {
  const said: string[] = [];
  const part = (components: ServeOptions['components'], more: Partial<ServeOptions> = {}) =>
    serveComponents({
      components,
      project: { projectDir: project.folder, env: project.env },
      runtime: { db: join(project.folder, 'troupe.db'), env: project.env, poll: 20 },
      clock: systemClock(),
      secret: 'the secret of the test',
      token,
      say: (line) => void said.push(line),
      ...more,
    });
  const gateway = await part({ gateway: free });
  const runtime = await part(
    { runtime: free },
    { gatewayUrl: gateway.urls.gateway, project: { projectDir: project.folder, env: {} } },
  );
  const orchestrator = await part(
    { orchestrator: free },
    { runtimeUrl: runtime.urls.runtime, gatewayUrl: gateway.urls.gateway },
  );
  const ask = async (path: string, body?: unknown) => {
    const response = await fetch(`${orchestrator.urls.orchestrator}${path}`, {
      ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    });
    const text = await response.text();
    return {
      status: response.status,
      text,
      json: text.startsWith('{') || text.startsWith('[') ? JSON.parse(text) : undefined,
    };
  };
  return {
    said,
    ask,
    runtime,
    /** Another runtime at the address of the first one, which is gone with all that it had in memory. */
    async anotherRuntime() {
      await runtime[Symbol.asyncDispose]();
      const port = Number(new URL(runtime.urls.runtime ?? '').port);
      return part(
        { runtime: { host: '127.0.0.1', port } },
        { gatewayUrl: gateway.urls.gateway, project: { projectDir: project.folder, env: {} } },
      );
    },
    async [Symbol.asyncDispose]() {
      for (const each of [orchestrator, runtime, gateway]) await each[Symbol.asyncDispose]();
    },
  };
}

test('the run completes, and what it cost is what the gateway says', async () => {
  await using project = await testProject(() => ({ content: '{"answer":"done"}' }));
  await using parts = await apart(project);
  expect((await parts.ask('/health')).json).toMatchObject({ status: 'ok', services: { runtime: 'ok', gateway: 'ok' } });
  const { json, text } = await parts.ask('/invoke/ask?wait=60s', { topic: 'actors' });
  expect(json, [text, ...parts.said].join('\n')).toMatchObject({ status: 'complete', output: { answer: 'done' } });
  const { steps } = (await parts.ask(`/runs/${json.run_id}`)).json;
  expect(steps).toMatchObject([
    {
      id: 'think',
      type: 'agent',
      metrics: { tokens_in: 100, tokens_out: 10, llm_calls: 1, model_resolved: 'local/m1' },
    },
  ]);
  expect(project.model.asked[0]?.authorization).toContain(canary);
});

test('an agent in a sub-workflow is done by the runtime, too', async () => {
  await using project = await testProject(() => ({ content: '{"answer":"done"}' }));
  await using parts = await apart(project);
  const { json, text } = await parts.ask('/invoke/outer?wait=60s', {});
  expect(json, [text, ...parts.said].join('\n')).toMatchObject({ status: 'complete', output: { said: 'done' } });
});

test('a runtime that is stopped ends the step, and the run has failed', async () => {
  await using project = await testProject(() => ({ status: 500 }));
  await using parts = await apart(project);
  const { run_id } = (await parts.ask('/invoke/ask', { topic: 'actors' })).json;
  await expect.poll(() => project.model.asked.length, { timeout: 30_000 }).toBeGreaterThan(0);
  await parts.runtime[Symbol.asyncDispose]();
  await expect
    .poll(async () => (await parts.ask(`/runs/${run_id}`)).json.run, { timeout: 30_000 })
    .toMatchObject({ status: 'failed', code: 'runtime_stopped' });
});

test.each([
  ['approved', 'fail', 'complete', 1],
  ['rejected', 'fail', 'failed', 0],
  ['rejected', 'recover', 'complete', 0],
] as const)('a call that is %s (on_reject: %s) leaves the run %s', async (decision, onReject, status, calls) => {
  await using tools = await plainServer({ tools: () => ['delete_it'] });
  await using project = await toolProject(tools.url, onReject);
  await using parts = await apart(project);
  const { json, text } = await parts.ask('/invoke/clean', {});
  expect(json, [text, ...parts.said].join('\n')).toBeDefined();
  const approval = `/runs/${json.run_id}/steps/clean/approval`;
  await expect
    .poll(async () => (await parts.ask('/approvals')).json, { timeout: 30_000 })
    .toMatchObject([
      {
        run_id: json.run_id,
        step_id: 'clean',
        tool_name: 'delete_it',
        arguments: { path: '/tmp' },
        on_reject: onReject,
      },
    ]);
  expect((await parts.ask(`/runs/${json.run_id}`)).json.steps).toMatchObject([{ status: 'pending_approval' }]);
  expect((await parts.ask(`${approval}/decide`, { decision })).status).toBe(200);
  await expect
    .poll(async () => (await parts.ask(`/runs/${json.run_id}`)).json.run.status, { timeout: 30_000 })
    .toBe(status);
  expect((await parts.ask(`${approval}/decide`, { decision })).status).toBe(409);
  expect((await parts.ask(approval)).json).toMatchObject({ status: decision });
  expect(tools.methods.filter((method) => method === 'tools/call').length).toBe(calls);
  const files = readdirSync(project.folder).filter((name) => name.startsWith('troupe.db'));
  expect(files.length).toBeGreaterThan(0);
  for (const name of files) expect(readFileSync(join(project.folder, name), 'latin1')).not.toContain(canary);
  expect(tools.sent.every(({ headers }) => headers['x-key'] === canary)).toBe(true);
});

test.each([
  ['approved', 'fail', 2],
  ['rejected', 'recover', 0],
] as const)(
  'a runtime that was started anew goes on with the conversation when calls are %s (on_reject: %s), and makes none twice',
  async (decision, onReject, calls) => {
    await using tools = await plainServer({ tools: () => ['delete_it'] });
    await using project = await toolProject(tools.url, onReject, 2);
    await using parts = await apart(project);
    const { run_id } = (await parts.ask('/invoke/clean', {})).json;
    const runtimes: AsyncDisposable[] = [];
    const decided = new Set<string>();
    for (let asked = 1; asked <= 2; asked++) {
      const pending = async () => (await parts.ask('/approvals')).json;
      await expect.poll(pending, { timeout: 30_000 }).toMatchObject([{ arguments: { call: asked } }]);
      decided.add((await pending())[0].tool_use_id);
      if (asked === 1) runtimes.push(await parts.anotherRuntime());
      expect((await parts.ask(`/runs/${run_id}/steps/clean/approval/decide`, { decision })).status).toBe(200);
    }
    const shown = async () => (await parts.ask(`/runs/${run_id}`)).json;
    await expect
      .poll(async () => (await shown()).run, { timeout: 30_000 })
      .toMatchObject({ status: 'complete', output: { answer: 'after it' } });
    // Neither the model nor a tool is asked what it has answered before, and nothing is charged twice.
    expect(project.model.asked).toHaveLength(3);
    expect(tools.methods.filter((method) => method === 'tools/call')).toHaveLength(calls);
    const { steps } = await shown();
    expect(steps).toMatchObject([{ metrics: { llm_calls: 3, tokens_in: 300, tokens_out: 30 } }]);
    for (const each of runtimes) await each[Symbol.asyncDispose]();
    expect(decided.size).toBe(2);
  },
);
