/** `troupe workflow validate`, `tree`, `graph`, `schema`, `new` and `lock`. */
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { textStream } from '../observe/inspections.ts';
import { broken, names, workflowFolder } from './workflowCli.ts';

const written = { 'workflows/names.workflow.yaml': names };
const wrong = { ...written, 'workflows/broken.workflow.yaml': broken };

test.each(['validate', 'workflow validate'])(
  'troupe %s: a project without errors ends with exit code 0',
  async (line) => {
    const { troupe } = workflowFolder(written);
    const { code, out } = await troupe(...line.split(' '));
    expect([code, out]).toEqual([0, expect.stringContaining('OKAY  workflows/names.workflow.yaml') as string]);
  },
);

test('every error of a project is in one report, with its place, and the exit code is 1', async () => {
  const { troupe } = workflowFolder(wrong);
  const { code, out } = await troupe('validate', '.');
  expect(code).toBe(1);
  expect(out).toContain('FAIL  workflows/broken.workflow.yaml');
  expect(out).toContain('workflows/broken.workflow.yaml:4:5: There is no key "transfrom"');
  expect(out).toContain('workflows/broken.workflow.yaml:6:5: There is no key "depend_on"');
  expect(out).toContain('2 files, 1 with errors');
});

test.each(['validate', 'workflow lock', 'workflow lock --check'])(
  'troupe %s: a folder inside a project is refused, with the project, and so are workflows outside of their folder',
  async (line) => {
    const { dir, troupe } = workflowFolder({
      'p/workflows/broken.workflow.yaml': broken,
      'flat/names.workflow.yaml': names,
    });
    const inside = await troupe(...line.split(' '), 'p/workflows');
    expect(inside).toMatchObject({
      code: 2,
      err: expect.stringContaining(`of the project ${join(dir, 'p')}.`) as string,
    });
    const flat = await troupe(...line.split(' '), 'flat');
    expect(flat).toMatchObject({ code: 2, err: expect.stringContaining('--workflow-dir') as string });
  },
);

test('a lock of nothing is not written', async () => {
  const { dir, troupe } = workflowFolder({ 'notes.txt': 'none' });
  expect(await troupe('workflow', 'lock')).toMatchObject({
    code: 2,
    err: expect.stringContaining('nothing to lock') as string,
  });
  expect(existsSync(join(dir, 'workflows.lock.json'))).toBe(false);
});

test('the report is JSON with --json, and a graph with the broken file marked with --graph', async () => {
  const { troupe } = workflowFolder(wrong);
  const json = await troupe('validate', '--json');
  expect(json.code).toBe(1);
  expect(JSON.parse(json.out)).toMatchObject({ valid: false, files: expect.arrayContaining([]) as unknown });
  const graph = await troupe('validate', '--graph');
  expect([graph.code, graph.out]).toEqual([1, expect.stringContaining(':::failed') as string]);
  expect((await troupe('validate', '--graph', '--json')).code).toBe(2);
});

test('a report has colours on a terminal, and none with NO_COLOR or in a pipe', async () => {
  const { as } = workflowFolder(written);
  const report = async (env: Record<string, string>, isTTY: boolean) => {
    const out = Object.assign(textStream(), { isTTY });
    await as({ env, out }, 'validate');
    return out.text();
  };
  expect(await report({}, true)).toContain('\u001b[32mOKAY');
  expect(await report({ NO_COLOR: '1' }, true)).not.toContain('\u001b');
  expect(await report({}, false)).not.toContain('\u001b');
});

test('the folders of a project can be named, and one that is not there is refused', async () => {
  const { troupe } = workflowFolder({ 'p/flows/names.workflow.yaml': names });
  expect((await troupe('validate', 'p', '--workflow-dir', 'p/flows')).out).toContain('1 file, all valid');
  expect((await troupe('validate', '--project-dir', 'p')).out).toContain('There are no workflow files here.');
  for (const flags of [['gone'], ['p', '--workflow-dir', 'gone'], ['p', '--env', 'gone'], ['p', '--workspace', 'gone']])
    expect(await troupe('validate', ...flags)).toMatchObject({
      code: 2,
      err: expect.stringContaining('There is no') as string,
    });
});

test('the tree of a workflow shows what it uses, and a reference that leads nowhere fails', async () => {
  const { troupe, file } = workflowFolder({
    'workflows/a.workflow.yaml': 'kind: workflow\npipeline:\n  - {id: b, workflow: ./names.workflow.yaml}\n',
    ...written,
  });
  const whole = await troupe('workflow', 'tree', 'workflows/a.workflow.yaml');
  expect([whole.code, whole.out]).toEqual([0, 'a.workflow.yaml [workflow]\n└─ names.workflow.yaml [workflow]\n']);
  const json = await troupe('workflow', 'tree', 'workflows/a.workflow.yaml', '--json');
  expect(JSON.parse(json.out)).toMatchObject({ kind: 'workflow', children: [{ kind: 'workflow', children: [] }] });
  file('workflows/a.workflow.yaml', 'kind: workflow\npipeline:\n  - {id: b, workflow: ./gone.workflow.yaml}\n');
  expect((await troupe('workflow', 'tree', 'workflows/a.workflow.yaml')).code).toBe(1);
});

