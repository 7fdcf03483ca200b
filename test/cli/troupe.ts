/** The real command in a process of its own, with a journal of its own. */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { built } from '../built.ts';

const main = built('src/cli/main.ts');

export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export interface Place extends Disposable {
  readonly folder: string;
  /** A file of `fixtures`, compiled: to read TypeScript takes a process most of its time. */
  fixture(name: string): string;
  /** Writes a file that a user might have written. */
  file(name: string, text: string): string;
  troupe(...args: string[]): Promise<Ended>;
  /** A running one; `ended` resolves when it has. */
  start(...args: string[]): { process: ChildProcess; ended: Promise<Ended>; until(text: RegExp): Promise<void> };
}

export function place(): Place {
  const folder = mkdtempSync(join(tmpdir(), 'troupe-cli-'));

  const start: Place['start'] = (...args) => {
    const child = spawn(process.execPath, [main, ...args], {
      cwd: folder,
      env: { PATH: process.env['PATH'], HOME: folder, TROUPE_DB: join(folder, 'troupe.db') },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const said = { out: '', err: '' };
    const listeners = new Set<() => void>();
    const hear = (name: 'out' | 'err') => (chunk: Buffer) => {
      said[name] += chunk.toString('utf8');
      for (const call of listeners) call();
    };
    child.stdout.on('data', hear('out'));
    child.stderr.on('data', hear('err'));
    const ended = new Promise<Ended>((done) => child.on('close', (code) => done({ code, ...said })));
    const until = (text: RegExp) =>
      new Promise<void>((done, failed) => {
        const look = () => text.test(said.out + said.err) && done();
        listeners.add(look);
        look();
        void ended.then(() => failed(new Error(`It ended before it said ${String(text)}:\n${said.out}${said.err}`)));
      });
    return { process: child, ended, until };
  };

  return {
    folder,
    start,
    fixture: (name) => built(join(import.meta.dirname, 'fixtures', name)),
    file(name, text) {
      writeFileSync(join(folder, name), text);
      return join(folder, name);
    },
    troupe: (...args) => start(...args).ended,
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}
