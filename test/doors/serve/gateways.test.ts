/** Which gateway an orchestrator asks, when it does the agents itself: one for all of its workflows, here or elsewhere. */
import { expect, test } from 'vitest';
import type { ServeOptions } from '../../../src/doors/http/serve/components.ts';
import { free, serveParts } from './parts.ts';
import { canary, testProject, type TestProject } from './project.ts';

const answered = () => ({ content: '{"answer":"done"}' });
/** What the orchestrator knows: no key of a model. */
const keyless = { TROUPE_EGRESS_ALLOW: '127.0.0.1' };

function serving(project: TestProject) {
  const said: string[] = [];
  const part = async (components: ServeOptions['components'], more: Partial<ServeOptions> = {}) =>
    (await serveParts(project, components, { say: (line) => void said.push(line), ...more })).urls;
  const invoke = async (url: string | undefined, workflow: string) => {
    const response = await fetch(`${url}/invoke/${workflow}?wait=60s`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"topic":"actors"}',
    });
    return [await response.text(), ...said].join('\n');
  };
  return { part, invoke };
}

test('an orchestrator that is told of a gateway asks that one, and needs no key of a model', async () => {
  await using project = await testProject(answered);
  const { part, invoke } = serving(project);
  const { gateway } = await part({ gateway: free });
  const { orchestrator } = await part(
    { orchestrator: free },
    { gatewayUrl: gateway, project: { projectDir: project.folder, env: keyless } },
  );
  expect(await invoke(orchestrator, 'outer')).toContain('"status":"complete"');
  expect(project.model.asked[0]?.authorization).toContain(canary);
});

test('an orchestrator whose agents work in a runtime needs no key of a model', async () => {
  await using project = await testProject(answered);
  const { part, invoke } = serving(project);
  const { gateway } = await part({ gateway: free });
  const { runtime } = await part({ runtime: free }, { gatewayUrl: gateway });
  const { orchestrator } = await part(
    { orchestrator: free },
    { runtimeUrl: runtime, project: { projectDir: project.folder, env: keyless } },
  );
  expect(await invoke(orchestrator, 'ask')).toContain('"status":"complete"');
});

test('the models of a group take turns in all runs of all workflows', async () => {
  await using project = await testProject(answered);
  project.file(
    'gateway.yaml',
    `providers: [{name: local, type: openai, config: {base_url: "${project.model.url}", api_key: k}}]
model_groups: [{name: small, models: [local/m1, local/m2, local/m3]}]
`,
  );
  const { part, invoke } = serving(project);
  const { orchestrator } = await part({ orchestrator: free });
  for (const workflow of ['ask', 'outer', 'ask', 'ask'])
    expect(await invoke(orchestrator, workflow)).toContain('"status":"complete"');
  expect(project.model.models).toEqual(['m1', 'm2', 'm3', 'm1']);
});

test('a gateway file that was changed holds for the next run', async () => {
  await using project = await testProject(answered);
  const write = (model: string) =>
    project.file(
      'gateway.yaml',
      `providers: [{name: local, type: openai, config: {base_url: "${project.model.url}", api_key: k}}]
model_groups: [{name: small, models: [local/${model}]}]
`,
    );
  write('m1');
  const { part, invoke } = serving(project);
  const { orchestrator } = await part({ orchestrator: free });
  await invoke(orchestrator, 'ask');
  write('another');
  await invoke(orchestrator, 'ask');
  expect(project.model.models).toEqual(['m1', 'another']);
});

test.each([
  ['in the same process', false],
  ['elsewhere', true],
])('what attempts have used that failed is counted, with a gateway %s', async (_, apart) => {
  await using project = await testProject(() => ({ status: 500 }));
  const { part, invoke } = serving(project);
  const { gateway } = apart ? await part({ gateway: free }) : {};
  const { orchestrator } = await part({ orchestrator: free }, gateway === undefined ? {} : { gatewayUrl: gateway });
  const said = await invoke(orchestrator, 'ask');
  expect(said).toContain('"status":"failed"');
  // What this begins with is the answer, one JSON text on one line.
  const { run_id } = JSON.parse(said.split('\n')[0] ?? '') as { run_id: string };
  const { totals } = (await (await fetch(`${orchestrator}/runs/${run_id}/envelope`)).json()) as {
    totals: Record<string, number>;
  };
  // The provider had read the request, and may charge for it.
  expect(totals['tokens_in']).toBeGreaterThan(0);
  expect(totals['cost_usd']).toBeGreaterThan(0);
});

test.each([
  ['in the orchestrator', false],
  ['in a runtime', true],
])(
  'no call of a model begins that could cost more than is left, with a gateway elsewhere and agents %s',
  async (_, apart) => {
    await using project = await testProject(answered);
    project.file(
      'gateway.yaml',
      `providers: [{name: local, type: openai, config: {base_url: "${project.model.url}", api_key: k}}]
model_groups: [{name: small, models: [local/m1], pricing: [{model: m1, input_per_million: 1, output_per_million: 1000000}]}]
`,
    );
    const policy = (usd: number) =>
      `model_policy: {cost_budget_usd: ${usd}}\npipeline: [{id: a, agent: agents/writer.agent.yaml, params: {topic: x}}]\n`;
    project.file('workflows/poor.workflow.yaml', policy(1));
    project.file('workflows/rich.workflow.yaml', policy(2_000));
    const { part, invoke } = serving(project);
    const { gateway } = await part({ gateway: free });
    const { runtime } = apart ? await part({ runtime: free }, { gatewayUrl: gateway }) : {};
    const { orchestrator } = await part(
      { orchestrator: free },
      apart ? { runtimeUrl: runtime } : { gatewayUrl: gateway },
    );
    expect(await invoke(orchestrator, 'poor')).toMatch(/"code":"budget_exceeded"/);
    expect(project.model.asked).toEqual([]);
    expect(await invoke(orchestrator, 'rich')).toContain('"status":"complete"');
  },
);
