/** Webhooks with `on: approval`: they say what waits for a person and where it is decided, wherever the agent works and however deep its step is. */
import { expect, test } from 'vitest';
import type { ServeOptions } from '../../../src/doors/http/serve/components.ts';
import { plainServer } from '../../mcp/sessions/plainServer.ts';
import { free, serveParts } from './parts.ts';
import { canary, testProject, toolProject, type TestProject } from './project.ts';

/** The URL of an orchestrator, which does the agents itself or not. */
async function orchestratorOf(project: TestProject, isApart: boolean): Promise<string> {
  const part = async (components: ServeOptions['components'], more: Partial<ServeOptions> = {}) =>
    (await serveParts(project, components, more)).urls;
  if (!isApart) return (await part({ orchestrator: free })).orchestrator ?? '';
  const { gateway } = await part({ gateway: free });
  const { runtime } = await part({ runtime: free }, { gatewayUrl: gateway });
  return (await part({ orchestrator: free }, { runtimeUrl: runtime, gatewayUrl: gateway })).orchestrator ?? '';
}

const json = async (response: Response) => JSON.parse(await response.text());
const post = (url: string, body: unknown) =>
  fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });

test.each([
  ['here', false, 'clean', '', 'clean'],
  ['in a runtime', true, 'clean', '', 'clean'],
  ['here, in a sub-workflow of a fan-out', false, 'outside', '/each.0/inside', 'clean.0'],
  ['in a runtime, in a sub-workflow of a fan-out', true, 'outside', '/each.0/inside', 'clean.0'],
])('a call of an agent %s is told of, and decided with what was told', async (_, isApart, workflow, path, step) => {
  await using tools = await plainServer({ tools: () => ['delete_it'] });
  await using project = await toolProject(tools.url, 'fail');
  const told = `  - {id: told, on: approval, depends_on: [clean], webhook: {url: "${project.hooks.url}/told", body: {more: 1}}}\n`;
  const clean = 'id: clean, agent: agents/cleaner.agent.yaml, params: {key: "KEY"}';
  const secret = '{type: object, required: [key], properties: {key: {type: string, secret: true}}}';
  const sub = (pipeline: string) =>
    `visibility: sub-workflow\nwebhooks: execute\nparams: {schema: ${secret}}\npipeline:\n${pipeline}`;
  const head = 'env: [{name: HOOK_SECRET, secret: true}]\npipeline:\n';
  const own = clean.replace('KEY', '{{ env.HOOK_SECRET }}');
  const passed = clean.replace('KEY', '{{ params.key }}');
  project.file('workflows/clean.workflow.yaml', `${head}  - {${own}}\n${told}`);
  project.file(
    'workflows/outside.workflow.yaml',
    `${head}  - {id: each, workflow: ./between.workflow.yaml, webhooks: execute, params: {key: "{{ env.HOOK_SECRET }}"}, for_each: {from: "[\`1\`]"}}\n`,
  );
  project.file(
    'workflows/between.workflow.yaml',
    sub('  - {id: inside, workflow: ./deep.workflow.yaml, webhooks: execute, params: {key: "{{ params.key }}"}}\n'),
  );
  project.file('workflows/deep.workflow.yaml', sub(`  - {${passed}, for_each: {from: "[\`1\`]"}}\n${told}`));

  const url = await orchestratorOf(project, isApart);
  const { run_id } = await json(await post(`${url}/invoke/${workflow}`, {}));
  await project.hooks.until(1);
  const [{ body } = { body: '{}' }] = project.hooks.received;
  const notice = JSON.parse(body);
  expect(notice).toEqual({
    run_id: `${run_id}${path}`,
    step_id: step,
    tool_name: 'delete_it',
    tool_use_id: 'c0',
    arguments: { path: '/tmp', call: 1 },
    status: 'pending',
  });
  expect(body).not.toContain(canary);
  const decided = `${url}/runs/${encodeURIComponent(notice.run_id)}/steps/${notice.step_id}/approval/decide`;
  expect((await post(decided, { decision: 'approved' })).status).toBe(200);
  const status = async () => (await json(await fetch(`${url}/runs/${run_id}`))).run.status;
  await expect.poll(status, { timeout: 30_000 }).toBe('complete');
  expect(project.hooks.received).toHaveLength(1);
});

test('a call of an agent that another one calls like a tool is told of and decided as one of the step', async () => {
  await using tools = await plainServer({ tools: () => ['delete_it'] });
  const said = [
    { calls: [{ id: 'b0', name: 'cleaner', arguments: {} }] },
    { calls: [{ id: 'c0', name: 'delete_it', arguments: { path: '/tmp' } }] },
    { content: '{"answer":"cleaned"}' },
    { content: '{"answer":"all done"}' },
  ];
  await using project = await testProject((_, nth) => said[nth] ?? { content: '' });
  const agent = (name: string, more: string, rule = '') =>
    `name: ${name}\nmodel: small\ndescription: Cleans.\nprompt: {system: You clean., user: Clean.}\noutput: {schema: {type: object, required: [answer], properties: {answer: {type: string}}}}\nservers: [{path: ../servers/files.server.yaml, access: {allowlist: [{name: delete_it${rule}}]}}]\n${more}`;
  project.file('servers/files.server.yaml', `name: files\nurl: "${tools.url}"\n`);
  project.file('agents/cleaner.agent.yaml', agent('cleaner', '', ', require_approval: {}'));
  project.file('agents/boss.agent.yaml', agent('boss', 'sub_agents: [cleaner.agent.yaml]\n'));
  const steps = `  - {id: clean, agent: agents/boss.agent.yaml, for_each: {from: "[\`1\`]"}}\n  - {id: told, on: approval, depends_on: [clean], webhook: {url: "${project.hooks.url}/told"}}\n`;
  project.file('workflows/inner.workflow.yaml', `visibility: sub-workflow\nwebhooks: execute\npipeline:\n${steps}`);
  project.file(
    'workflows/clean.workflow.yaml',
    'pipeline:\n  - {id: inside, workflow: ./inner.workflow.yaml, webhooks: execute}\n',
  );
  const url = await orchestratorOf(project, false);
  const { run_id } = await json(await post(`${url}/invoke/clean`, {}));
  await project.hooks.until(1);
  const place = { run_id: `${run_id}/inside`, step_id: 'clean.0', tool_name: 'delete_it', tool_use_id: 'c0' };
  expect(JSON.parse(project.hooks.received[0]?.body ?? '{}')).toMatchObject(place);
  expect(await json(await fetch(`${url}/approvals`))).toMatchObject([place]);
  const decided = `${url}/runs/${encodeURIComponent(place.run_id)}/steps/clean.0/approval/decide`;
  expect((await post(decided, { decision: 'approved' })).status).toBe(200);
  const status = async () => (await json(await fetch(`${url}/runs/${run_id}`))).run.status;
  await expect.poll(status, { timeout: 30_000 }).toBe('complete');
});
