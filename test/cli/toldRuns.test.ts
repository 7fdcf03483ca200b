/** Runs that are told something while no process has them, and what commands say to programs when they refuse. */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { main } from '../../src/cli/program.ts';
import { systemClock } from '../../src/engine/clock.ts';
import { openRuntime } from '../../src/runtime/runtime.ts';
import { fakeCli } from './fakeCli.ts';
import { workspace, type Workspace } from './troupe.ts';

/** A command in this process, which is enough for what it says. */
async function here(dir: Workspace, ...args: string[]) {
  const cli = fakeCli({ cwd: dir.folder, clock: systemClock(), open: openRuntime, isInteractive: false });
  const code = await main([...args, '--db', join(dir.folder, 'troupe.db')], cli);
  return { code, out: cli.outputText(), err: cli.errorText() };
}

/** A run that waits for a signal, and that no process has. */
async function listening(dir: Workspace): Promise<void> {
  expect((await dir.troupe('run', dir.fixture('listen.ts'), '--key', 'job', '--quiet')).code).toBe(3);
}

const listed = async (dir: Workspace): Promise<object> =>
  (JSON.parse((await here(dir, 'runs', 'list', '--json')).out) as object[])[0] ?? {};

test.concurrent('a pause is ended by a resume, also when no process had the run meanwhile', async () => {
  using dir = workspace();
  await listening(dir);
  const paused = await here(dir, 'runs', 'pause', 'job');
  expect(paused.err).toMatch(/No process has it.*Go on with: troupe runs resume job --db /);
  expect(await listed(dir)).toMatchObject({ outcome: 'waiting', needs: 'you', paused: true });
  const ids = async (status: string) =>
    (JSON.parse((await here(dir, 'runs', 'list', '--json', '--status', status)).out) as { run: string }[]).map(
      ({ run }) => run,
    );
  expect([await ids('waiting'), await ids('paused'), await ids('running')]).toEqual([['job'], ['job'], []]);
  expect((await here(dir, 'runs', 'signal', 'job', 'news', '--value', '"good"')).err).toContain('No process has it');
  expect(await dir.troupe('runs', 'resume', 'job', '--quiet')).toMatchObject({ code: 0, out: 'good\n' });
  expect([await ids('completed'), await ids('running'), await ids('paused'), await ids('waiting')]).toEqual([
    ['job'],
    [],
    [],
    [],
  ]);
});

test.concurrent('a cancel is seen before a process takes it', async () => {
  using dir = workspace();
  await listening(dir);
  const told = await here(dir, 'runs', 'cancel', 'job', '--reason', 'enough');
  expect(told.err).toMatch(/No process has it: it takes effect with: troupe runs resume job --db /);
  expect((await here(dir, 'runs', 'get', 'job')).out).toContain('It was told to cancel.');
  expect(await dir.troupe('runs', 'resume', 'job', '--quiet')).toMatchObject({ code: 1 });
  expect(await listed(dir)).toMatchObject({ outcome: 'cancelled' });
});

const refusals = [
  [['runs', 'get', 'nobody'], 2, 'unknown_recipient', /no run "nobody"/],
  [['runs', 'signal', 'nobody', 'news'], 2, 'unknown_recipient', /no run "nobody"/],
  [['waits', 'list', '--run', 'nobody'], 2, 'unknown_recipient', /no run "nobody"/],
  [['waits', 'answer', 'job', '--value', '1'], 1, 'conflict', /Nothing in "job" waits/],
  [['runs', 'retry', 'job'], 1, 'conflict', /nothing to retry/],
  [['artifacts', 'get', 'job/draft/output'], 2, 'unknown_recipient', /no artifact/],
  [['waits', 'answer', 'job', '--value', 'no JSON'], 2, 'usage', /must be JSON/],
  [['secrets', 'show', 'nobody'], 2, 'unknown_recipient', /no secret/],
  [['deployments', 'show', 'nobody'], 2, 'unknown_recipient', /no deployment/],
] as const;

test.concurrent('a refusal is JSON with its kind where a program asks for that, and a text for people', async () => {
  using dir = workspace();
  await listening(dir);
  for (const [args, code, kind, says] of refusals) {
    const refused = await here(dir, ...args, '--json');
    const message = expect.stringMatching(says) as string;
    expect({ args, code: refused.code, out: refused.out, err: JSON.parse(refused.err) as object }).toEqual({
      args,
      code,
      out: '',
      err: { error: { kind, message, retryable: false } },
    });
    expect((await here(dir, ...args)).err).toMatch(says);
  }
});

test.concurrent('a variable that does not fit is told as that, and not as a missing input', async () => {
  using dir = workspace();
  const file = join(import.meta.dirname, 'fixtures/listen.ts');
  const open: typeof openRuntime = (options) => openRuntime({ ...options, env: { TROUPE_RETRIES: 'many' } });
  const cli = fakeCli({ cwd: dir.folder, clock: systemClock(), open, isInteractive: false });
  const code = await main(['run', file, '--quiet', '--db', join(dir.folder, 'troupe.db')], cli);
  expect({ code, err: cli.errorText() }).toEqual({
    code: 2,
    err: 'TROUPE_RETRIES must be a whole number, 0 or more; got "many". (invalid)\n',
  });
});
