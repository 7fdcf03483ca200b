/** The world as a command sees it: streams, surroundings, the clock and the runtime. Tests hand in another one. */
import type { Clock } from '../contracts/clock.ts';
import type { Runtime, RuntimeOptions } from '../runtime.ts';

export interface Writer {
  write(text: string): unknown;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
}

export interface Cli {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Results, and nothing else. */
  readonly out: Writer;
  /** Progress, logs, questions and messages. */
  readonly err: Writer;
  /** Is a person at the other end of stdin? */
  readonly attended: boolean;
  readonly clock: Clock;
  open(options: RuntimeOptions): Promise<Runtime>;
  /** Everything on stdin, for `--input -`. */
  readAll(): Promise<string>;
  /** Asks a person for a line; undefined when the input ended or `signal` fired. */
  ask(question: string, signal: AbortSignal): Promise<string | undefined>;
  /** Calls on Ctrl-C and SIGTERM. */
  onInterrupt(call: () => void): Disposable;
  /** Leaves at once, whatever is going on. */
  leave(code: number): void;
}

/** Colours are for people: a terminal, and nobody said no (https://no-color.org). */
export const colorful = ({ env }: Pick<Cli, 'env'>, to: Writer): boolean =>
  env['FORCE_COLOR'] ? env['FORCE_COLOR'] !== '0' : to.isTTY === true && !env['NO_COLOR'] && env['TERM'] !== 'dumb';
