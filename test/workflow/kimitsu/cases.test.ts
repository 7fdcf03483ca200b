/** Projects written for Kimitsu run unchanged: each recorded workflow is invoked, and does what was recorded, or what it should have done. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { startDoubles, type Doubles } from './doubles.ts';
import { expectCase } from './expected.ts';
import { copyProject, play, removeProject } from './play.ts';
import { playHttp } from './playHttp.ts';
import { recordedCases, recordedProjects } from './recording.ts';
import { failures, targets } from './targets.ts';

let doubles: Doubles;
const folders = new Map<string, string>();

beforeAll(async () => {
  doubles = await startDoubles();
  for (const project of ['p1', 'p2']) folders.set(project, copyProject(join(recordedProjects, project), doubles));
  // What this agent says never fitted its own schema, which was not enforced. With it no transform would be reached: here its schema asks for nothing.
  const folder = copyProject(join(recordedProjects, 'p2'), doubles);
  const agent = join(folder, 'agents', 'data2.agent.yaml');
  writeFileSync(agent, readFileSync(agent, 'utf8').replace('"required":["ok"],', ''));
  folders.set('p2 with data2 that fits', folder);
});

afterAll(async () => {
  await doubles[Symbol.asyncDispose]();
  for (const folder of folders.values()) removeProject(folder);
});

const playCase = (id: string, folder = id.split('/')[0] ?? '', how = play) => {
  const recorded = recordedCases.find((each) => each.id === id);
  if (!recorded) throw new Error(`There is no case ${id}.`);
  const { input, process_env: env } = recorded;
  return how(folders.get(folder) ?? '', { workflow: id.split('/')[1] ?? '', input, env }, doubles);
};

describe.each([
  ['by a program', play],
  ['over HTTP', playHttp],
])('invoked %s', (_, how) => {
  test.each(
    recordedCases.map((recorded) => [recorded.id, targets[recorded.id]?.why ?? 'as recorded', recorded] as const),
  )('%s: %s', async (id, _why, recorded) => {
    const readsData2 = recorded.steps?.['d2'] !== undefined;
    expectCase(recorded, await playCase(id, readsData2 ? 'p2 with data2 that fits' : undefined, how));
  });
});

test('an agent whose answer breaks its own schema fails the run, whatever its step is for', async () => {
  const { status, steps } = await playCase('p2/t_single');
  expect({ status, d2: steps['d2'] }).toMatchObject({
    status: 'failed',
    d2: { status: 'failed', code: 'output_invalid', metrics: { llm_calls: 2 } },
  });
});

/** Invokes a workflow of a copy without one of its lines. */
async function playWithout(id: string, line: RegExp) {
  const [project = '', name = ''] = id.split('/');
  const folder = copyProject(join(recordedProjects, project), doubles);
  onTestFinished(() => removeProject(folder));
  const file = join(folder, 'workflows', `${name}.workflow.yaml`);
  const text = readFileSync(file, 'utf8');
  expect(text).toMatch(line);
  writeFileSync(file, text.replace(line, ''));
  const recorded = recordedCases.find((each) => each.id === id);
  return play(folder, { workflow: name, input: recorded?.input ?? {}, env: recorded?.process_env ?? {} }, doubles);
}

test('p1/a_tpl without the step that fails: values have their JSON form in a prompt, and texts are interpolated', async () => {
  const { status, models } = await playWithout('p1/a_tpl', / {2}- \{id: s2.*\n/);
  expect(status).toBe('complete');
  expect(models.map(({ messages }) => messages[1]?.content ?? '').toSorted()).toEqual([
    'A=3 B=[1,"x"] C={"k":1}',
    'A=pre str B=fooval C=12345678',
    '{}',
  ]);
});

test('p2/cond without the condition that cannot be read: every other one is as recorded', async () => {
  const { status, steps } = await playWithout('p2/cond', / {2}- \{id: c_bad.*\n/);
  expect(status).toBe('complete');
  const recorded = Object.entries(recordedCases.find(({ id }) => id === 'p2/cond')?.steps ?? {});
  expect(Object.fromEntries(Object.entries(steps).map(([id, end]) => [id, end.status]))).toEqual(
    Object.fromEntries(recorded.filter(([id]) => id !== 'c_bad').map(([id, end]) => [id, end.status])),
  );
});

test('every target and every failure is that of a case', () => {
  const ids = recordedCases.map(({ id }) => id);
  expect([...Object.keys(targets), ...Object.keys(failures)].filter((id) => !ids.includes(id))).toEqual([]);
});
