/** Time, randomness and ids, which a machine must not read itself. The real clock is `systemClock` in `engine/clock.ts`. */
import { TroupeError } from './failure.ts';

/** A source of time, randomness and ids that is passed in, so that tests can replace it. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** In [0, 1). */
  random(): number;
  /** A fresh id, unique on this machine and others, sortable by time. */
  id(): string;
  /** Calls once at `at` (milliseconds since the epoch) or soon after, never before. Disposing cancels it. */
  wake(at: number, call: () => void): Alarm;
  /**
   * Undefined when work may go on at once; else wait for it, because timers and sockets of the process had no turn for some milliseconds.
   * Simulated clocks leave it out: there the order of events must not depend on how fast a machine is.
   */
  turn?(): Promise<void> | undefined;
}

/** A call that was asked for at a time. */
export interface Alarm extends Disposable {
  /** Does it keep its process alive until then? It does until it is told otherwise. A clock whose alarms keep no process alive leaves this out. */
  keepAlive?(keeps: boolean): void;
}

/** Waits `ms` milliseconds; rejects with `cancelled` as soon as the signal fires. */
export function sleep(clock: Pick<Clock, 'now' | 'wake'>, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      timer[Symbol.dispose]();
      reject(new TroupeError('cancelled', 'Stopped while waiting.'));
    };
    const timer = clock.wake(clock.now() + ms, () => {
      signal?.removeEventListener('abort', stop);
      resolve();
    });
    if (signal?.aborted) stop();
    else signal?.addEventListener('abort', stop, { once: true });
  });
}
