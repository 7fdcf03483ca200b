/** Each component beside two of other makers, which have what the contract has and nothing else, and refuse what does not fit it. */
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import * as z from 'zod';
import { plainServer } from '../../mcp/sessions/plainServer.ts';
import { free, serveParts } from './parts.ts';
import { testProject, toolProject, type TestProject } from './project.ts';

const name = z.string().min(1);
const count = z.number().nonnegative();

/** What a gateway is asked. */
const GatewayRequest = z.object({
  run_id: name,
  step_id: name,
  group: name,
  messages: z
    .array(
      z.object({
        role: z.enum(['system', 'user', 'assistant', 'tool']),
        content: z.string(),
        tool_calls: z.array(z.object({ id: name, name, arguments: z.record(z.string(), z.unknown()) })).optional(),
        tool_call_id: name.optional(),
      }),
    )
    .min(2),
  max_tokens: z.int().positive(),
  tools: z.array(z.object({ name, description: z.string(), input_schema: z.object({ type: z.string() }) })).optional(),
});

/** What a runtime is asked. */
const RuntimeRequest = z.object({
  run_id: name,
  step_id: name,
  agent_name: name,
  system: z.string(),
  user_message: z.string(),
  max_turns: z.int().positive(),
  model: z.object({ group: name, max_tokens: z.int().positive() }),
  tool_servers: z.array(
    z.object({
      name,
      url: z.url(),
      allowlist: z.array(z.string()),
      approval_rules: z
        .array(
          z.object({
            pattern: name,
            on_reject: z.enum(['fail', 'recover']),
            timeout_ms: z.int().nonnegative(),
            timeout_behavior: z.enum(['fail', 'reject']),
          }),
        )
        .optional(),
    }),
  ),
  callback_url: z.url(),
  output_schema: z.record(z.string(), z.unknown()),
  messages: z.array(z.object({ role: name, content: z.string() })).optional(),
  approved_tool_calls: z.array(name).optional(),
  is_resume: z.boolean().optional(),
});
type RuntimeRequest = z.infer<typeof RuntimeRequest>;

/** What an orchestrator is told of a step. */
const Callback = z.object({
  run_id: name,
  step_id: name,
  status: z.enum(['ok', 'failed', 'pending_approval']),
  output: z.record(z.string(), z.unknown()).nullable(),
  error: z.string(),
  metrics: z.object({
    model_resolved: z.string(),
    tokens_in: count,
    tokens_out: count,
    cost_usd: count,
    duration_ms: count,
    llm_calls: count,
    tool_calls: count,
  }),
  messages: z.array(z.object({ role: name, content: z.string() })),
});
const Heartbeat = z.object({ runtime_id: name, active: z.array(z.object({ run_id: name, step_id: name })) });

