/** Follows the lines of a run across lost connections, whatever they come by. */
import { sleep, type Clock } from '../../values/clock.ts';
import { TroupeError, toFailure } from '../../values/failure.ts';
import type { LogEntry } from './execution.ts';

/** How lines are followed. */
export interface FollowAgainOptions {
  /** Asks for the lines after a place, until the run has ended. A connection that is lost is `transient`, `timeout`, or no TroupeError. */
  open(after: number | undefined, signal: AbortSignal): AsyncIterable<LogEntry>;
  /** The place after which they begin; the first one by default. */
  readonly after?: number | undefined;
  /** Ends the lines. */
  readonly signal?: AbortSignal | undefined;
  readonly clock: Pick<Clock, 'now' | 'wake'>;
}

/** Milliseconds before lines are asked for again, and how often in a row without a line. */
const pause = 500;
const mostAttempts = 20;

/** The lines, each once. Rejects with `transient` when the connection stays lost, and at once with anything else. */
export async function* followAgain({
  open,
  after,
  signal,
  clock,
}: FollowAgainOptions): AsyncGenerator<LogEntry, void, undefined> {
  let last = after;
  for (let attempts = 0; ; attempts++) {
    if (signal?.aborted) return;
    const stop = new AbortController();
    const signals = signal ? AbortSignal.any([signal, stop.signal]) : stop.signal;
    try {
      for await (const line of open(last, signals)) {
        last = line.seq;
        attempts = 0;
        yield line;
      }
      return;
    } catch (thrown) {
      if (signal?.aborted) return;
      if (!isLost(thrown)) throw thrown;
      if (attempts >= mostAttempts)
        throw new TroupeError(
          'transient',
          `The server cannot be reached any longer: ${toFailure(thrown).message} Follow again later.`,
          { cause: thrown },
        );
    } finally {
      stop.abort();
    }
    await sleep(clock, pause, signal).catch(() => {}); // Aborted: the loop looks at the signal.
  }
}

const isLost = (thrown: unknown): boolean =>
  !(thrown instanceof TroupeError) || thrown.kind === 'transient' || thrown.kind === 'timeout';
