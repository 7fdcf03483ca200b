/** Schedules on the command line: made and looked at here, and carried by real processes that are killed. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { main } from '../../src/cli/program.ts';
import { memory } from '../../src/journal/memory/memory.ts';
import { openRuntime } from '../../src/runtime/runtime.ts';
import { virtualClock } from '../../src/testing/clock.ts';
import { testRuntime } from '../../src/testing/testRuntime.ts';
import { built, root } from '../built.ts';
import { limits } from '../limits.ts';
import { fakeCli } from './fakeCli.ts';
import { workspace, type Workspace } from './troupe.ts';

describe('the commands', () => {
  // In this project, so that deployed code finds this package.
  mkdirSync(join(root, '.troupe'), { recursive: true });
  const cwd = mkdtempSync(join(root, '.troupe/schedules-'));
  afterAll(() => rmSync(cwd, { recursive: true, force: true }));
  const clock = virtualClock({ start: Date.parse('2026-11-27T12:00:00Z') });
  const journal = memory();

  async function troupe(...args: string[]) {
    const cli = fakeCli({ cwd, isInteractive: false, clock, open: (options) => testRuntime({ ...options, journal }) });
    const code = await main(args, cli);
    return { code, out: cli.outputText(), err: cli.errorText() };
  }
  const listed = async () => JSON.parse((await troupe('schedules', 'list', '--json')).out) as Record<string, unknown>[];

  beforeAll(async () => {
    await troupe('deploy', join(import.meta.dirname, 'fixtures/hello.ts'), '--name', 'desk', '--input', 'hi');
  });

  test('a schedule is made, listed with when it is due next, paused, resumed and deleted', async () => {
    const daily = ['--cron', '0 9 * * 1-5', '--timezone', 'Europe/Berlin', '--deployment', 'desk'];
    const made = await troupe('schedule', 'add', 'daily', ...daily);
    expect(made).toMatchObject({ code: 0, out: '' });
    expect(made.err).toContain('The schedule "daily" starts desk next at 2026-11-30 08:00:00Z');
    expect(await listed()).toEqual([
      {
        name: 'daily',
        cron: '0 9 * * 1-5',
        timezone: 'Europe/Berlin',
        deployment: 'desk',
        overlap: 'skip',
        backfill: 'none',
        paused: false,
        createdAt: '2026-11-27T12:00:00.000Z',
        queue: [],
        runs: [],
        next: '2026-11-30T08:00:00.000Z',
      },
    ]);
    expect((await troupe('schedules', 'pause', 'daily')).err).toContain('is paused');
    expect((await troupe('schedules', 'list')).out).toMatch(/daily.*paused/);
    expect((await troupe('schedules', 'resume', 'daily')).err).toContain('goes on');
    expect((await troupe('schedules', 'add', 'daily', ...daily)).err).toContain('There is a schedule "daily" already');
    expect((await troupe('schedules', 'delete', 'daily')).err).toContain('is deleted');
    expect(await listed()).toEqual([]);
    expect((await troupe('schedules', 'list')).err).toContain('No schedules.');
  });

  test('a run is started now by hand, and the result goes to stdout', async () => {
    await troupe('schedules', 'add', 'yearly', '--cron', '0 0 1 1 *', '--deployment', 'desk');
    const { code, out } = await troupe('schedules', 'run-now', 'yearly', '--quiet');
    expect([code, out]).toEqual([0, 'Hello Ada!\n']);
    expect(await listed()).toMatchObject([{ last: { run: 'schedule.yearly.20261127t120000000z', version: 1 } }]);
    // Its end is seen by the next process that looks.
    expect((await troupe('schedules', 'run', '--once')).code).toBe(0);
    expect(await listed()).toMatchObject([{ runs: [] }]);
    await troupe('schedules', 'delete', 'yearly');
  });

  test('what is due is started once, by a process that looks once', async () => {
    await troupe('schedules', 'add', 'hourly', '--cron', '0 * * * *', '--deployment', 'desk', '--backfill', 'last');
    expect((await troupe('schedules', 'run', '--once')).err).toBe('');
    clock.advance(3 * 3_600_000 + 120_000);
    expect((await troupe('schedules', 'run', '--once')).err).toContain('has started schedule.hourly.20261127t150000z');
    expect((await troupe('schedules', 'run', '--once')).err).toBe('');
    expect(await journal.find({ run: 'schedule.hourly.20261127t150000z' })).toMatchObject([{ status: 'done' }]);
    await troupe('schedules', 'delete', 'hourly');
  });

  test.each<[string, number, RegExp]>([
    ['add x --deployment desk', 2, /required option '--cron/],
    ['add x --cron @daily', 2, /required option '--deployment/],
    ['add x --cron 9:00 --deployment desk', 2, /--cron is five fields/],
    ['add x --cron @daily --deployment desk --timezone Mars', 2, /there is none named "Mars"/],
    ['add x --cron @daily --deployment gone', 2, /There is no deployment "gone"/],
    ['add x --cron @daily --deployment desk@gone', 2, /has the tag "gone"/],
    ['add x --cron @daily --deployment desk --overlap never', 2, /Allowed choices are skip, queue, allow/],
    ['add x --cron @daily --deployment desk --backfill some', 2, /Allowed choices are none, last, all/],
    ['add ☃ --cron @daily --deployment desk', 2, /cannot be used/],
    ['pause gone', 2, /There is no schedule "gone"/],
    ['delete gone', 2, /There is no schedule "gone"/],
    ['run-now gone', 2, /There is no schedule "gone"/],
    ['run --onec', 2, /unknown option/],
  ])('troupe schedules %s is refused', async (line, code, says) => {
    expect(await troupe('schedules', ...line.split(' '))).toMatchObject({
      code,
      out: '',
      err: expect.stringMatching(says) as string,
    });
    expect(await listed()).toEqual([]);
  });
});

/** A folder of a user where this package is installed, with a deployment "beat" that notes each of its runs. */
async function project(): Promise<Workspace> {
  const dir = workspace();
  mkdirSync(join(dir.folder, 'node_modules'));
  symlinkSync(built('x.ts').replace(/x\.js$/, ''), join(dir.folder, 'node_modules/troupe'));
  dir.file(
    'beat.mjs',
    `import { appendFileSync } from 'node:fs';
import { agent } from 'troupe';
import { scriptedModel } from 'troupe/testing';
export default agent({ name: 'beat', model: scriptedModel(() => (appendFileSync('beats', process.pid + '\\n'), { text: 'beat' })) });`,
  );
  expect((await dir.troupe('deploy', 'beat.mjs', '--input', 'go')).code).toBe(0);
  rmSync(join(dir.folder, 'beat.mjs'));
  return dir;
}