test('the graph of a run marks its steps: complete, skipped and failed; a step that never began has no mark', async () => {
  const { troupe } = workflowFolder({
    'x.workflow.yaml': `kind: workflow
pipeline:
  - {id: first, transform: {inputs: [{from: params}], ops: [{map: {expr: "n"}}]}}
  - {id: never, condition: "\`false\`", transform: {inputs: [{from: params}], ops: []}}
  - {id: bad, depends_on: [first], transform: {inputs: [{from: params}], ops: [{sort: {field: a}}]}}
  - {id: after, depends_on: [bad], transform: {inputs: [{from: params}], ops: []}}
`,
  });
  await troupe('run', 'x.workflow.yaml', '--key', 'job', '--input', '{"n":1}');
  const { code, out } = await troupe('workflow', 'graph', '--run', 'job');
  expect(code).toBe(0);
  for (const line of [
    'n_first["first [transform]"]:::complete',
    'n_never["never [transform]"]:::skipped',
    'n_bad["bad [transform]"]:::failed',
    'n_after["after [transform]"]',
    'classDef skipped',
  ])
    expect(out).toContain(line);
  expect(out).not.toContain('n_after["after [transform]"]:::');
  expect((await troupe('workflow', 'graph', 'x.workflow.yaml', '--run', 'job')).out).toBe(out);
  expect((await troupe('graph', 'x.workflow.yaml', '--run', 'job')).out).toBe(out);
  expect(await troupe('workflow', 'graph', '--run', 'gone')).toMatchObject({ code: 2 });
  expect(await troupe('workflow', 'graph')).toMatchObject({ code: 2 });
});

test('the graph of a workflow marks the step that is wrong', async () => {
  const { troupe } = workflowFolder({
    'x.workflow.yaml':
      'kind: workflow\npipeline:\n  - {id: bad, depends_on: [gone], transform: {inputs: [], ops: []}}\n',
  });
  expect((await troupe('workflow', 'graph', 'x.workflow.yaml')).out).toContain('n_bad["bad [transform]"]:::failed');
});

test('the schema of each kind of file is JSON Schema, and another kind is refused with those there are', async () => {
  const { troupe } = workflowFolder();
  const kinds = ['workflow', 'agent', 'server', 'servers', 'gateway', 'environment'];
  expect(Object.keys(JSON.parse((await troupe('workflow', 'schema')).out) as object)).toEqual(kinds);
  const { out } = await troupe('workflow', 'schema', 'agent');
  expect(JSON.parse(out)).toMatchObject({ $schema: expect.stringContaining('json-schema.org') as string });
  expect(await troupe('workflow', 'schema', 'agents')).toMatchObject({
    code: 2,
    err: expect.stringContaining('Allowed choices are workflow, agent') as string,
  });
});

test('a new project is valid, and runs without a key and without a network, with and without a model', async () => {
  const { troupe, dir } = workflowFolder();
  expect((await troupe('workflow', 'new', 'project', 'news')).err).toContain('Wrote news/gateway.yaml');
  for (const [kind, name] of [
    ['agent', 'editor'],
    ['server', 'feed'],
    ['workflow', 'other'],
  ] as const)
    expect((await troupe('workflow', 'new', kind, name, '--project-dir', 'news')).code).toBe(0);
  expect((await troupe('validate', 'news')).out).toContain('7 files, all valid\n');
  const run = (name: string, input: object) =>
    troupe('run', `news/workflows/${name}.workflow.yaml`, '--input', JSON.stringify(input));
  expect(JSON.parse((await run('hello', { name: 'Ada' })).out)).toEqual({ result: [{ greeting: 'Hello, Ada' }] });
  const written = await run('write', { topic: 'Actors.' });
  expect(JSON.parse(written.out)).toEqual({ text: 'Actors.' });
  // The agent is known by its step.
  expect(written.err).toContain('draft  asks its model');
  expect(existsSync(join(dir, 'news/agents/writer.agent.yaml'))).toBe(true);
});

test('what is there already is not replaced, and a name that leaves the folder is refused', async () => {
  const { troupe, dir } = workflowFolder({ 'workflows/a.workflow.yaml': 'mine' });
  expect(await troupe('workflow', 'new', 'workflow', 'a')).toMatchObject({
    code: 2,
    err: expect.stringContaining('is there already. Nothing was written.') as string,
  });
  expect(readFileSync(join(dir, 'workflows/a.workflow.yaml'), 'utf8')).toBe('mine');
  expect((await troupe('workflow', 'new', 'workflow', '../a')).code).toBe(2);
});

test('a lock notices a file that was changed, and one that came', async () => {
  const { troupe, dir, file } = workflowFolder(written);
  expect((await troupe('lock', '--check')).err).toContain('There is no lock to check');
  expect((await troupe('lock')).code).toBe(0);
  expect((await troupe('workflow', 'lock', '--check')).code).toBe(0);
  appendFileSync(join(dir, 'workflows/names.workflow.yaml'), '# changed\n');
  file('workflows/more.workflow.yaml', names);
  const { code, out } = await troupe('lock', '--check');
  expect([code, out.trim().split('\n').length]).toEqual([1, 2]);
  expect(out).toContain('names.workflow.yaml:1:1: This file was changed');
});

test.each([
  ['workflow'],
  ['workflow', 'validate'],
  ['workflow', 'tree'],
  ['workflow', 'graph'],
  ['workflow', 'schema'],
  ['workflow', 'new'],
  ['workflow', 'lock'],
  ['workflow', 'dev'],
  ['validate'],
  ['lock'],
])('troupe %s %s --help shows an example, and a wrong option names the help', async (...command) => {
  const { troupe } = workflowFolder();
  const words = command.filter((word) => typeof word === 'string');
  const help = await troupe(...words, '--help');
  expect([help.code, help.out]).toEqual([0, expect.stringContaining(`$ troupe ${words.join(' ')}`) as string]);
  const refused = await troupe(...words, '--wrong');
  expect([refused.code, refused.err]).toEqual([
    2,
    expect.stringContaining(`troupe ${words.join(' ')} --help`) as string,
  ]);
});
