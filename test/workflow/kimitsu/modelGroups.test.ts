/** Model groups that a workflow replaces: once, in its sub-workflows too, and wherever its agents work. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { everythingWrong, type Files } from '../files/written.ts';
import { startDoubles, type Doubles } from './doubles.ts';
import { playOwn, scriptedAgent, steps } from './own.ts';

let doubles: Doubles;
beforeAll(async () => void (doubles = await startDoubles()));
afterAll(() => doubles[Symbol.asyncDispose]());

const gateway = `providers:
  - {name: mock, type: openai, config: {base_url: "http://localhost:6160/v1", api_key: provider-key}}
model_groups:
${['standard', 'cheap', 'best'].map((name) => `  - {name: ${name}, models: [mock/${name}]}\n`).join('')}`;
const one = '  - {id: s, agent: agents/a.agent.yaml}\n';
const project = (policy: string, pipeline = one, more: Files = {}): Files => ({
  'gateway.yaml': gateway,
  'agents/a.agent.yaml': scriptedAgent(['{"ok":true}']),
  ...steps(pipeline, `model_policy: ${policy}\n`),
  ...more,
});
const sub = (policy: string, group = ''): Files => ({
  'workflows/sub.workflow.yaml': `kind: workflow\nvisibility: sub-workflow\nmodel_policy: ${policy}\npipeline: [{id: a, agent: agents/a.agent.yaml${group}}]\n`,
});
const callsSub = '  - {id: s, workflow: ./sub.workflow.yaml}\n';
const asked = async (files: Files) => (await playOwn(files, doubles)).models.map(({ model }) => model);

test.each([
  ['one by name', '{group_map: {standard: cheap}}', 'cheap'],
  ['one by name, and not what it is replaced by', '{group_map: {standard: cheap, cheap: best}}', 'cheap'],
  ['all of them', '{force_group: best, group_map: {standard: cheap, best: cheap}}', 'best'],
])('a workflow replaces %s', async (_, policy, model) => {
  expect(await asked(project(policy))).toEqual([model]);
});

test.each([
  ['by name', '{group_map: {standard: cheap}}', '{}', '', 'cheap'],
  ['all', '{force_group: best}', '{force_group: cheap}', '', 'best'],
  ['what the sub-workflow has put there', '{group_map: {cheap: best}}', '{group_map: {standard: cheap}}', '', 'best'],
  ['what the sub-workflow forces', '{group_map: {cheap: best}}', '{force_group: cheap}', '', 'best'],
  ['what only the sub-workflow names', '{group_map: {house: best}}', '{}', ', model: {group: house}', 'best'],
])('a root replaces groups of its sub-workflows, too: %s', async (_, policy, own, group, model) => {
  expect(await asked(project(policy, callsSub, sub(own, group)))).toEqual([model]);
});

test('a group that there is not fails the step that would use it, and not the invocation', async () => {
  const played = await playOwn(project('{force_group: chep}'), doubles);
  expect(played).toMatchObject({ http: 202, steps: { s: { status: 'failed', code: 'unknown_group' } } });
  expect(played.failure?.message).toMatch(/"chep" is not declared in .*gateway.yaml\. Did you mean "cheap"/);
});

test('validation names a group that there is not where it is written, once', async () => {
  const policy = '{force_group: chep, group_map: {a: nope, b: best}}';
  expect(await everythingWrong(project(policy))).toEqual([
    'workflows/w.workflow.yaml:3 error gateway.yaml has no model group "chep". Did you mean "cheap"?',
    'workflows/w.workflow.yaml:3 error gateway.yaml has no model group "nope".',
  ]);
});

test('a sub-workflow may name groups that another workflow replaces', async () => {
  const house = sub('{}', ', model: {group: house}');
  expect(await everythingWrong(project('{group_map: {house: best}}', callsSub, house))).toEqual([]);
  expect(await everythingWrong(project('{}', callsSub, house))).toEqual([
    'workflows/sub.workflow.yaml:4 error gateway.yaml has no model group "house".',
  ]);
});
