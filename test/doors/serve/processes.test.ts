/** `troupe serve` in processes of its own: killed and started again, apart, and without a secret anywhere. */
import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { built } from '../../built.ts';
import { canary, testProject, type TestProject } from './project.ts';

const main = built('src/cli/main.ts');
const token = 'a-token-of-the-test-0123456789';

/** A process that serves. */
interface Server extends AsyncDisposable {
  readonly process: ChildProcess;
  /** All that it has written. */
  readonly log: () => string;
  readonly url: (component: string) => string;
  ended(): Promise<number | null>;
}

async function serve(project: TestProject, components: readonly string[], ...more: string[]): Promise<Server> {
  const child = spawn(
    process.execPath,
    [
      main,
      'serve',
      '--components',
      components.join(','),
      '--project-dir',
      project.folder,
      '--port',
      '0',
      '--db',
      join(project.folder, 'troupe.db'),
      '--token',
      token,
      ...more,
    ],
    {
      cwd: project.folder,
      env: { PATH: process.env['PATH'], HOME: project.folder, ...project.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  let written = '';
  const urls = new Map<string, string>();
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  await new Promise<void>((resolve, reject) => {
    const take = (chunk: Buffer) => {
      written += chunk.toString('utf8');
      for (const [, name = '', url = ''] of written.matchAll(/The (\w+) is at (\S+)/g)) urls.set(name, url);
      if (urls.size === components.length) resolve();
    };
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    void ended.then(() => reject(new Error(`It ended before it served:\n${written}`)));
  });
  return {
    process: child,
    log: () => written,
    url: (component) => urls.get(component) ?? '',
    ended: () => ended,
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

async function ask(server: Server, path: string, body?: unknown) {
  const response = await fetch(`${server.url('orchestrator')}${path}`, {
    ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
  });
  const text = await response.text();
  return { status: response.status, text, json: text.startsWith('{') ? JSON.parse(text) : undefined };
}

const statusOf = async (server: Server, run: string) => (await ask(server, `/runs/${run}`)).json?.run;

test(
  'a process that is killed in the middle of a run goes on with it when it is started again, and no secret is anywhere',
  { timeout: 120_000 },
  async () => {
    await using project = await testProject(undefined, true);
    await using first = await serve(project, ['orchestrator', 'runtime', 'gateway']);
    const { run_id } = (await ask(first, '/invoke/hook', { n: 7 })).json;
    await project.hooks.until(1);
    first.process.kill('SIGKILL');
    await first.ended();
    await using second = await serve(project, ['orchestrator', 'runtime', 'gateway']);
    project.hooks.release();
    await expect.poll(() => statusOf(second, run_id), { timeout: 60_000 }).toMatchObject({ status: 'complete' });
    const of = (path: string) => project.hooks.received.filter(({ url }) => url === path);
    expect(of('/second')).toHaveLength(1);
    expect(of('/second')[0]?.body).toContain('7');
    expect(of('/first')[0]?.headers['x-key']).toBe(canary);
    // The second attempt is known again by its key.
    expect(new Set(of('/first').map(({ headers }) => headers['idempotency-key'])).size).toBe(1);
    const shown = await Promise.all(
      [`/runs/${run_id}`, `/runs/${run_id}/envelope`, '/runs', '/approvals', '/health', '/openapi.json'].map((path) =>
        ask(second, path),
      ),
    );
    second.process.kill('SIGTERM');
    expect(await second.ended()).toBe(0);
    const files = readdirSync(project.folder).filter((name) => name.startsWith('troupe.db'));
    const all = [
      ...shown.map(({ text }) => text),
      first.log(),
      second.log(),
      ...files.map((name) => readFileSync(join(project.folder, name), 'latin1')),
    ];
    expect(files.length).toBeGreaterThan(0);
    for (const text of all) expect(text).not.toContain(canary);
  },
);

test(
  'in three processes a run completes; with its runtime killed the step ends by heartbeat_timeout',
  { timeout: 150_000 },
  async () => {
    let silent = false;
    let asked = () => {};
    const isAsked = new Promise<void>((resolve) => (asked = resolve));
    await using project = await testProject(() => {
      if (silent) asked();
      return silent ? { status: 500 } : { content: '{"answer":"done"}' };
    });
    await using gateway = await serve(project, ['gateway']);
    await using runtime = await serve(project, ['runtime'], '--gateway-url', gateway.url('gateway'));
    await using orchestrator = await serve(
      project,
      ['orchestrator'],
      '--runtime-url',
      runtime.url('runtime'),
      '--gateway-url',
      gateway.url('gateway'),
    );
    expect((await ask(orchestrator, '/health')).json).toMatchObject({ status: 'ok' });
    const { json, text } = await ask(orchestrator, '/invoke/outer?wait=60s', {});
    expect(json, [text, orchestrator.log(), runtime.log()].join('\n')).toMatchObject({
      status: 'complete',
      output: { said: 'done' },
    });
    silent = true;
    const { run_id } = (await ask(orchestrator, '/invoke/ask', { topic: 'x' })).json;
    await isAsked;
    runtime.process.kill('SIGKILL');
    await expect
      .poll(() => statusOf(orchestrator, run_id), { timeout: 60_000, interval: 500 })
      .toMatchObject({ status: 'failed', code: 'heartbeat_timeout' });
    expect((await ask(orchestrator, '/health')).status).toBe(503);
    for (const server of [gateway, runtime, orchestrator]) expect(server.log()).not.toContain(canary);
  },
);
