/** `troupe control` as programs use it: a process with a port, tokens that are made beside it, and runs that survive it. */
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { troupeClient } from '../../../src/client/index.ts';
import { built, root } from '../../built.ts';
import { workspace, type Workspace } from '../../cli/troupe.ts';
import { limits } from '../../limits.ts';
import { serverToken } from './openControl.ts';

let place: Workspace;
beforeEach(() => void (place = workspace()));
afterEach(() => place[Symbol.dispose]());

const fixture = built('test/doors/mcp/fixtures/publish.ts');

/** Starts the server on a free port. */
async function serve(file = fixture) {
  const { process: child, ended, until } = place.start('control', file, '--port', '0', '--token', serverToken);
  let told = '';
  child.stderr?.on('data', (chunk: Buffer) => (told += chunk.toString()));
  await until(/Runs are at http:\S+/);
  const url = /Runs are at (http:\/\/[^/]+)/.exec(told)?.[1] ?? '';
  return { child, ended, url };
}

test(
  'a program with a token starts a run, follows it, and answers it, although the server is killed meanwhile',
  async () => {
    const first = await serve();
    const token = (await place.troupe('auth', 'create', 'ci', '--expires-in', '1h')).out.trim();
    const marks = join(place.folder, 'marks');
    await using before = await troupeClient({ http: first.url, token });
    await before.executions.start({ flow: 'publish' }, { topic: 'actors', marks }, { key: 'r' });
    await expect
      .poll(async () => (await before.executions.get('r')).checkpoints.map(({ name, status }) => `${name} ${status}`), {
        timeout: limits.step,
      })
      .toContain('draft completed');
    first.child.kill('SIGKILL');
    await first.ended;

    writeFileSync(`${marks}.go`, '');
    const second = await serve();
    await using after = await troupeClient({ http: second.url, token });
    // Nobody asks for it: the server goes on with what was left behind.
    await expect
      .poll(async () => (await after.executions.get('r')).pending_wait?.name, { timeout: limits.step })
      .toBe('ok');
    const lines = (async () => {
      const messages: string[] = [];
      for await (const { message } of after.executions.follow('r')) messages.push(message);
      return messages;
    })();
    await after.executions.input('r', { wait: 'ok', value: true });
    expect((await lines).at(-1)).toBe('completed');
    expect(await after.executions.get('r')).toMatchObject({ status: 'completed', result: 'A text about actors' });
    expect(readFileSync(marks, 'utf8')).toBe('draft\nslow\n');

    await place.troupe('auth', 'delete', 'ci');
    await expect(after.executions.get('r')).rejects.toMatchObject({ kind: 'auth' });
    second.child.kill('SIGTERM');
    expect((await second.ended).code).toBe(0);
  },
  limits.test,
);

test(
  'a token is printed once, alone on stdout, and the list and the files have none',
  async () => {
    const made = await place.troupe('auth', 'create', 'ci');
    expect(made.out).toMatch(/^troupe_ci\.[\w-]{43}\n$/);
    expect((await place.troupe('auth', 'create', 'ci')).code).toBe(1);
    const rotated = await place.troupe('auth', 'rotate', 'ci', '--json');
    const { token } = JSON.parse(rotated.out) as { token: string };
    expect(token).not.toBe(made.out.trim());
    const list = await place.troupe('auth', 'list');
    expect(list.out).toMatch(/^NAME +MADE +EXPIRES\nci +\S+ \S+ +never\n$/);
    expect(existsSync(join(place.folder, 'tokens', 'ci.json'))).toBe(true);
    expect(readFileSync(join(place.folder, 'tokens', 'ci.json'), 'utf8')).not.toContain(token.split('.')[1]);
    expect((await place.troupe('auth', 'delete', 'none')).code).toBe(2);
  },
  limits.test,
);

