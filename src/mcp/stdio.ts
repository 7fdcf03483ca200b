/**
 * Talks to a server that is a child process: one JSON message per line.
 *
 * SP1 The server gets the variables it was given and a few safe ones, never our whole environment.
 * SP2 The server runs in a process group of its own, and no process of that group outlives the connection.
 * SP3 Memory is bounded: one line of 8 MB, the last 4 KB of stderr, a hundred unreadable lines in a row.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import type { JSONRPCMessage, Transport } from '@modelcontextprotocol/client';
import type { Clock } from '../values/clock.ts';
import type { TroupeError } from '../values/failure.ts';
import { killOnExit, killGroup, safeEnvironment } from './childProcess.ts';
import { serverError, type ErrorContext } from './errors.ts';
import { lineSplitter } from './lineSplitter.ts';
import type { ProgramAddress } from './address.ts';
import type { McpTransport } from './connection.ts';

const maxLine = 8 * 1024 * 1024;
const maxNoise = 100;
const maxStderr = 4 * 1024;
/** How long a server has to end by itself after its input has ended, and again after SIGTERM; milliseconds. */
const grace = 1_000;

/** Reads a message, or throws. */
type Parse = (value: unknown) => JSONRPCMessage;

/** Starts a program as a server. */
export async function stdioTransport(place: ProgramAddress, clock: Clock, blame: ErrorContext): Promise<McpTransport> {
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
  readonly #place: ProgramAddress;
  readonly #clock: Clock;
  readonly #blame: ErrorContext;
  readonly #parse: Parse;
  #child: ChildProcess | undefined;
  #ended: Promise<void> = Promise.resolve();
  readonly #lines = lineSplitter(
    maxLine,
    (line) => this.#take(line),
    () =>
      this.#break(`sent a message larger than ${maxLine / 1024 / 1024} MB. Ask it for less, or use another server.`),
  );
  #noise = 0;
  #stderr = '';
  #failure: TroupeError | undefined;
  #closing = false;

  constructor(place: ProgramAddress, clock: Clock, blame: ErrorContext, parse: Parse) {
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
    // The library may come here after we gave up.
    if (this.#closing) return Promise.reject(serverError(this.#blame, 'was closed before it started.'));
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
        killOnExit(child);
        void this.#overAfter(child);
        resolve();
      });
      child.stdout.on('data', (chunk: Buffer) => this.#lines.add(chunk));
      child.stderr.on('data', (chunk: Buffer) => (this.#stderr = (this.#stderr + chunk.toString()).slice(-maxStderr)));
      // A server that closed its input while we wrote: `exit` says the rest.
      for (const stream of child.stdio) stream?.on('error', (error: Error) => this.onerror?.(error));
    });
  }

  send(message: JSONRPCMessage): Promise<void> {
    return new Promise((resolve, reject) => {
      const input = this.#child?.stdin;
      if (!input?.writable) return reject(this.#failure ?? serverError(this.#blame, 'is not connected.'));
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

  #take(line: string): void {
    if (this.#failure || !line.trim()) return;
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

  /** After such an error its messages cannot be trusted: it is killed at once. */
  #break(problem: string): void {
    this.#fail(problem, false);
    this.#lines.clear();
    const child = this.#child;
    if (!child) return;
    child.stdout?.removeAllListeners('data').resume();
    killGroup(child);
  }

  #fail(problem: string, retryable = true): void {
    if (this.#failure || this.#closing) return;
    this.#failure = serverError(this.#blame, problem, retryable);
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
    this.#failure = serverError(
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
