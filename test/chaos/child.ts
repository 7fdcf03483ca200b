/** The processes of the chaos tests: the real `troupe run`, a worker that can kill itself at a named point, and a node. */
import { spawn } from 'node:child_process';
import { built, root } from '../built.ts';
import { limits } from '../limits.ts';
import type { Place } from './places.ts';

export interface ProcessEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly out: string;
  readonly err: string;
}

export interface Child {
  /** Resolves when the process has started to work, or has ended. */
  readonly working: Promise<void>;
  readonly ended: Promise<ProcessEnd>;
  kill(signal: NodeJS.Signals): void;
}

export const troupe = (db: string, url: string, room: string): Child =>
  start([built('src/cli/main.ts'), 'run', built('test/chaos/clerk.ts'), '--input', room, '--key', room, '--db', db], {
    CHAOS_WORLD: url,
  });

/** `point`: where it kills itself, such as `commit 7 after`. */
export const worker = (db: string, url: string, rooms: readonly string[], point = ''): Child =>
  start([built('test/chaos/worker.ts'), db, ...rooms], { CHAOS_WORLD: url, CHAOS_POINT: point });

/** A node of a cluster that offers the agent. */
export const node = ({ url, stateFolder, replicas }: Place, name: string, world: string): Child =>
  start([built('test/chaos/nodeWorker.ts'), url, stateFolder, name, `${replicas}`], { CHAOS_WORLD: world });

function start(args: readonly string[], env: Record<string, string>): Child {
  const child = spawn(process.execPath, args, {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let out = '';
  let err = '';
  let markWorking!: () => void;
  const working = new Promise<void>((begun) => (markWorking = begun));
  const limit = setTimeout(() => child.kill('SIGKILL'), limits.long);
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => {
    err += chunk.toString();
    markWorking();
  });
  const ended = new Promise<ProcessEnd>((done, fail) => {
    child.on('error', fail);
    child.on('close', (code, signal) => {
      clearTimeout(limit);
      markWorking();
      done({ code, signal, out, err });
    });
  });
  return { working, ended, kill: (signal) => void child.kill(signal) };
}
