/** Processes of `troupe serve`, and what they are asked. */
import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { built } from '../../built.ts';
import type { TestProject } from './project.ts';

const main = built('src/cli/main.ts');
const token = 'a-token-of-the-test-0123456789';

/** A process that serves. */
export interface Server extends AsyncDisposable {
  readonly process: ChildProcess;
  /** All that it has written. */
  readonly log: () => string;
  readonly url: (component: string) => string;
  ended(): Promise<number | null>;
}

/** Serves on free ports; `--port` among the options gives another one. */
export async function serve(project: TestProject, components: readonly string[], ...more: string[]): Promise<Server> {
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
      ...(more.includes('--nats') ? [] : ['--db', join(project.folder, 'troupe.db')]),
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

/** Asks the orchestrator of a process. */
export async function ask(
  server: Server,
  path: string,
  body?: unknown,
  headers: Readonly<Record<string, string>> = {},
) {
  const response = await fetch(`${server.url('orchestrator')}${path}`, {
    ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}`, ...headers },
  });
  const text = await response.text();
  return { status: response.status, text, json: text.startsWith('{') ? JSON.parse(text) : undefined };
}

/** The run as the orchestrator of the process shows it. */
export const statusOf = async (server: Server, run: string) => (await ask(server, `/runs/${run}`)).json?.run;