/** A server that answers with a status and JSON. What its handler throws is a fault of the test, and is in `faults`. */
async function answering(handle: (path: string, body: unknown) => readonly [status: number, body?: unknown]) {
  const faults: string[] = [];
  const server = createServer((request, response) => {
    void textOf(request).then((text) => {
      try {
        const [status, body] = handle(request.url ?? '', text === '' ? undefined : JSON.parse(text));
        response
          .writeHead(status, { 'content-type': 'application/json' })
          .end(body === undefined ? '' : JSON.stringify(body));
      } catch (thrown) {
        faults.push(String(thrown));
        response.writeHead(400).end();
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  // A listening TCP server has an address with a port.
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, faults };
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return text;
}

/** Posts a text as JSON and looks at no answer. */
const tell = (url: string, body: unknown) =>
  void fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });

async function invoked(url: string | undefined, workflow: string, params: unknown) {
  const response = await fetch(`${url}/invoke/${workflow}?wait=60s`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(params),
  });
  return (await response.json()) as { readonly run_id: string; readonly status: string; readonly output?: unknown };
}

const never = async (make: Promise<TestProject>): Promise<TestProject> => {
  const project = await make;
  onTestFinished(() => project[Symbol.asyncDispose]());
  return project;
};

test.each([
  ['an orchestrator that does its agents itself', false],
  ['a runtime', true],
])('%s asks a gateway of another maker', async (_, apart) => {
  await using tools = await plainServer({ tools: () => ['delete_it'] });
  const project = await never(toolProject(tools.url, 'fail'));
  project.file(
    'workflows/inner.workflow.yaml',
    'kind: workflow\nparams: {schema: {type: object, properties: {key: {type: string, secret: true}}}}\npipeline:\n  - {id: clean, agent: agents/cleaner.agent.yaml, params: {key: "{{ params.key }}"}}\n',
  );
  project.file(
    'agents/cleaner.agent.yaml',
    'name: cleaner\nmodel: small\nprompt: {system: You clean., user: Clean.}\nservers: [{name: files, path: ../servers/files.server.yaml, access: {allowlist: ["*"]}}]\noutput: {schema: {type: object}}\n',
  );
  project.file('servers/files.server.yaml', `name: files\nurl: "${tools.url}"\n`);
  project.file('workflows/clean.workflow.yaml', 'pipeline: [{id: clean, agent: agents/cleaner.agent.yaml}]\n');
  const asked: z.infer<typeof GatewayRequest>[] = [];
  const used = { model_resolved: 'p/m', tokens_in: 10, tokens_out: 5, cost_usd: 0.5 };
  const gateway = await answering((path, body) => {
    if (path === '/health') return [200, { status: 'ok' }];
    const request = GatewayRequest.parse(body);
    asked.push(request);
    return request.messages.some(({ role }) => role === 'tool')
      ? [200, { content: '{"done":true}', tool_calls: null, ...used }]
      : [200, { content: '', tool_calls: [{ id: 'c1', name: 'delete_it', arguments: { path: '/' } }], ...used }];
  });
  const runtime = apart ? (await serveParts(project, { runtime: free }, { gatewayUrl: gateway.url })).urls.runtime : '';
  const { urls } = await serveParts(
    project,
    { orchestrator: free },
    { gatewayUrl: gateway.url, ...(apart ? { runtimeUrl: runtime } : {}) },
  );
  const ended = await invoked(urls.orchestrator, 'clean', {});
  expect(gateway.faults).toEqual([]);
  expect(ended).toMatchObject({ status: 'complete', output: { done: true } });
  // A gateway of another maker counts by runs and steps.
  expect(asked.map(({ run_id, step_id }) => [run_id, step_id])).toEqual([
    [ended.run_id, 'clean'],
    [ended.run_id, 'clean'],
  ]);
});

test('an orchestrator gives its agents to a runtime of another maker, in sub-workflows, too', async () => {
  const project = await never(testProject());
  project.file(
    'workflows/both.workflow.yaml',
    'pipeline:\n  - {id: think, agent: agents/writer.agent.yaml, params: {topic: x}}\n  - {id: part, workflow: ./inner.workflow.yaml, params: {x: y}}\n',
  );
  const given: RuntimeRequest[] = [];
  const runtime = await answering((path, body) => {
    if (path === '/health') return [200, { status: 'ok' }];
    const request = RuntimeRequest.parse(body);
    given.push(request);
    const { run_id, step_id, callback_url } = request;
    const metrics = {
      model_resolved: 'p/m',
      tokens_in: 10,
      tokens_out: 5,
      cost_usd: 0.5,
      duration_ms: 3,
      llm_calls: 1,
      tool_calls: 0,
    };
    const conversation = [{ role: 'user', content: request.user_message }];
    tell(
      callback_url,
      request.is_resume === true || step_id === 'think'
        ? { run_id, step_id, status: 'ok', output: { answer: step_id }, error: '', metrics, messages: conversation }
        : {
            run_id,
            step_id,
            status: 'pending_approval',
            output: null,
            error: '',
            metrics,
            messages: conversation,
            pending_approval: {
              tool_name: 'delete_it',
              tool_use_id: 'c1',
              arguments: { path: '/' },
              on_reject: 'recover',
              timeout_ms: 0,
              timeout_behavior: '',
            },
            original_request: request,
          },
    );
    return [202, { run_id, step_id, status: 'accepted' }];
  });
  project.file(
    'workflows/inner.workflow.yaml',
    'visibility: sub-workflow\nparams: {schema: {type: object, properties: {x: {type: string}}}}\npipeline: [{id: ask, agent: agents/writer.agent.yaml, params: {topic: "{{ params.x }}"}}]\noutput: {map: {said: "{{ step.ask.answer }}"}}\n',
  );
  const { urls } = await serveParts(project, { orchestrator: free }, { runtimeUrl: runtime.url });
  const ended = invoked(urls.orchestrator, 'both', {});
  const approvals = async () => (await (await fetch(`${urls.orchestrator}/approvals`)).json()) as { run_id: string }[];
  await expect.poll(approvals, { timeout: 30_000 }).toMatchObject([{ step_id: 'ask', tool_use_id: 'c1' }]);
  const [waits] = await approvals();
  tell(`${urls.orchestrator}/runs/${encodeURIComponent(waits?.run_id ?? '')}/approve`, {});
  expect(await ended).toMatchObject({ status: 'complete', output: { said: 'ask' } });
  expect(runtime.faults).toEqual([]);
  expect(given.map(({ step_id, is_resume = false }) => `${step_id} ${is_resume}`).toSorted()).toEqual([
    'ask false',
    'ask true',
    'think false',
  ]);
  expect(given.find(({ is_resume }) => is_resume)).toMatchObject({
    approved_tool_calls: ['c1'],
    messages: [{ role: 'user', content: 'Write about y.' }],
  });
});

test('a runtime works for an orchestrator of another maker: all fields are there, whatever came of a step', async () => {
  const project = await never(
    testProject((_, nth) =>
      nth === 0 ? { content: '{"answer":"done"}' } : { status: 400, error: { code: 'x', message: 'no' } },
    ),
  );
  const heard: z.infer<typeof Callback>[] = [];
  let beats = 0;
  const orchestrator = await answering((path, body) => {
    if (path === '/heartbeat') {
      Heartbeat.parse(body);
      beats++;
      return [200];
    }
    heard.push(Callback.parse(body));
    return [200];
  });
  const gateway = (await serveParts(project, { gateway: free })).urls.gateway;
  const { urls } = await serveParts(
    project,
    { runtime: free },
    { gatewayUrl: gateway, orchestratorUrl: orchestrator.url },
  );
  const work = (step: string, more: object = {}) =>
    fetch(`${urls.runtime}/invoke`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        run_id: 'run_1/part',
        step_id: step,
        agent_name: 'a',
        system: 'You answer.',
        user_message: 'Answer.',
        max_turns: 0,
        model: { group: 'small', max_tokens: 64 },
        tool_servers: null,
        output_schema: { type: 'object' },
        callback_url: `${orchestrator.url}/runs/run_1%2Fpart/steps/${step}/complete`,
        ...more,
      }),
    });
  const until = (count: number) => expect.poll(() => heard.length + orchestrator.faults.length).toBe(count);
  expect((await work('good')).status).toBe(202);
  await until(1);
  expect((await work('refused')).status).toBe(202);
  await until(2);
  expect((await work('lost', { model: { group: 'none', max_tokens: 64 } })).status).toBe(202);
  await until(3);
  expect(
    (await work('unreached', { tool_servers: [{ name: 'gone', url: 'http://127.0.0.1:9', allowlist: ['*'] }] })).status,
  ).toBe(202);
  await until(4);
  expect(orchestrator.faults).toEqual([]);
  expect(heard.map(({ run_id, step_id, status, output }) => [run_id, step_id, status, output])).toEqual([
    ['run_1/part', 'good', 'ok', { answer: 'done' }],
    ['run_1/part', 'refused', 'failed', null],
    ['run_1/part', 'lost', 'failed', null],
    ['run_1/part', 'unreached', 'failed', null],
  ]);
  expect(heard.map(({ error }) => error === '')).toEqual([true, false, false, false]);
  expect(beats).toBeGreaterThan(0);
});
