/**
 * Talks to a server that is a child process: one JSON message per line.
 *
 * S1 The server gets the variables it was given and a few safe ones, never our whole environment.
 * S2 It runs in a process group of its own, and nothing of that group outlives the connection.
 * S3 What it may make us keep is bounded: one line of 8 MB, the last 4 KB of stderr, a hundred unreadable lines in a row.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import type { JSONRPCMessage, Transport } from '@modelcontextprotocol/client';
import type { Clock } from '../contracts/clock.ts';
import type { TroupeError } from '../contracts/failure.ts';
import { environment, type Blame } from './failure.ts';
import type { ProgramPlace } from './place.ts';
import type { Wire } from './wire.ts';

const maxLine = 8 * 1024 * 1024;
const maxNoise = 100;
const maxStderr = 4 * 1024;
/** Milliseconds a server has to leave by itself after its input ended, and again after SIGTERM. */
const grace = 1_000;

const passedOn =
  process.platform === 'win32'
    ? 'APPDATA COMSPEC HOMEDRIVE HOMEPATH LOCALAPPDATA PATH PATHEXT PROGRAMDATA PROGRAMFILES SYSTEMDRIVE SYSTEMROOT TEMP USERNAME USERPROFILE WINDIR'.split(
        ' ',
      )
    : ['PATH', 'HOME', 'LANG', 'LC_ALL', 'LOGNAME', 'SHELL', 'TERM', 'TMPDIR', 'TZ', 'USER'];

/** Reads a message, or throws. */
type Parse = (value: unknown) => JSONRPCMessage;

export async function stdioWire(place: ProgramPlace, clock: Clock, blame: Blame): Promise<Wire> {
  const { parseJSONRPCMessage } = await import('@modelcontextprotocol/client');
  const transport = new StdioTransport(place, clock, blame, parseJSONRPCMessage);
  return {
    transport,
    get failure() {
      return transport.failure;
    },
    close: () => transport.close(),
  };
}

class StdioTransport implements Transport {
  onclose?: () => void;
  onerror?: (error: Error) => void;
  onmessage?: Transport['onmessage'];
  readonly #place: ProgramPlace;
  readonly #clock: Clock;
  readonly #blame: Blame;
  readonly #parse: Parse;
  #child: ChildProcess | undefined;
  #ended: Promise<void> = Promise.resolve();
  #line: Buffer[] = [];
  #lineBytes = 0;
  #noise = 0;
  #stderr = '';
  #failure: TroupeError | undefined;
  #closing = false;

  constructor(place: ProgramPlace, clock: Clock, blame: Blame, parse: Parse) {
    this.#place = place;
    this.#clock = clock;
    this.#blame = blame;
    this.#parse = parse;
  }

  /** Why the connection ended, when it was not we who ended it. */
  get failure(): TroupeError | undefined {
    return this.#failure;
  }

