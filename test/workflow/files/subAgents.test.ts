/** Agents that call other agents: what is wrong with them is found before anything runs, and they are shown with the workflow. */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadProject } from '../../../src/workflow/files/project/project.ts';
import { workflowNamed } from '../../../src/workflow/files/project/load.ts';
import { mermaidGraphs } from '../../../src/workflow/files/report/graph.ts';
import { treeText, workflowTree } from '../../../src/workflow/files/report/tree.ts';
import { collectProject, validateProject } from '../../../src/workflow/files/report/validate.ts';
import { everythingWrong, project, workflow, written, type Files } from './written.ts';

const agent = (name: string, ...more: readonly string[]) =>
  [
    `name: ${name}`,
    'model: standard',
    `description: Does ${name}.`,
    'prompt: {system: You act.}',
    'output: {schema: {type: object, properties: {text: {type: string}}}}',
    ...more,
    '',
  ].join('\n');
const desk = (allow: string, path = 'desk') =>
  `servers: [{name: ${path}, path: ../servers/${path}.server.yaml, access: {allowlist: [${allow}]}}]`;
const calls = (...names: readonly string[]) => `sub_agents: [${names.map((name) => `${name}.agent.yaml`).join(', ')}]`;
const secret = (more = '') =>
  `params: {schema: {type: object, required: [key], properties: {key: {type: string${more}}}}}`;

const files = (agents: Readonly<Record<string, readonly string[]>>): Files => ({
  'workflows/w.workflow.yaml': workflow('  - {id: s, agent: ../agents/a.agent.yaml}\n'),
  'servers/desk.server.yaml': 'name: desk\nurl: http://desk/mcp\n',
  // The same server under another name.
  'servers/shop.server.yaml': 'name: shop\nurl: http://DESK:80/mcp\n',
  'servers/bank.server.yaml': 'name: bank\nurl: http://bank/mcp\n',
  ...Object.fromEntries(
    Object.entries(agents).map(([name, more]) => [`agents/${name}.agent.yaml`, agent(name, ...more)]),
  ),
});

test.each<[string, Readonly<Record<string, readonly string[]>>, string]>([
  [
    'a file that is not there',
    { a: [calls('b')] },
    'agents/a.agent.yaml:6 error There is no file "b.agent.yaml" beside this file',
  ],
  [
    'a server that its caller does not have',
    { a: [calls('b')], b: [desk('x', 'bank')] },
    'agents/a.agent.yaml:6 error The sub-agent "b" uses the server "bank", which this agent does not have: add it to "servers", with the tools that both may call.',
  ],
  [
    'no tool that its caller may call as well',
    { a: [calls('b'), desk('"read-*"')], b: [desk('write, "rea"')] },
    'agents/a.agent.yaml:6 error The sub-agent "b" may call no tool of the server "desk": the allowlists of both agents have none in common.',
  ],
  [
    'sub-agents for which nothing is left',
    { a: [calls('b'), desk('x')], b: [calls('c'), desk('"*"')], c: [desk('y')] },
    'agents/a.agent.yaml:6 error The sub-agent "c" may call no tool of the server "desk"',
  ],
  ['itself', { a: [calls('a')] }, 'agents/a.agent.yaml:6 error These agents call each other in a cycle: a -> a.'],
  [
    'an agent that calls it',
    { a: [calls('b')], b: [calls('c')], c: [calls('a')] },
    'agents/a.agent.yaml:6 error These agents call each other in a cycle: a -> b -> c -> a.',
  ],
  [
    'the name of a tool',
    { a: [calls('b'), desk('b, c')], b: [] },
    'agents/a.agent.yaml:6 error The server "desk" has a tool "b" as well: give the sub-agent another "name".',
  ],
  [
    'a secret that its caller does not have',
    { a: [calls('b')], b: [secret(', secret: true')] },
    'agents/a.agent.yaml:6 error The sub-agent "b" needs the secret parameter "key", which no model may give: add a parameter "key" with "secret: true" to this agent, and its value is passed on.',
  ],
])('a sub-agent with %s', async (_, agents, problem) => {
  expect((await everythingWrong(files(agents))).join('\n')).toContain(problem);
});

test('two sub-agents whose names are one name for models are told apart by nobody', async () => {
  const all = files({ a: [calls('b', 'c')], b: [], c: [] });
  const named = (text: string | undefined, name: string) => (text ?? '').replace(/name: .*/, `name: "${name}"`);
  expect(
    await everythingWrong({
      ...all,
      'agents/b.agent.yaml': named(all['agents/b.agent.yaml'], 'the one'),
      'agents/c.agent.yaml': named(all['agents/c.agent.yaml'], 'the.one'),
    }),
  ).toEqual([
    'agents/a.agent.yaml:6 error There is a sub-agent with the tool name "the_one" already: give one of them another "name".',
  ]);
});

test('without a description a model is not told what a sub-agent is for', async () => {
  const all = files({ a: [calls('b')], b: [] });
  const silent = (all['agents/b.agent.yaml'] ?? '').replace(/description: .*\n/, '');
  expect(await everythingWrong({ ...all, 'agents/b.agent.yaml': silent })).toEqual([
    'agents/a.agent.yaml:6 warning The agent "b" has no description: the model is not told what it is for.',
  ]);
});

