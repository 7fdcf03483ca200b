/** Runs the real command in a process of its own, in a temporary folder with a journal of its own. */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { built } from '../built.ts';

const main = built('src/cli/main.ts');
/** For `shell`. */
const paths = { NODE: process.execPath, MAIN: main };

export interface CommandResult {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export interface Workspace extends Disposable {
  readonly folder: string;
  /** A file of `fixtures`, compiled, because reading TypeScript takes a process most of its time. */
  fixture(name: string): string;
  /** Writes a file of the user, and returns its path. */
  file(name: string, text: string): string;
  troupe(...args: string[]): Promise<CommandResult>;
  /** Runs a line as a user would paste it into a shell that knows `troupe`. */
  shell(line: string): Promise<CommandResult>;
  /** Starts a command; `ended` resolves when it has ended. */
  start(...args: string[]): {
    process: ChildProcess;
    ended: Promise<CommandResult>;
    until(text: RegExp): Promise<void>;
  };
}

export function workspace(): Workspace {
  const folder = mkdtempSync(join(tmpdir(), 'troupe-cli-'));

  const run = (command: string, args: readonly string[]): ReturnType<Workspace['start']> => {
    const child = spawn(command, args, {
      cwd: folder,
      env: { PATH: process.env['PATH'], HOME: folder, TROUPE_DB: join(folder, 'troupe.db'), ...paths },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const output = { out: '', err: '' };
    const listeners = new Set<() => void>();
    const appendTo = (name: 'out' | 'err') => (chunk: Buffer) => {
      output[name] += chunk.toString('utf8');
      for (const notify of listeners) notify();
    };
    child.stdout.on('data', appendTo('out'));
    child.stderr.on('data', appendTo('err'));
    const ended = new Promise<CommandResult>((done) => child.on('close', (code) => done({ code, ...output })));
    const until = (text: RegExp) =>
      new Promise<void>((done, failed) => {
        const check = () => text.test(output.out + output.err) && done();
        listeners.add(check);
        check();
        void ended.then(() =>
          failed(new Error(`It ended before it said ${String(text)}:\n${output.out}${output.err}`)),
        );
      });
    return { process: child, ended, until };
  };
  const start: Workspace['start'] = (...args) => run(process.execPath, [main, ...args]);

  return {
    folder,
    start,
    fixture: (name) => built(join(import.meta.dirname, 'fixtures', name)),
    file(name, text) {
      writeFileSync(join(folder, name), text);
      return join(folder, name);
    },
    troupe: (...args) => start(...args).ended,
    shell: (line) => run('sh', ['-c', 'troupe() { "$NODE" "$MAIN" "$@"; }\n' + line]).ended,
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}
