/** An agent's conversation is the same wherever it works: in the orchestrator, or in a runtime with a gateway elsewhere, also when another runtime goes on with it. */
import { expect, onTestFinished, test } from 'vitest';
import { plainServer } from '../../mcp/sessions/plainServer.ts';
import type { Reply } from '../../workflow/gateway/chatServer.ts';
import { free, serveParts } from './parts.ts';
import { testProject, type TestProject } from './project.ts';

/** One red point, as PNG in base64. */
const image = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==';

async function project(replies: readonly Reply[], url: string, allow: string): Promise<TestProject> {
  const made = await testProject((_, nth) => replies[nth] ?? { content: '{"answer":"seen"}' });
  onTestFinished(() => made[Symbol.asyncDispose]());
  made.file(
    'gateway.yaml',
    `providers: [{name: local, type: openai, config: {base_url: "${made.model.url}", api_key: k}}]
model_groups: [{name: small, models: [local/gpt-4o-mini]}]
`,
  );
  made.file('servers/eye.server.yaml', `name: eye\nurl: "${url}"\n`);
  made.file(
    'agents/viewer.agent.yaml',
    `model: small
prompt: {system: You look., user: Look.}
servers: [{name: eye, path: ../servers/eye.server.yaml, access: {allowlist: [${allow}]}}]
output: {schema: {type: object, required: [answer], properties: {answer: {type: string}}}}
`,
  );
  made.file('workflows/look.workflow.yaml', 'pipeline: [{id: look, agent: agents/viewer.agent.yaml}]\n');
  return made;
}

const json = async (response: Response) => JSON.parse(await response.text());
const post = (url: string, body: unknown) =>
  fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });

/** Runs `look`, and says yes to every call that waits; `between` happens before each yes. What the model was sent. */
async function lookedAt(made: TestProject, url: string | undefined, between: () => Promise<void>): Promise<unknown[]> {
  const { run_id } = await json(await post(`${url}/invoke/look`, {}));
  for (;;) {
    const { run } = await json(await fetch(`${url}/runs/${run_id}`));
    if (run.status !== 'running') {
      expect(run).toMatchObject({ status: 'complete', output: { answer: 'seen' } });
      return made.model.asked.map(({ body }) => body['messages']);
    }
    if ((await json(await fetch(`${url}/approvals`))).length > 0) {
      await between();
      await post(`${url}/runs/${run_id}/steps/look/approval/decide`, { decision: 'approved' });
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** The same run in both ways; a runtime that is started anew before each yes. */
async function inBothWays(replies: readonly Reply[], url: string, allow = '"*"'): Promise<[unknown[], unknown[]]> {
  const one = await project(replies, url, allow);
  const whole = await serveParts(one, { orchestrator: free });
  const here = await lookedAt(one, whole.urls.orchestrator, async () => {});
  const other = await project(replies, url, allow);
  const { urls } = await serveParts(other, { gateway: free });
  let runtime = await serveParts(other, { runtime: free }, { gatewayUrl: urls.gateway });
  const port = Number(new URL(runtime.urls.runtime ?? '').port);
  const orchestrator = await serveParts(other, { orchestrator: free }, { runtimeUrl: runtime.urls.runtime });
  const apart = await lookedAt(other, orchestrator.urls.orchestrator, async () => {
    await runtime[Symbol.asyncDispose]();
    runtime = await serveParts(other, { runtime: { host: '127.0.0.1', port } }, { gatewayUrl: urls.gateway });
  });
  return [here, apart];
}

const call = (id: string, k: unknown): Reply => ({ calls: [{ id, name: 'see', arguments: { k } }] });
const raw = (args: string, finish: string): Reply => ({
  body: JSON.stringify({
    choices: [
      {
        finish_reason: finish,
        message: {
          role: 'assistant',
          content: '',
          tool_calls: [{ id: 'c1', type: 'function', function: { name: 'see', arguments: args } }],
        },
      },
    ],
    usage: { prompt_tokens: 1, completion_tokens: 1 },
  }),
});
const shown = () => ({
  content: [
    { type: 'text', text: 'a point' },
    { type: 'image', data: image, mimeType: 'image/png' },
  ],
});

test('a picture that a tool gives is shown to the model, also after a runtime was started anew', async () => {
  await using tools = await plainServer({ tools: () => ['see'], result: shown });
  const [here, apart] = await inBothWays(
    [call('a', 1), call('b', 2)],
    tools.url,
    '{name: see, require_approval: {on_reject: fail}}',
  );
  expect(JSON.stringify(here.at(-1)).split(image)).toHaveLength(3);
  expect(apart).toEqual(here);
});

test('an account without credit fails the step in the same words', async () => {
  const reply = { status: 429, error: { code: 'insufficient_quota', message: 'no money' } };
  const failure = async (url: string | undefined) => {
    const { run_id } = await json(await post(`${url}/invoke/look?wait=60s`, {}));
    const { run } = await json(await fetch(`${url}/runs/${run_id}`));
    return { error: run.error, code: run.code };
  };
  await using tools = await plainServer({ tools: () => ['see'] });
  const one = await project([reply], tools.url, '"*"');
  const here = await failure((await serveParts(one, { orchestrator: free })).urls.orchestrator);
  const other = await project([reply], tools.url, '"*"');
  const { urls } = await serveParts(other, { gateway: free });
  const runtime = await serveParts(other, { runtime: free }, { gatewayUrl: urls.gateway });
  const orchestrator = await serveParts(other, { orchestrator: free }, { runtimeUrl: runtime.urls.runtime });
  expect(here).toMatchObject({
    code: 'budget_exceeded',
    error: expect.stringMatching(/^gateway error budget_exceeded/),
  });
  expect(await failure(orchestrator.urls.orchestrator)).toEqual(here);
});

test.each<[string, readonly Reply[], number]>([
  ['arguments that are no JSON', [raw('{"k":', 'tool_calls')], 0],
  ['a call in an answer that was cut off', [raw('{"k":1}', 'length')], 0],
  ['a number with too many digits', [raw('{"k":12345678901234567890}', 'tool_calls')], 0],
  ['a call that the tool says has failed', [call('a', 1)], 1],
])('the model is told the same of %s', async (_, replies, calls) => {
  const failing = () => ({ content: [{ type: 'text', text: 'no' }], isError: true });
  await using tools = await plainServer({ tools: () => ['see'], result: failing });
  const [here, apart] = await inBothWays(replies, tools.url);
  expect(apart).toEqual(here);
  expect(tools.methods.filter((method) => method === 'tools/call')).toHaveLength(2 * calls);
});
