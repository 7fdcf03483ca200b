/** What a command uses of its process: streams, environment, clock and runtime. Tests pass their own. */
import type { Clock } from '../values/clock.ts';
import type { SecretMask } from '../observe/secretMask.ts';
import type { Runtime, RuntimeOptions } from '../runtime/runtime.ts';

/** A stream for output, with the size of its terminal if it is one. */
export interface OutputStream {
  write(text: string): unknown;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
}

/** The process of a command. */
export interface Cli {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The folder that paths are relative to. */
  readonly cwd: string;
  /** Results, and nothing else. */
  readonly out: OutputStream;
  /** Progress, logs, questions and messages. */
  readonly err: OutputStream;
  /** Are stdin and stderr a terminal, so that a person can be asked? */
  readonly isInteractive: boolean;
  readonly clock: Clock;
  /** The secrets that the process knows of. What is written to `err`, and what is served, is masked with it. */
  readonly mask: SecretMask;
  /** Opens the runtime with its journal. */
  open(options: RuntimeOptions): Promise<Runtime>;
  /** Everything on stdin, for `--input -`. */
  readAll(): Promise<string>;
  /** Asks a person for a line; undefined when the input ended or `signal` fired. A `hidden` line is not shown while it is typed; it is by default. */
  ask(question: string, signal: AbortSignal, options?: { readonly hidden?: boolean }): Promise<string | undefined>;
  /** Calls on Ctrl-C and SIGTERM, until what is returned is disposed. */
  onInterrupt(call: () => void): Disposable;
  /** Ends the process at once with this exit code. */
  exitNow(code: number): void;
}

/** Colours are used on a terminal unless NO_COLOR or TERM=dumb forbids it (https://no-color.org); FORCE_COLOR decides alone. */
export const useColors = ({ env }: Pick<Cli, 'env'>, to: OutputStream): boolean =>
  env['FORCE_COLOR'] ? env['FORCE_COLOR'] !== '0' : to.isTTY === true && !env['NO_COLOR'] && env['TERM'] !== 'dumb';
