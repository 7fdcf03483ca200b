/** `troupe run`, `runs` and `graph` with a workflow in YAML. */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openRuntime } from '../../src/runtime/runtime.ts';
import { run, workflow } from '../../src/index.ts';
import { broken, names, workflowFolder } from './workflowCli.ts';

test('a workflow is run from its file, each step has a line of progress, and its result is the output', async () => {
  const { troupe } = workflowFolder({ 'names.workflow.yaml': names });
  const { code, out, err } = await troupe('run', 'names.workflow.yaml', '--input', '{"names":["Ada","Bo"]}');
  expect([code, err]).toEqual([0, expect.stringContaining('names  step wrap is complete') as string]);
  expect(err).toContain('names  step count is complete');
  expect(JSON.parse(out)).toEqual({ result: [{ list: ['Ada', 'Bo'], count: 2 }] });
});

test('a program runs a workflow: run(await workflow(file), params)', async () => {
  const { dir } = workflowFolder({ 'names.workflow.yaml': names });
  const subject = await workflow(join(dir, 'names.workflow.yaml'));
  expect(subject.name).toBe('names');
  expect(await run(subject, { names: ['Ada'] }, { db: 'memory' })).toEqual({ result: [{ list: ['Ada'], count: 1 }] });
});

test('parameters that do not fit are refused with exit code 2, and nothing is stored', async () => {
  const { troupe, dir } = workflowFolder({ 'names.workflow.yaml': names });
  const { code, err } = await troupe('run', 'names.workflow.yaml', '--input', '{"names":7}');
  expect([code, err]).toEqual([
    2,
    expect.stringMatching(/parameters of the workflow "names" do not fit.*names/s) as string,
  ]);
  await using runtime = await openRuntime({ db: join(dir, 'troupe.db') });
  expect(await runtime.journal.find({})).toEqual([]);
});

test('a broken workflow prints every problem with file, line and column, ends with exit code 2, and nothing is stored', async () => {
  const { troupe, dir } = workflowFolder({ 'broken.workflow.yaml': broken });
  const { code, out, err } = await troupe('run', 'broken.workflow.yaml');
  expect([code, out]).toEqual([2, '']);
  expect(err).toContain(
    `${join(dir, 'broken.workflow.yaml')}:4:5: There is no key "transfrom" here; did you mean "transform"?`,
  );
  expect(err.match(/broken\.workflow\.yaml:\d+:\d+: /g)?.length).toBeGreaterThan(1);
  expect(err).not.toContain('    at ');
});

test.each([
  ['gone.workflow.yaml', 'There is no file gone.workflow.yaml'],
  ['steps.yaml', 'the name of one ends with .workflow.yaml'],
])('troupe run %s says: %s', async (file, says) => {
  const { troupe } = workflowFolder({ 'steps.yaml': names });
  expect(await troupe('run', file)).toMatchObject({ code: 2, err: expect.stringContaining(says) as string });
});

test('options for workflows are refused for other files, and --file for a workflow', async () => {
  const { troupe } = workflowFolder({ 'names.workflow.yaml': names, 'team.ts': 'export default 1;' });
  expect((await troupe('run', 'team.ts', '--env', 'x.env.yaml')).err).toContain('--env is for workflows');
  expect(await troupe('run', 'names.workflow.yaml', '--file', 'a.png', '--input', '{"names":[]}')).toMatchObject({
    code: 2,
    err: expect.stringContaining('a workflow takes parameters') as string,
  });
});

const asks = `kind: workflow
env: [{name: WHO, default: nobody}]
pipeline:
  - {id: ask, wait: {question: "Is {{ env.WHO }} right?", schema: {type: object}}}
  - {id: after, depends_on: [ask], transform: {inputs: [{from: ask}], ops: [{map: {expr: "ok"}}]}}
`;

test('a workflow that waits for a person ends with exit code 3, and goes on with runs resume, in its environment', async () => {
  const { troupe } = workflowFolder({ 'asks.workflow.yaml': asks, 'test.env.yaml': 'variables: {WHO: Ada}\n' });
  const first = await troupe('run', 'asks.workflow.yaml', '--key', 'job', '--env', 'test.env.yaml');
  expect([first.code, first.err]).toEqual([3, expect.stringContaining('Is Ada right?') as string]);
  const [ticket = ''] = /wait\/\S+/.exec(first.err) ?? [];
  expect((await troupe('waits', 'answer', ticket, '--answer', '{"ok":true}')).code).toBe(0);
  const second = await troupe('runs', 'resume', 'job');
  expect([second.code, JSON.parse(second.out)]).toEqual([0, { result: [true] }]);
  expect((await troupe('runs', 'get', 'job')).out).toMatch(/STEP +STATUS[\s\S]*ask +complete[\s\S]*after +complete/);
  expect(JSON.parse((await troupe('runs', 'get', 'job', '--json')).out)).toMatchObject({
    steps: [{ id: 'ask' }, { id: 'after' }],
  });
});

test('a run that failed goes on with runs retry when its file was corrected', async () => {
  const fails = (text: string) => `kind: workflow
pipeline:
  - {id: a, transform: {inputs: [{from: params}], ops: [{map: {expr: "n"}}]}}
  - {id: b, transform: {inputs: [{from: a}], ops: [{map: {expr: "${text}"}}]}}
`;
  const { troupe, file } = workflowFolder({ 'f.workflow.yaml': fails('abs(`\\"x\\"`)') });
  const first = await troupe('run', 'f.workflow.yaml', '--key', 'job', '--input', '{"n":4}');
  expect([first.code, first.err]).toEqual([1, expect.stringContaining('troupe runs retry job') as string]);
  file('f.workflow.yaml', fails('result'));
  const second = await troupe('runs', 'retry', 'job');
  expect(second).toMatchObject({ code: 0 });
  expect(JSON.parse(second.out)).toEqual({ result: [[4]] });
});

test('troupe graph draws the steps of a workflow, and troupe check says how a workflow is checked', async () => {
  const { troupe } = workflowFolder({ 'names.workflow.yaml': names });
  const { code, out } = await troupe('graph', 'names.workflow.yaml');
  expect([code, out]).toEqual([0, expect.stringContaining('n_wrap --> n_count') as string]);
  expect(await troupe('check', 'names.workflow.yaml')).toMatchObject({
    code: 2,
    err: expect.stringContaining('troupe workflow validate') as string,
  });
});
