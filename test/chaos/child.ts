/** The processes that chaos is made with: the real `troupe run`, and the worker whose points have names. */
import { spawn } from 'node:child_process';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../..');
const conditions = ['--conditions', 'troupe-source', '--import', 'tsx'];

export interface End {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly out: string;
  readonly err: string;
}

export interface Child {
  /** Resolves when it has begun to work, or is over before. */
  readonly working: Promise<void>;
  readonly ended: Promise<End>;
  kill(signal: NodeJS.Signals): void;
}

/** Nothing here takes longer than this; milliseconds. */
const longest = 60_000;

export const troupe = (db: string, url: string, room: string): Child =>
  start([join(root, 'src/cli/main.ts'), 'run', 'test/chaos/subject.ts', '--input', room, '--key', room, '--db', db], {
    CHAOS_WORLD: url,
  });

/** `point`: where it kills itself, such as `commit 7 after`. */
export const worker = (db: string, url: string, rooms: readonly string[], point = ''): Child =>
  start([join(root, 'test/chaos/worker.ts'), db, ...rooms], { CHAOS_WORLD: url, CHAOS_POINT: point });

/** A node of a cluster, with the subject to offer. */
export const node = (server: string, name: string, url: string): Child =>
  start([join(root, 'test/chaos/nodeWorker.ts'), server, name], { CHAOS_WORLD: url }, 10 * longest);

function start(args: readonly string[], env: Record<string, string>, most = longest): Child {
  const child = spawn(process.execPath, [...conditions, ...args], {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let out = '';
  let err = '';
  let works!: () => void;
  const working = new Promise<void>((begun) => (works = begun));
  const limit = setTimeout(() => child.kill('SIGKILL'), most);
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => {
    err += chunk.toString();
    works();
  });
  const ended = new Promise<End>((done, fail) => {
    child.on('error', fail);
    child.on('close', (code, signal) => {
      clearTimeout(limit);
      works();
      done({ code, signal, out, err });
    });
  });
  return { working, ended, kill: (signal) => void child.kill(signal) };
}
