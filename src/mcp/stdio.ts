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
import { contain } from '../values/contain.ts';
import type { TroupeError } from '../values/failure.ts';
import type { Json } from '../values/json.ts';
import { killOnExit, killGroup, safeEnvironment } from './childProcess.ts';
import { serverError, type ErrorContext } from './errors.ts';
import { lineSplitter } from './lineSplitter.ts';
import type { ProgramAddress } from './address.ts';
import type { McpTransport } from './connection.ts';
import { mendAnswers, type Mend } from './mendAnswers.ts';

const maxLine = 8 * 1024 * 1024;
const maxUnreadableLines = 100;
const maxStderr = 4 * 1024;
/** How long a server has to end by itself after its input has ended, and again after SIGTERM; milliseconds. */
const grace = 1_000;

interface Reading {
  /** Reads a message, or throws. */
  readonly parse: (value: unknown) => JSONRPCMessage;
  readonly mend: Mend;
}

/** Starts a program as a server. `unreadable` is called with each line that is no message. */
export async function stdioTransport(
  address: ProgramAddress,
  clock: Clock,
  context: ErrorContext,
  unreadable: (line: string) => void,
): Promise<McpTransport> {
  const { parseJSONRPCMessage, isSpecType } = await import('@modelcontextprotocol/client');
  const mend = mendAnswers(isSpecType.ContentBlock);
  const transport = new StdioTransport(address, clock, context, { parse: parseJSONRPCMessage, mend }, unreadable);
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
  readonly #address: ProgramAddress;
  readonly #clock: Clock;
  readonly #context: ErrorContext;
  readonly #parse: Reading['parse'];
  readonly #mend: Mend;
  readonly #unreadable: (line: string) => void;
  /** Names this server where something of it cannot be handled. */
  readonly #place: string;
  #child: ChildProcess | undefined;
  #ended: Promise<void> = Promise.resolve();
  readonly #lines = lineSplitter(
    maxLine,
    (line) => this.#handleLine(line),
    () =>
      this.#failAndKill(
        `sent a message larger than ${maxLine / 1024 / 1024} MB. Ask it for less, or use another server.`,
      ),
  );
  #unreadableLines = 0;
  #stderr = '';
  #failure: TroupeError | undefined;
  #closing = false;

  constructor(
    address: ProgramAddress,
    clock: Clock,
    context: ErrorContext,
    { parse, mend }: Reading,
    unreadable: (line: string) => void,
  ) {
    this.#address = address;
    this.#clock = clock;
    this.#context = context;
    this.#parse = parse;
    this.#mend = mend;
    this.#unreadable = unreadable;
    this.#place = `What came from tool server "${context.server}"`;
  }

  /** Why the connection ended, when it was not we who ended it. */
  get failure(): TroupeError | undefined {
    return this.#failure;
  }

  start(): Promise<void> {
    const { command, args, env, cwd } = this.#address;
    // The library may call this after the connection was closed.
    if (this.#closing) return Promise.reject(serverError(this.#context, 'was closed before it started.'));
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
        contain(this.#place, () => this.#reportExit(child));
        resolve();
      });
      child.stdout.on('data', (chunk: Buffer) => contain(this.#place, () => this.#lines.add(chunk)));
      child.stdout.once('end', () => contain(this.#place, () => this.#reportSilence()));
      child.stderr.on('data', (chunk: Buffer) => (this.#stderr = (this.#stderr + chunk.toString()).slice(-maxStderr)));
      // The server closed its input while we wrote; the event `exit` tells why it ended.
      for (const stream of child.stdio)
        stream?.on('error', (error: Error) => contain(this.#place, this.onerror, error));
    });
  }

  send(message: JSONRPCMessage): Promise<void> {
    return new Promise((resolve, reject) => {
      const input = this.#child?.stdin;
      if (!input?.writable) return reject(this.#failure ?? serverError(this.#context, 'is not connected.'));
      input.write(`${JSON.stringify(message)}\n`, (error) => (error ? reject(this.#failure ?? error) : resolve()));
    });
  }

  /** Ends the server's input, then sends SIGTERM, then SIGKILL to its whole process group. */
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

  /** Reports the exit, once the output from before it was read. A grandchild that still holds the pipes is not waited for. */
  async #reportExit(child: ChildProcess): Promise<void> {
    const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
    await this.#ended;
    await this.#happensWithin(grace, closed);
    const { exitCode, signalCode } = child;
    this.#fail(`ended ${signalCode ? `by ${signalCode}` : `with exit code ${exitCode}`}${this.#stderrTail()}`);
    contain(this.#place, this.onclose);
  }

  /** A server that has closed its output and goes on running answers nothing any more. */
  async #reportSilence(): Promise<void> {
    if (!(await this.#happensWithin(grace, this.#ended))) this.#failAndKill('closed its output.', true);
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

  #handleLine(line: string): void {
    if (this.#failure || !line.trim()) return;
    let messages: readonly JSONRPCMessage[];
    try {
      messages = this.#mend(messageIn(line)).map((message) => this.#parse(message));
    } catch {
      // Some servers log to stdout by mistake: a limited number of such lines is ignored.
      contain(this.#place, this.#unreadable, this.#context.mask(line.slice(0, 200)));
      if (++this.#unreadableLines < maxUnreadableLines) return;
      const sample = JSON.stringify(line.slice(0, 80));
      return this.#failAndKill(
        `wrote ${maxUnreadableLines} lines that are not MCP messages, the last one ${sample}. Check its command; logs belong on stderr.`,
      );
    }
    this.#unreadableLines = 0;
    // A message that cannot be handled must not take with it those that came in the same piece.
    for (const message of messages) contain(this.#place, this.onmessage, message);
  }

  /** Fails the connection and kills the server at once: after such output its messages cannot be trusted. */
  #failAndKill(problem: string, retryable = false): void {
    this.#fail(problem, retryable);
    this.#lines.clear();
    const child = this.#child;
    if (!child) return;
    child.stdout?.removeAllListeners('data').resume();
    killGroup(child);
  }

  #fail(problem: string, retryable = true): void {
    if (this.#failure || this.#closing) return;
    this.#failure = serverError(this.#context, problem, retryable);
    contain(this.#place, this.onerror, this.#failure);
  }

  #cannotStart(error: NodeJS.ErrnoException): TroupeError {
    const { command, cwd } = this.#address;
    const where = cwd === undefined ? '' : ` in ${cwd}`;
    const why =
      error.code === 'ENOENT'
        ? 'no such program or folder'
        : error.code === 'EACCES'
          ? 'it may not be run'
          : error.message;
    this.#failure = serverError(
      this.#context,
      `cannot be started with "${command}"${where}: ${why}. Check the command, its path and that it is installed.`,
      false,
      error,
    );
    return this.#failure;
  }

  #stderrTail(): string {
    const words = this.#stderr.trim().slice(-500);
    return words ? `; its last words: ${words}` : '.';
  }
}

/** What a line holds, also behind a byte order mark, or a text that was printed without the end of its line. Throws when it is no JSON. */
function messageIn(line: string): Json {
  const text = line.replace(/^\ufeff/, '');
  try {
    return JSON.parse(text) as Json; // What JSON.parse gives is JSON.
  } catch (error) {
    const start = text.indexOf('{"jsonrpc"');
    if (start <= 0) throw error;
    return JSON.parse(text.slice(start)) as Json;
  }
}