  start(): Promise<void> {
    const { command, args, env, cwd } = this.#place;
    return new Promise((resolve, reject) => {
      const child = spawn(command, args, {
        env: { ...safeEnvironment(), ...env },
        cwd,
        stdio: ['pipe', 'pipe', 'pipe'],
        detached: process.platform !== 'win32',
        windowsHide: true,
      });
      this.#child = child;
      this.#ended = new Promise((ended) => {
        child.once('error', (error: NodeJS.ErrnoException) => {
          reject(this.#cannotStart(error));
          ended();
        });
        child.once('exit', () => {
          killGroup(child);
          ended();
        });
      });
      child.once('spawn', () => {
        watch(child);
        void this.#overAfter(child);
        resolve();
      });
      child.stdout.on('data', (chunk: Buffer) => this.#read(chunk));
      child.stderr.on('data', (chunk: Buffer) => (this.#stderr = (this.#stderr + chunk.toString()).slice(-maxStderr)));
      // A server that closed its input while we wrote: `exit` says the rest.
      for (const stream of child.stdio) stream?.on('error', (error: Error) => this.onerror?.(error));
    });
  }

  send(message: JSONRPCMessage): Promise<void> {
    return new Promise((resolve, reject) => {
      const input = this.#child?.stdin;
      if (!input?.writable) return reject(this.#failure ?? environment(this.#blame, 'is not connected.'));
      input.write(`${JSON.stringify(message)}\n`, (error) => (error ? reject(this.#failure ?? error) : resolve()));
    });
  }

  /** Ends its input, asks, then kills; what it started goes with it. */
  async close(): Promise<void> {
    const child = this.#child;
    this.#closing = true;
    if (!child || child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
    child.stdin?.end();
    if (!(await this.#happensWithin(grace, this.#ended))) {
      killGroup(child, 'SIGTERM');
      if (!(await this.#happensWithin(grace, this.#ended))) killGroup(child);
    }
    await this.#ended;
    for (const stream of child.stdio) stream?.destroy();
  }

  /** What it said before it ended is still heard; but a stray grandchild that holds its pipes is not waited for. */
  async #overAfter(child: ChildProcess): Promise<void> {
    const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
    await this.#ended;
    await this.#happensWithin(grace, closed);
    const { exitCode, signalCode } = child;
    this.#fail(`ended ${signalCode ? `by ${signalCode}` : `with exit code ${exitCode}`}${this.#lastWords()}`);
    this.onclose?.();
  }

  #happensWithin(ms: number, event: Promise<void>): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = this.#clock.wake(this.#clock.now() + ms, () => resolve(false));
      void event.then(() => {
        timer[Symbol.dispose]();
        resolve(true);
      });
    });
  }

  #read(chunk: Buffer): void {
    let rest = chunk;
    for (let end = rest.indexOf(10); end >= 0 && !this.#failure; end = rest.indexOf(10)) {
      const line = Buffer.concat([...this.#line, rest.subarray(0, end)]).toString();
      this.#line = [];
      this.#lineBytes = 0;
      rest = rest.subarray(end + 1);
      this.#take(line);
    }
    if (this.#failure) return;
    this.#line.push(rest);
    this.#lineBytes += rest.length;
    if (this.#lineBytes > maxLine)
      this.#break(`sent a message larger than ${maxLine / 1024 / 1024} MB. Ask it for less, or use another server.`);
  }

  #take(line: string): void {
    if (!line.trim()) return;
    let message: JSONRPCMessage;
    try {
      message = this.#parse(JSON.parse(line));
    } catch {
      // Some servers log to stdout by mistake: that is borne, within reason.
      if (++this.#noise < maxNoise) return;
      const sample = JSON.stringify(line.slice(0, 80));
      return this.#break(
        `wrote ${maxNoise} lines that are not MCP messages, the last one ${sample}. Check its command; logs belong on stderr.`,
      );
    }
    this.#noise = 0;
    this.onmessage?.(message);
  }

  /** What it sends cannot be trusted any more: it is stopped at once. */
  #break(problem: string): void {
    this.#fail(problem, false);
    this.#line = [];
    const child = this.#child!;
    child.stdout?.removeAllListeners('data').resume();
    killGroup(child);
  }

  #fail(problem: string, retryable = true): void {
    if (this.#failure || this.#closing) return;
    this.#failure = environment(this.#blame, problem, retryable);
    this.onerror?.(this.#failure);
  }

  #cannotStart(error: NodeJS.ErrnoException): TroupeError {
    const { command, cwd } = this.#place;
    const where = cwd === undefined ? '' : ` in ${cwd}`;
    const why =
      error.code === 'ENOENT'
        ? 'no such program or folder'
        : error.code === 'EACCES'
          ? 'it may not be run'
          : error.message;
    this.#failure = environment(
      this.#blame,
      `cannot be started with "${command}"${where}: ${why}. Check the command, its path and that it is installed.`,
      false,
      error,
    );
    return this.#failure;
  }

  #lastWords(): string {
    const words = this.#stderr.trim().slice(-500);
    return words ? `; its last words: ${words}` : '.';
  }
}

function safeEnvironment(): Record<string, string> {
  const found = passedOn.map((name) => [name, process.env[name]] as const);
  // A value that starts with () is an exported shell function.
  return Object.fromEntries(
    found.filter((pair): pair is [string, string] => pair[1] !== undefined && !pair[1].startsWith('()')),
  );
}

function killGroup(child: ChildProcess, signal: NodeJS.Signals = 'SIGKILL'): void {
  if (child.pid === undefined) return;
  try {
    if (process.platform === 'win32')
      spawn('taskkill', ['/pid', String(child.pid), '/T', '/F'], { windowsHide: true }).on('error', () => child.kill());
    else process.kill(-child.pid, signal);
  } catch {
    // Nobody of the group is left.
  }
}

/** A process that ends without closing its connections must not leave servers behind: one listener ends them all. */
const running = new Set<ChildProcess>();
function watch(child: ChildProcess): void {
  if (running.size === 0) process.once('exit', killAll);
  running.add(child);
  child.once('exit', () => {
    running.delete(child);
    if (running.size === 0) process.off('exit', killAll);
  });
}
function killAll(): void {
  for (const child of running) killGroup(child);
}
