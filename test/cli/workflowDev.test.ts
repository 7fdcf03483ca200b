/** `troupe workflow dev`: checks on each save, and one step alone on what a run has recorded. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { systemClock } from '../../src/engine/clock.ts';
import { textStream } from '../observe/inspections.ts';
import { broken, names, workflowFolder } from './workflowCli.ts';

const dev = ['workflow', 'dev'];

test('once: a workflow that is right, and one with an error in its file', async () => {
  const { troupe, dir } = workflowFolder({ 'a.workflow.yaml': names, 'b.workflow.yaml': broken });
  expect(await troupe(...dev, 'a.workflow.yaml', '--once')).toMatchObject({
    code: 0,
    out: `OKAY ${join(dir, 'a.workflow.yaml')}\n`,
  });
  const { code, out } = await troupe(...dev, 'b.workflow.yaml', '--once');
  expect([code, out]).toEqual([
    1,
    expect.stringContaining(`${join(dir, 'b.workflow.yaml')}:4:5: There is no key`) as string,
  ]);
});

test('a workflow is checked again when it is saved, until Ctrl-C', { timeout: 60_000 }, async () => {
  const { as, dir } = workflowFolder({ 'a.workflow.yaml': names });
  let interrupt = () => {};
  let seen = '';
  let notice = () => {};
  const out = { write: (text: string) => ((seen += text), notice()) };
  const err = textStream();
  const until = (text: RegExp) =>
    new Promise<void>((done, failed) => {
      notice = () => text.test(seen) && done();
      notice();
      void ended.then(({ code }) => failed(new Error(`It ended with ${code}: ${err.text()}`)));
    });
  const onInterrupt = (call: () => void) => ((interrupt = call), { [Symbol.dispose]() {} });
  const ended = as({ out, err, onInterrupt, clock: systemClock() }, ...dev, 'a.workflow.yaml');
  await until(/^OKAY/);
  writeFileSync(join(dir, 'a.workflow.yaml'), broken);
  await until(/FAIL .*: \d+ error/);
  writeFileSync(join(dir, 'a.workflow.yaml'), names);
  await until(/FAIL[\s\S]*OKAY/);
  interrupt();
  expect((await ended).code).toBe(0);
});

const secretive = `kind: workflow
env: [{name: PATH, secret: true}]
pipeline:
  - {id: first, transform: {inputs: [{from: params}], ops: [{map: {expr: "n"}}]}}
  - id: send
    condition: "\`false\`"
    webhook: {url: "http://127.0.0.1:9/{{ step.first.result[0] }}", headers: {x-key: "{{ env.PATH }}"}, body: {n: step.first.result}}
`;

test('a step is run alone on the outputs of a stored run: the request is shown without its secrets, and the failure points into the file', async () => {
  const { as, dir } = workflowFolder({ 's.workflow.yaml': secretive });
  const { PATH = '' } = process.env;
  const troupe = (...args: string[]) => as({ env: { PATH, TROUPE_DB: join(dir, 'troupe.db') } }, ...args);
  expect((await troupe('run', 's.workflow.yaml', '--key', 'job', '--input', '{"n":7}')).code).toBe(0);
  const alone = [...dev, 's.workflow.yaml', '--only', 'send', '--from', 'job', '--once'];
  const { code, out } = await troupe(...alone, '--send');
  expect(code).toBe(1);
  expect(out).toContain('"url": "http://127.0.0.1:9/7"');
  expect(out).toContain('"x-key": "[secret]"');
  expect(out).not.toContain(PATH);
  expect(out).toContain(`${join(dir, 's.workflow.yaml')}:5:1: the step "send" failed: `);
  // Without --send it is only shown: nothing is tried, and so nothing fails.
  const shown = await troupe(...alone);
  expect(shown).toMatchObject({ code: 0, err: expect.stringContaining('It is not sent. Add --send') as string });
  expect(shown.out).toContain('"url": "http://127.0.0.1:9/7"');
});

test('the webhooks of a sub-workflow are not sent by a step that is run alone without --send', async () => {
  const hook = `kind: workflow\nvisibility: sub-workflow\nwebhooks: execute\npipeline:\n  - {id: tell, webhook: {url: "http://127.0.0.1:9/"}}\n`;
  const { troupe } = workflowFolder({
    'inner.workflow.yaml': hook,
    'outer.workflow.yaml': `kind: workflow\npipeline:\n  - {id: sub, condition: "\`false\`", workflow: ./inner.workflow.yaml, webhooks: execute}\n`,
  });
  expect((await troupe('run', 'outer.workflow.yaml', '--key', 'job')).code).toBe(0);
  const alone = [...dev, 'outer.workflow.yaml', '--only', 'sub', '--from', 'job', '--once'];
  expect(await troupe(...alone)).toMatchObject({
    code: 0,
    err: expect.stringContaining('not sent without --send') as string,
  });
  expect((await troupe(...alone, '--send')).code).toBe(1);
});

test('a step shows its prompt and its output, and a changed file is used without running the steps before it', async () => {
  const { troupe, file } = workflowFolder();
  await troupe('workflow', 'new', 'project', 'p');
  const path = 'p/workflows/write.workflow.yaml';
  expect((await troupe('run', path, '--key', 'job', '--input', '{"topic":"Actors keep state."}')).code).toBe(0);
  const shown = await troupe(...dev, path, '--only', 'draft', '--from', 'job', '--once');
  expect([shown.code, shown.out]).toEqual([0, expect.stringContaining('"user": "Actors keep state."') as string]);
  expect(shown.out).toContain('--- Step draft gives:\n{\n  "text": "Actors keep state."\n}');
  file('two.workflow.yaml', names);
  expect((await troupe('run', 'two.workflow.yaml', '--key', 'two', '--input', '{"names":["Ada"]}')).code).toBe(0);
  file('two.workflow.yaml', names.replace('count: length(result)', 'first: result[0]'));
  const changed = await troupe(...dev, 'two.workflow.yaml', '--only', 'count', '--from', 'two', '--once');
  expect(changed.out).toContain('"first": "Ada"');
});

test.each([
  [['--only', 'count'], 'belong together'],
  [['--send'], '--send is for one step'],
  [['--only', 'count', '--from', 'gone'], 'There is no run "gone"'],
  [['--only', 'gone', '--from', 'job'], 'There is no step "gone"'],
])('%s is refused: %s', async (flags, says) => {
  const { troupe } = workflowFolder({ 'a.workflow.yaml': names });
  await troupe('run', 'a.workflow.yaml', '--key', 'job', '--input', '{"names":[]}');
  expect(await troupe(...dev, 'a.workflow.yaml', '--once', ...flags)).toMatchObject({
    code: 2,
    err: expect.stringContaining(says) as string,
  });
});
