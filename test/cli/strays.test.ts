/** Errors that nothing catches, and processes that end too early, as a user meets them. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { built } from '../built.ts';
import { workspace } from './troupe.ts';

const program = built(join(import.meta.dirname, 'fixtures/strayProgram.ts'));
const runProgram = (...args: string[]) =>
  new Promise<{ code: unknown; out: string; err: string }>((resolve) =>
    execFile(process.execPath, [program, ...args], (error, out, err) => resolve({ code: error?.code ?? 0, out, err })),
  );

test.concurrent.each(['timer', 'promise', 'later promise', 'event', 'tick'])(
  'a tool that goes wrong in a %s fails its run by name, and the other run goes on',
  async (how) => {
    const { code, out, err } = await runProgram(how);
    expect(out.split('\n')).toEqual([
      expect.stringMatching(/^failed: "act" of tool-call\/\S+ threw where nothing could catch it: boom/),
      'done',
      '',
    ]);
    expect({ code, err }).toEqual({ code: 0, err: '' });
  },
);

test.concurrent('an error of the program itself ends it as always, with its stack', async () => {
  const { code, err } = await runProgram('fine', 'own');
  expect(code).toBe(1);
  expect(err).toContain('Error: my own mistake');
});

test.concurrent.each([
  ['timer', 1, /The run r failed \(tool\): .*threw where nothing could catch it: boom/],
  ['exit', 1, /the run r was at work: something in it called process\.exit\(0\).*troupe runs resume r/],
])('a command whose tool goes wrong by a %s does not end as if it had succeeded', async (how, code, says) => {
  using dir = workspace();
  const ended = await dir.troupe('run', dir.fixture('stray.ts'), '--set', `how=${how}`, '--input', 'Go.', '--key', 'r');
  expect(ended).toMatchObject({ code, out: '', err: expect.stringMatching(says) as string });
});

test.concurrent.each([
  ['awaits something that never ends', 'await new Promise(() => {});\nexport default null;\n', /was never loaded/],
  ['ends the process', 'process.exit(0);\n', /ended the process while it was being loaded/],
  ['exports a function that never ends', 'export default () => new Promise(() => {});\n', /was never loaded/],
])('a file that %s is not a success', async (_, text, says) => {
  using dir = workspace();
  const ended = await dir.troupe('run', dir.file('team.mjs', text), '--input', 'Go.');
  expect(ended).toMatchObject({ code: 2, out: '', err: expect.stringMatching(says) as string });
});

test.concurrent('a run that failed says that its failure is a stored one, and can be retried', async () => {
  using dir = workspace();
  const file = dir.fixture('stray.ts');
  const ask = (...more: string[]) =>
    dir.troupe('run', file, '--set', 'how=timer', '--input', 'Go.', '--key', 'r', ...more);
  expect((await ask()).err).toContain('troupe runs retry r');
  const again = await ask();
  expect(again).toMatchObject({
    code: 1,
    err: expect.stringMatching(/failed at .*\n.*stored result; nothing was done again/) as string,
  });
  // The call was stopped in the middle, so it is not made again before a person has said whether it happened.
  expect(await dir.troupe('runs', 'retry', 'r')).toMatchObject({
    code: 3,
    err: expect.stringContaining('may or may not have happened. Did it?') as string,
  });
  expect(await dir.troupe('runs', 'retry', 'nobody')).toMatchObject({ code: 2 });
});
