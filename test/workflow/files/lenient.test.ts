/** Workflows with faults that are run all the same: what is wrong in a step is known to that step, what is wrong in the whole to the whole. */
import { expect, test } from 'vitest';
import { workflowNamed } from '../../../src/workflow/files/project/load.ts';
import { agent, project, workflow, type Files } from './written.ts';

const lenient = async (files: Files) => (await workflowNamed(await project(files), 'w', { lenient: true })).definition;
const hook = (id: string, more = '') => `  - {id: ${id}, webhook: {url: "https://example.com/x"}${more}}\n`;
const problemsOfSteps = async (files: Files) =>
  Object.fromEntries((await lenient(files))?.steps.map(({ id, problem }) => [id, problem]) ?? []);

test.each<[string, string, RegExp, Files]>([
  [
    'an agent file that is not there',
    '  - {id: bad, agent: agents/no.agent.yaml}\n',
    /w\.workflow\.yaml:4:\d+: There is no file/,
    {},
  ],
  [
    'an operation that there is not',
    '  - {id: bad, transform: {ops: [{set: {}}]}}\n',
    /:4:\d+: There is no operation "set"/,
    {},
  ],
  [
    'two operations in one entry',
    '  - {id: bad, transform: {ops: [{flatten: {}, map: {expr: a}}]}}\n',
    /:4:\d+: Expected a map with one key, the operation/,
    {},
  ],
  [
    'an entry without an operation',
    '  - {id: bad, transform: {ops: [{}]}}\n',
    /:4:\d+: Expected a map with one key/,
    {},
  ],
  [
    'an expression that cannot be read',
    hook('bad', ', condition: "a >"'),
    /:4:\d+: This expression cannot be read/,
    {},
  ],
  ['no work', '  - {id: bad}\n', /:4:5: The step "bad" does nothing/, {}],
  ['an unknown key in a step', hook('bad', ', colour: red'), /:4:\d+: There is no key "colour"/, {}],
  [
    'a fault in its agent file',
    '  - {id: bad, agent: agents/a.agent.yaml}\n',
    /a\.agent\.yaml:3:\d+: .*secret/,
    {
      'agents/a.agent.yaml':
        'model: standard\nparams: {schema: {properties: {k: {secret: true}}}}\nprompt: {system: You act., user: "{{ params.k }}"}\noutput: {schema: {type: object}}\n',
    },
  ],
  [
    'a fault in a server file of its agent',
    '  - {id: bad, agent: agents/a.agent.yaml}\n',
    /s\.server\.yaml:2:1: There is no key "uri"/,
    {
      'agents/a.agent.yaml': agent('servers: [{name: s, path: ../servers/s.server.yaml, access: {allowlist: ["*"]}}]'),
      'servers/s.server.yaml': 'name: s\nuri: http://example.com\n',
    },
  ],
  [
    'a sub-workflow that cannot be read',
    '  - {id: bad, workflow: ./sub.workflow.yaml}\n',
    /sub\.workflow\.yaml:1:\d+: /,
    { 'workflows/sub.workflow.yaml': 'pipeline: 5\n' },
  ],
])('%s belongs to the step', async (_, step, says, files) => {
  const all = { ...files, 'workflows/w.workflow.yaml': workflow(hook('good') + step) };
  const { good, bad } = await problemsOfSteps(all);
  expect(good).toBeUndefined();
  expect(bad).toMatch(says);
  expect((await lenient(all))?.problem).toBeUndefined();
});

test.each<[string, string, RegExp]>([
  ['two steps with one id', hook('a') + hook('a'), /:4:\d+: There is a step "a" already, in line 3/],
  ['a cycle', hook('a', ', depends_on: [b]') + hook('b', ', depends_on: [a]'), /cycle: a -> b -> a/],
  ['a dependency that there is not', hook('a', ', depends_on: [none]'), /no step "none" to depend on/],
  ['two kinds of work', hook('a', ', transform: {ops: []}'), /does one thing/],
])('%s belongs to the whole', async (_, steps, says) => {
  expect((await lenient({ 'workflows/w.workflow.yaml': workflow(steps) }))?.problem).toMatch(says);
});

test('the whole tells of the faults of its steps, too', async () => {
  const steps = hook('a') + hook('a', ', colour: red');
  const { problem } = (await lenient({ 'workflows/w.workflow.yaml': workflow(steps) })) ?? {};
  expect(problem).toMatch(/already[^]*colour/);
});

test('a fault of a sub-workflow belongs to the sub-workflow', async () => {
  const definition = await lenient({
    'workflows/sub.workflow.yaml': workflow(hook('x') + hook('x')),
    'workflows/w.workflow.yaml': workflow('  - {id: s, workflow: ./sub.workflow.yaml}\n'),
  });
  expect(definition?.problem).toBeUndefined();
  const [step] = definition?.steps ?? [];
  expect(step?.kind === 'workflow' ? step.workflow.problem : undefined).toMatch(/step "x" already/);
});

test('warnings fail nothing', async () => {
  const steps = '  - {id: t, transform: {inputs: [{from: none}], ops: []}, consolidation: merge}\n';
  const definition = await lenient({ 'workflows/w.workflow.yaml': workflow(steps) });
  expect(definition).toMatchObject({ steps: [{ id: 't', kind: 'transform' }] });
  expect(definition?.steps[0]?.problem).toBeUndefined();
});

test('without leniency there is no definition of a workflow with a fault in the whole', async () => {
  const files = { 'workflows/w.workflow.yaml': workflow(hook('a') + hook('a')) };
  expect((await workflowNamed(await project(files), 'w')).definition).toBeUndefined();
});
