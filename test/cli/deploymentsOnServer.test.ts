/** Deployments of a tenant on the command line: made on one machine, run on another one, and started at their times once in the whole cluster. */
import { mkdirSync, readFileSync, rmSync, symlinkSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { built, root } from '../built.ts';
import { limits } from '../limits.ts';
import { natsServer, type NatsServer } from '../nats/server.ts';
import { workspace, type Workspace } from './troupe.ts';

let server: NatsServer;
beforeAll(async () => {
  server = await natsServer('jetstream { sync_interval: 1s }');
});
afterAll(() => server[Symbol.asyncDispose]());

/** A folder of a user where this package is installed, as on a machine of its own. */
function machine(): Workspace {
  const dir = workspace();
  mkdirSync(join(dir.folder, 'node_modules'));
  symlinkSync(built('x.ts').replace(/x\.js$/, ''), join(dir.folder, 'node_modules/troupe'));
  symlinkSync(join(root, 'node_modules/zod'), join(dir.folder, 'node_modules/zod'));
  return dir;
}

const flowText = (says: string, log: string) => `import { appendFileSync } from 'node:fs';
import { flow } from 'troupe';
import * as z from 'zod';
export default flow('desk', async (ctx, input) => {
  const said = await ctx.checkpoint('say', () => {
    appendFileSync(${JSON.stringify(log)}, ctx.executionId + '\\n');
    return ${JSON.stringify(says)};
  });
  if (input.ask === true) await ctx.wait({ name: 'ok', schema: z.boolean() });
  return said;
});`;

test(
  'the commands that are told can be pasted as they are: they name the server and the tenant',
  { timeout: limits.long },
  async () => {
    using dir = machine();
    const on = ['--nats', server.url, '--tenant', 'pasted'];
    /** Runs what the last command has told. */
    const paste = ({ err }: { err: string }, told: RegExp, ...more: string[]) => {
      const [, command = 'nothing was told'] = told.exec(err) ?? [];
      return dir.troupe(...command.split(' '), ...more);
    };
    dir.file('desk.mjs', flowText('one', join(dir.folder, 'log')));
    const deployed = await dir.troupe('deploy', 'desk.mjs', ...on);
    const waits = await paste(
      deployed,
      /Run it with: troupe (.*)/,
      '--input',
      '{"ask":true}',
      '--key',
      'k',
      '--no-ask',
    );
    expect(waits.code).toBe(3);
    const answered = await paste(waits, /troupe (waits answer \S+ .*) --answer/, '--answer', 'true');
    expect(await paste(answered, /Go on with: troupe (.*)/, '--quiet')).toMatchObject({ code: 0, out: 'one\n' });
  },
);

test('a version is found, run, tagged and gone on with on another machine', { timeout: limits.long }, async () => {
  using one = machine();
  using other = machine();
  const log = join(one.folder, 'log');
  const on = ['--nats', server.url, '--tenant', 'versions'];
  one.file('desk.mjs', flowText('one', log));
  expect(await one.troupe('deploy', 'desk.mjs', ...on)).toMatchObject({ code: 0, out: 'desk@1\n' });
  one.file('desk.mjs', flowText('two', log));
  expect(await one.troupe('deploy', 'desk.mjs', '--tag', 'canary', ...on)).toMatchObject({ out: 'desk@2\n' });
  const asked = await one.troupe('invoke', 'desk@default', '--input', '{"ask":true}', '--key', 'k1', '--no-ask', ...on);
  expect(asked.code).toBe(3);
  rmSync(one.folder, { recursive: true });

  const invoke = async (name: string) => (await other.troupe('invoke', name, '--input', '{}', '--quiet', ...on)).out;
  const { out } = await other.troupe('deployments', 'list', '--json', ...on);
  expect(JSON.parse(out)).toMatchObject([{ version: 2 }, { version: 1, exclusive: ['default'] }]);
  mkdirSync(one.folder);
  expect(await invoke('desk@canary')).toBe('two\n');
  expect((await other.troupe('deployments', 'tag', 'desk', 'default', '--version', '2', ...on)).code).toBe(0);
  expect(await invoke('desk@default')).toBe('two\n');
  expect((await other.troupe('waits', 'answer', 'k1', '--value', 'true', ...on)).code).toBe(0);
  expect(await other.troupe('runs', 'resume', 'k1', '--quiet', ...on)).toMatchObject({ code: 0, out: 'one\n' });
  expect(existsSync(join(other.folder, 'deployments/records'))).toBe(false);
});

test('a run that is due is started once, although several machines look', { timeout: limits.long }, async () => {
  using one = machine();
  using other = machine();
  const log = join(one.folder, 'log');
  const on = ['--nats', server.url, '--tenant', 'schedules'];
  one.file('desk.mjs', flowText('hi', log));
  await one.troupe('deploy', 'desk.mjs', '--input', '{}', ...on);
  const cron = ['--cron', '*/2 * * * * *', '--deployment', 'desk', '--overlap', 'allow'];
  expect((await one.troupe('schedules', 'add', 'often', ...cron, ...on)).code).toBe(0);
  const carriers = [one, other].map((dir) => dir.start('schedules', 'run', ...on));
  const lines = () => (existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n') : []);
  await expect.poll(() => lines().length, { timeout: limits.step, interval: 200 }).toBeGreaterThanOrEqual(4);
  await pause(1_000);
  for (const { process } of carriers) process.kill('SIGTERM');
  expect(await Promise.all(carriers.map(({ ended }) => ended))).toMatchObject([{ code: 0 }, { code: 0 }]);
  expect(new Set(lines()).size).toBe(lines().length);
});