test('agents call each other eight levels deep, and no deeper', async () => {
  const names = 'abcdefghijklm'.split('');
  const chain = (length: number) =>
    files(
      Object.fromEntries(
        names.slice(0, length).map((name, at) => [name, at + 1 < length ? [calls(names[at + 1] ?? '')] : []]),
      ),
    );
  expect(await everythingWrong(chain(9))).toEqual([]);
  expect((await everythingWrong(chain(10)))[0]).toBe(
    'agents/a.agent.yaml:6 error Agents call each other at most 8 levels deep, and here are more: take a level out.',
  );
});

test.each<[string, string, readonly string[]]>([
  ['"*"', '"*"', ['*']],
  ['"read-*", x', '"*"', ['read-*', 'x']],
  ['"*"', '"read-*", x', ['read-*', 'x']],
  ['"read-*"', '"read-a*", read-b, write', ['read-a*', 'read-b']],
  ['x, y', 'y, z', ['y']],
])('of what its caller may call, %s, a sub-agent with %s has what both have', async (granted, own, common) => {
  const folder = written(files({ a: [calls('b'), desk(granted)], b: [desk(own, 'shop')] }));
  const { definition } = await workflowNamed(await loadProject({ projectDir: folder, env: {} }), 'w');
  const [step] = definition?.steps ?? [];
  const [sub] = (step?.kind === 'agent' ? step.agent.subAgents : undefined) ?? [];
  expect(sub?.agent.servers.flatMap(({ allow }) => allow.map(({ pattern }) => pattern))).toEqual(common);
});

test('what either has a person agree to needs it, by the rule of the sub-agent where it has one', async () => {
  const asks = (name: string, rule: string) => `{name: "${name}", require_approval: {on_reject: ${rule}}}`;
  const folder = written(
    files({ a: [calls('b'), desk(`"*", ${asks('p*', 'fail')}`)], b: [desk(`pay, ${asks('put', 'recover')}, get`)] }),
  );
  const { definition } = await workflowNamed(await loadProject({ projectDir: folder, env: {} }), 'w');
  const [step] = definition?.steps ?? [];
  const [sub] = (step?.kind === 'agent' ? step.agent.subAgents : undefined) ?? [];
  const rules = sub?.agent.servers.flatMap(({ allow }) =>
    allow.flatMap(({ pattern, approval }) => (approval ? [`${pattern} ${approval.onReject}`] : [])),
  );
  expect([...new Set(rules)]).toEqual(['pay fail', 'put recover']);
});

test('a wrong sub-agent fails the step of its caller when files are taken leniently', async () => {
  const folder = written(files({ a: [calls('b')], b: [calls('a'), desk('x', 'bank')] }));
  const { definition } = await workflowNamed(await loadProject({ projectDir: folder, env: {} }), 'w', {
    lenient: true,
  });
  expect(definition?.steps[0]?.problem).toMatch(
    /a\.agent\.yaml:6:14: These agents call each other in a cycle: a -> b -> a\..*\n.*b\.agent\.yaml:6:14: /,
  );
});

test('a model group of a sub-agent that the gateway does not have is told', async () => {
  const all = files({ a: [calls('b')], b: [] });
  const other = (all['agents/b.agent.yaml'] ?? '').replace('model: standard', 'model: smal');
  const gateway = 'providers: []\nmodel_groups: [{name: standard, models: [p/m]}, {name: small, models: [p/m]}]\n';
  expect(
    (await everythingWrong({ ...all, 'agents/b.agent.yaml': other, 'gateway.yaml': gateway })).join('\n'),
  ).toContain('workflows/w.workflow.yaml:3 error gateway.yaml has no model group "smal". Did you mean "small"?');
});

test('the tree and the graph show sub-agents with their servers', async () => {
  const opened = await project(files({ a: [calls('b'), desk('x')], b: [calls('c'), desk('x')], c: [] }));
  expect(treeText(await workflowTree(opened, join(opened.dir, 'workflows/w.workflow.yaml')))).toBe(
    [
      'w.workflow.yaml [workflow]',
      '└─ a.agent.yaml [agent]',
      '   ├─ desk.server.yaml [server]',
      '   └─ b.agent.yaml [agent]',
      '      ├─ desk.server.yaml [server]',
      '      └─ c.agent.yaml [agent]',
      '',
    ].join('\n'),
  );
  const graph = mermaidGraphs(await collectProject(opened), await validateProject(opened));
  const edges = graph.split('\n').filter((line) => line.includes('-.->'));
  expect(edges).toHaveLength(5);
  expect(graph).toContain('["c.agent.yaml [agent-file]"]');
});

test('the tree of agents that call each other in a cycle ends', async () => {
  const opened = await project(files({ a: [calls('b')], b: [calls('a')] }));
  expect(treeText(await workflowTree(opened, join(opened.dir, 'workflows/w.workflow.yaml')))).toContain(
    '      └─ a.agent.yaml [agent] (a cycle)',
  );
});