test(
  'a program deploys a file, moves its tags, and runs a version that goes on with its own code',
  async () => {
    const server = await serve();
    await using client = await troupeClient({ http: server.url, token: serverToken });
    const { deployments, executions } = client;
    mkdirSync(join(place.folder, 'node_modules'));
    symlinkSync(built('x.ts').replace(/x\.js$/, ''), join(place.folder, 'node_modules/troupe'));
    symlinkSync(join(root, 'node_modules/zod'), join(place.folder, 'node_modules/zod'));
    const file = join(place.folder, 'greet.mjs');
    writeFileSync(file, greeting('Hello'));
    expect(await deployments.create(file)).toMatchObject({ flow: 'greet', version: 1, exclusive_tags: ['default'] });
    writeFileSync(file, greeting('Hi'));
    expect(await deployments.create(file, { tags: ['canary'] })).toMatchObject({ version: 2, tags: ['canary'] });
    await deployments.invoke('greet', 'ada', { key: 'one' });
    await deployments.invoke('greet', 'ada', { key: 'two', tag: 'canary' });
    for (const [run, result] of [
      ['one', 'Hello ada'],
      ['two', 'Hi ada'],
    ] as const)
      await expect.poll(async () => (await executions.get(run)).result, { timeout: limits.step }).toBe(result);
    const { schedules } = client;
    const daily = { cron: '0 9 * * 1-5', deployment: 'greet@canary', timezone: 'Europe/Berlin', input: 'eve' };
    expect(await schedules.create('daily', daily)).toMatchObject({
      name: 'daily',
      ...daily,
      overlap: 'skip',
      runs: [],
    });
    const { exec_id: now } = await schedules.start('daily');
    await expect.poll(async () => (await executions.get(now)).result, { timeout: limits.step }).toBe('Hi eve');
    expect(await schedules.get('daily')).toMatchObject({ last: { exec_id: now, version: 2 } });
    // What was made here is seen from the shell, and the other way about.
    expect((await place.troupe('schedules', 'pause', 'daily')).code).toBe(0);
    expect(await schedules.list()).toMatchObject([{ name: 'daily', paused: true }]);
    expect((await schedules.resume('daily')).next).toBeGreaterThan(Date.now());
    for (const [options, kind] of [
      [daily, 'conflict'],
      [{ ...daily, cron: 'every day' }, 'invalid'],
      [{ ...daily, timezone: 'Mars' }, 'invalid'],
      [{ ...daily, deployment: 'greet@9' }, 'unknown_recipient'],
    ] as const)
      await expect(schedules.create('daily', options)).rejects.toMatchObject({ kind });
    await schedules.delete('daily');
    await expect(schedules.pause('daily')).rejects.toMatchObject({ kind: 'unknown_recipient' });
    await expect(deployments.delete('greet', 1)).rejects.toMatchObject({ kind: 'conflict' });
    expect(await deployments.tag('greet', 2, 'default', { exclusive: true })).toMatchObject({
      exclusive_tags: ['default'],
    });
    await deployments.delete('greet', 1);
    expect((await deployments.list({ flow: 'greet' })).items).toMatchObject([{ version: 2 }]);
    for (const missing of [
      () => deployments.get('nobody'),
      () => deployments.get('greet', { version: 9 }),
      () => deployments.get('greet', { tag: 'nothing' }),
      () => deployments.invoke('nobody', null),
      () => deployments.delete('greet', 9),
      () => client.secrets.delete('nothing'),
    ])
      await expect(missing()).rejects.toMatchObject({ kind: 'unknown_recipient' });
    const gone = await fetch(`${server.url}/v1/secrets/nothing`, {
      method: 'DELETE',
      headers: { authorization: `Bearer ${serverToken}` },
    });
    expect(gone.status).toBe(404);
    for (const command of ['secrets delete nothing', 'deployments show nobody', 'schedules delete nothing'])
      expect((await place.troupe(...command.split(' '))).code).toBe(2);
    await expect(deployments.create('nothing.mjs')).rejects.toMatchObject({ kind: 'invalid' });
    server.child.kill('SIGTERM');
    await server.ended;
  },
  limits.test,
);

test(
  'a run that was started by the name of its flow is gone on with by another process, from its file',
  async () => {
    const server = await serve();
    await using client = await troupeClient({ http: server.url, token: serverToken });
    const marks = join(place.folder, 'marks');
    writeFileSync(`${marks}.go`, '');
    await client.executions.start({ flow: 'publish' }, { topic: 'actors', marks }, { key: 'r' });
    await expect
      .poll(async () => (await client.executions.get('r')).pending_wait?.name, { timeout: limits.step })
      .toBe('ok');
    server.child.kill('SIGTERM');
    await server.ended;
    expect((await place.troupe('waits', 'answer', 'r', '--value', 'true')).code).toBe(0);
    expect(await place.troupe('runs', 'resume', 'r', '--quiet')).toMatchObject({
      code: 0,
      out: expect.stringMatching(/\nA text about actors\n$/) as string,
    });
    expect(await place.troupe('runs', 'replay', 'r', '--from', 'slow', '--key', 'r2', '--quiet')).toMatchObject({
      code: 3,
    });
  },
  limits.test,
);

test(
  'a run of a deployed version goes on with its own code at a server that serves another definition of its name',
  async () => {
    mkdirSync(join(place.folder, 'node_modules'));
    symlinkSync(built('x.ts').replace(/x\.js$/, ''), join(place.folder, 'node_modules/troupe'));
    symlinkSync(join(root, 'node_modules/zod'), join(place.folder, 'node_modules/zod'));
    const file = join(place.folder, 'ask.mjs');
    writeFileSync(file, asking('Hello'));
    await place.troupe('deploy', file);
    expect((await place.troupe('invoke', 'ask', '--input', '"x"', '--key', 'r', '--no-ask')).code).toBe(3);
    writeFileSync(file, asking('Changed'));
    const server = await serve(file);
    await using client = await troupeClient({ http: server.url, token: serverToken });
    await client.executions.input('r', { value: true });
    await expect.poll(async () => (await client.executions.get('r')).result, { timeout: limits.step }).toBe('Hello');
    await client.executions.replay('r', { from: 'say', key: 'again' });
    await expect
      .poll(async () => (await client.executions.get('again')).status, { timeout: limits.step })
      .toBe('waiting');
    await client.executions.input('again', { value: true });
    await expect
      .poll(async () => (await client.executions.get('again')).result, { timeout: limits.step })
      .toBe('Hello');
    server.child.kill('SIGTERM');
    await server.ended;
  },
  limits.test,
);

const asking = (word: string) => `import { flow } from 'troupe';
import * as z from 'zod';
export default flow('ask', async (ctx) => {
  const said = await ctx.checkpoint('say', () => ${JSON.stringify(word)});
  await ctx.wait({ name: 'ok', schema: z.boolean() });
  return said;
});`;

const greeting = (word: string) =>
  `import { flow } from 'troupe';\nexport default flow('greet', async (ctx, who) => ctx.checkpoint('greet', () => '${word} ' + who));\n`;
