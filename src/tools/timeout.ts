/** Runs work with a timeout: its caller gets an answer in time, whatever the work does. */
import type { Clock } from '../values/clock.ts';
import { TroupeError } from '../values/failure.ts';

/** How long work may take, and what else ends it. */
export interface TimeoutOptions {
  /** Time and timers. */
  readonly clock: Clock;
  /** Milliseconds. */
  readonly timeout: number;
  /** The caller's signal: when it fires, the work fails with `cancelled`. */
  readonly signal: AbortSignal;
  /** Makes the error for the timeout. */
  readonly late: () => TroupeError;
}

/** Runs the work with a signal that fires at the timeout or when the caller's does. Its result after that is dropped, also when it is an error. */
export function withTimeout<T>(
  { clock, timeout, signal, late }: TimeoutOptions,
  work: (signal: AbortSignal) => Promise<T> | T,
): Promise<T> {
  if (signal.aborted) return Promise.reject(cancelledError(signal));
  return new Promise<T>((resolve, reject) => {
    const inner = new AbortController();
    const stop = (error: TroupeError) => {
      settle();
      reject(error);
      inner.abort(error);
    };
    const onAbort = () => stop(cancelledError(signal));
    const timer = clock.wake(clock.now() + timeout, () => stop(late()));
    const settle = () => {
      timer[Symbol.dispose]();
      signal.removeEventListener('abort', onAbort);
    };
    signal.addEventListener('abort', onAbort, { once: true });
    void (async () => {
      try {
        resolve(await work(inner.signal));
      } catch (thrown) {
        // It is passed on as it was thrown.
        reject(thrown as Error);
      } finally {
        settle();
      }
    })();
  });
}

/** The error for a signal that fired. */
export const cancelledError = (signal: AbortSignal): TroupeError =>
  signal.reason instanceof TroupeError
    ? signal.reason
    : new TroupeError('cancelled', 'The call was stopped before it ended.', { cause: signal.reason });

/** `500 ms`, `2 s`, `1.5 min`: for people. */
export const formatMs = (ms: number): string =>
  ms < 1_000 ? `${ms} ms` : ms < 120_000 ? `${ms / 1_000} s` : `${Math.round(ms / 6_000) / 10} min`;
