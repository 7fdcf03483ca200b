/** How commands end: exit codes that a script can act upon, and advice that can be followed. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { agent, offlineModel } from 'troupe';
import { main } from '../../src/cli/program.ts';
import { exitCodeOf } from '../../src/cli/exit.ts';
import { followRun } from '../../src/cli/follow.ts';
import { openRuntime, type RunHandle, type Runtime } from '../../src/runtime/runtime.ts';
import { failureKinds, TroupeError, type FailureKind } from '../../src/values/failure.ts';
import { systemClock } from '../../src/engine/clock.ts';
import { fakeCli } from './fakeCli.ts';
import { workspace } from './troupe.ts';

const cwd = mkdtempSync(join(tmpdir(), 'troupe-exits-'));
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

async function troupe(...args: string[]) {
  const cli = fakeCli({ cwd, clock: systemClock(), open: (options) => openRuntime(options), isInteractive: false });
  return { code: await main(args, cli), err: cli.errorText(), out: cli.outputText() };
}
const agents = (name: string, ...ids: string[]) => {
  writeFileSync(
    join(cwd, name),
    JSON.stringify(
      ids.map((id) => ({ id, name: 'N', role: 'r' })),
      null,
      2,
    ),
  );
  return name;
};

test('one key with another input is a mistake in the command line: exit code 2, and nothing is begun', async () => {
  const file = agents('one.json', 'coder');
  const run = (task: string) =>
    troupe('run', file, '--task', task, '--key', 'job', '--db', join(cwd, 'one.db'), '--quiet');
  expect((await run('Sum up: tea is hot.')).code).toBe(0);
  const other = await run('Sum up: ice is cold.');
  expect(other).toMatchObject({ code: 2, err: expect.stringContaining('was started with another input') as string });
  expect((await run('Sum up: tea is hot.')).code).toBe(0);
});

test.each([
  ['an option that there is not', ['runs', 'list', '--json', '--nope'], "unknown option '--nope'"],
  ['an argument that is missing', ['runs', 'get', '--json'], "missing required argument 'run'"],
  ['a value that is none', ['runs', 'list', '--json', '--status', 'odd'], "'odd' is invalid"],
  ['a command that there is not', ['runs', 'lst', '--json'], 'unknown command'],
])('%s is told as JSON to who asks for JSON', async (_, args, message) => {
  const { code, err } = await troupe(...args);
  expect(code).toBe(2);
  expect(JSON.parse(err)).toEqual({
    error: { kind: 'usage', message: expect.stringContaining(message) as string, retryable: false },
  });
});

test('a conflict of another kind, such as a second answer to a ticket, stays 1', () => {
  expect(exitCodeOf(new TroupeError('conflict', 'It was answered.'))).toBe(1);
  expect(exitCodeOf(new TroupeError('conflict', 'It was answered.', { data: { status: 'done' } }))).toBe(1);
  expect(exitCodeOf(new TroupeError('conflict', 'Another input.', { data: { run: 'r', differs: true } }))).toBe(2);
});

test('every id that cannot be a name is told with its place, all in one report', async () => {
  const ids = ['__proto__', 'a'.repeat(100), 'aB'.repeat(32), '研究员', 'ü', 'constructor', 'router', 'ok'];
  const { code, err } = await troupe('run', agents('many.json', ...ids), '--task', 'x', '--db', join(cwd, 'many.db'));
  expect(code).toBe(2);
  const lines = err.trim().split('\n');
  expect(lines.length).toBe(ids.length - 1);
  for (const line of lines) expect(line).toMatch(/many\.json:\d+:\d+: "id": /);
  expect(lines[2]).toMatch(/it has 96 characters, and at most 64 are kept/);
  expect(lines[5]).toMatch(/JavaScript itself uses it/);
  expect(lines[6]).toMatch(/the runtime uses itself/);
});

test.each(['研究员.json', '__proto__.json', `${'a'.repeat(100)}.json`])(
  'a file %s is told to be renamed',
  async (name) => {
    const { code, err } = await troupe('run', agents(name, 'coder'), '--task', 'x', '--db', join(cwd, 'names.db'));
    expect({ code, err }).toEqual({
      code: 2,
      err: expect.stringMatching(/Rename the file .*agents\.json\.\n$/) as string,
    });
  },
);

test('doctor gives advice for a damaged journal, and never to run doctor', async () => {
  const file = agents('d.json', 'coder');
  await troupe('run', file, '--task', 'Sum up: tea is hot.', '--db', join(cwd, 'd.db'), '--quiet');
  const whole = readFileSync(join(cwd, 'd.db'));
  const damages: ((bytes: Buffer) => Buffer)[] = [
    () => Buffer.from('This is no database at all, but it is long enough to be looked at.'.repeat(100)),
    (bytes) => bytes.subarray(0, Math.floor(bytes.length / 2)),
    (bytes) => bytes.fill(0xa5, 4096),
    // Stored data that was changed: the file itself is in order.
    (bytes) => Buffer.from(bytes.toString('latin1').replaceAll('Sum up: tea', 'Sum up: ice'), 'latin1'),
  ];
  for (const damage of damages) {
    writeFileSync(join(cwd, 'd.db'), damage(Buffer.from(whole)));
    for (const rest of ['-wal', '-shm']) rmSync(join(cwd, `d.db${rest}`), { force: true });
    const { code, out } = await troupe('doctor', '--db', join(cwd, 'd.db'));
    expect(code).toBe(1);
    expect(out).toMatch(/✗ journal/);
    expect(out).not.toMatch(/troupe doctor/);
    expect(out).toMatch(/backup|copy|--db/);
  }
});

// The cast gives the keys back their names.
test.each(Object.keys(failureKinds) as FailureKind[])(
  'a run that failed with %s is told in one line, without a stack, and with what to do next',
  async (kind) => {
    const message =
      'The server "x" said: no.\n  Check its key.\n    at call (/srv/app/x.js:1:2)\n    at async run (y.js)\u001b[2J';
    const handle = {
      id: 'job',
      outcome: () => Promise.resolve({ status: 'failed', failure: { kind, message, retryable: false } }),
    } as unknown as RunHandle;
    const runtime = { versionOf: () => 'v', observe: () => ({ [Symbol.dispose]() {} }) } as unknown as Runtime;
    const cli = fakeCli({ cwd, isInteractive: false });
    const subject = agent({ name: 'a', model: offlineModel() });
    const code = await followRun(cli, runtime, { subject }, () => Promise.resolve(handle), {
      quiet: true,
      ask: false,
    } as never);
    expect(code).toBe(1);
    expect(cli.errorText()).toBe(
      `The run job failed (${kind}): The server "x" said: no. Check its key.\nGo on from the step that failed with: troupe runs retry job\n`,
    );
  },
);

test('the help of the commands names what shows more, and what answers a doubt', async () => {
  expect((await troupe('run', '--help')).out).toMatch(/--verbose +progress shows every actor/);
  expect((await troupe('waits', 'answer', '--help')).out).toMatch(/--happened <answer>/);
});

test('a disk that is full under the output is told in one line, and the exit code is 1', async () => {
  using dir = workspace();
  const { code, err } = await dir.shell('troupe doctor --db memory > /dev/full');
  expect(code).toBe(1);
  expect(err).toMatch(/^The output cannot be written: ENOSPC[^\n]*\. Make room, or write it to another place\.\n$/);
});