test(
  'processes that carry the same schedule start each run once, also when one of them is killed',
  { timeout: limits.long },
  async () => {
    using dir = await project();
    await dir.troupe('schedules', 'add', 'tick', '--cron', '* * * * * *', '--deployment', 'beat', '--overlap', 'allow');
    const [first, second] = [dir.start('schedules', 'run'), dir.start('schedules', 'run')];
    await Promise.all([first.until(/looked at/), second.until(/looked at/)]);
    const beats = () =>
      readFileSync(join(dir.folder, 'beats'), { encoding: 'utf8', flag: 'a+' }).split('\n').length - 1;
    await expect.poll(beats).toBeGreaterThanOrEqual(3);
    first.process.kill('SIGKILL');
    await first.ended;
    const atKill = beats();
    await expect.poll(beats).toBeGreaterThanOrEqual(atKill + 3);
    await dir.troupe('schedules', 'pause', 'tick');
    await expect
      .poll(
        async () =>
          (JSON.parse((await dir.troupe('schedules', 'list', '--json')).out) as [{ runs: unknown[] }])[0].runs,
      )
      .toEqual([]);
    second.process.kill('SIGTERM');
    expect((await second.ended).code).toBe(0);

    await using runtime = await openRuntime({ db: join(dir.folder, 'troupe.db') });
    const runs = await runtime.journal.find({ parent: null, limit: 1_000 });
    expect(runs.every(({ status }) => status === 'done')).toBe(true);
    const dues = runs.map(({ run }) => run).sort();
    expect(new Set(dues).size).toBe(dues.length);
    // Reading a model is repeated after a crash: by one call at most, that of the process that was killed.
    expect([dues.length, dues.length + 1]).toContain(beats());
  },
);

test('troupe serve starts the runs of schedules as well', { timeout: limits.long }, async () => {
  using dir = await project();
  dir.file('gateway.yaml', 'providers: []\nmodel_groups: []\n');
  await dir.troupe('schedules', 'add', 'tick', '--cron', '* * * * * *', '--deployment', 'beat');
  const serving = dir.start('serve', '--port', '0', '--schedules');
  await serving.until(/The schedule "tick" has started schedule\.tick\./);
  serving.process.kill('SIGTERM');
  expect((await serving.ended).code).toBe(0);
});
