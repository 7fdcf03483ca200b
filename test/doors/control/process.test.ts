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
async function serve() {
  const { process: child, ended, until } = place.start('control', fixture, '--port', '0', '--token', serverToken);
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
    await expect(deployments.delete('greet', 1)).rejects.toMatchObject({ kind: 'conflict' });
    expect(await deployments.tag('greet', 2, 'default', { exclusive: true })).toMatchObject({
      exclusive_tags: ['default'],
    });
    await deployments.delete('greet', 1);
    expect((await deployments.list({ flow: 'greet' })).items).toMatchObject([{ version: 2 }]);
    await expect(deployments.create('nothing.mjs')).rejects.toMatchObject({ kind: 'invalid' });
    server.child.kill('SIGTERM');
    await server.ended;
  },
  limits.test,
);

const greeting = (word: string) =>
  `import { flow } from 'troupe';\nexport default flow('greet', async (ctx, who) => ctx.checkpoint('greet', () => '${word} ' + who));\n`;
