/** A clock for tests that moves only when it is advanced. */
import { requireOptions } from '../values/options.ts';
import type { Clock } from '../values/clock.ts';

/** A `Clock` whose time moves only by `advance`. */
export interface VirtualClock extends Clock {
  /** Moves time forward by this many milliseconds. Timers that fall due fire in order, each while `now()` is its due time. */
  advance(ms: number): void;
  /** When the next timer is due, in milliseconds since the epoch; undefined when there is none. */
  readonly next: number | undefined;
}

interface Timer {
  readonly at: number;
  readonly order: number;
  readonly call: () => void;
}

/**
 * Makes a virtual clock. `start`: its first `now()`, in milliseconds since the epoch; 1,700,000,000,000 by default.
 * `seed`: a number that decides every value of `random()` and `id()`; 1 by default.
 */
export function virtualClock(
  options: {
    /** The time at first, in milliseconds since the epoch. */
    readonly start?: number;
    /** Decides random numbers and ids; 1 by default. */
    readonly seed?: number;
  } = {},
): VirtualClock {
  requireOptions('virtualClock', options, { start: true, seed: true });
  const { start = 1_700_000_000_000, seed = 1 } = options;
  let now = start;
  let state = seed >>> 0 || 1;
  let ids = 0;
  let order = 0;
  const timers = new Set<Timer>();
  const earliest = () =>
    [...timers].reduce<Timer | undefined>(
      (best, s) => (!best || s.at < best.at || (s.at === best.at && s.order < best.order) ? s : best),
      undefined,
    );

  return {
    now: () => now,
    // xorshift32: small, seeded, and good enough for schedules.
    random() {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      return (state >>> 0) / 2 ** 32;
    },
    id: () => `v${seed}-${(ids++).toString(36).padStart(6, '0')}`,
    wake(at, call) {
      const timer = { at, order: order++, call };
      timers.add(timer);
      return { [Symbol.dispose]: () => void timers.delete(timer) };
    },
    advance(ms) {
      const until = now + ms;
      for (let timer = earliest(); timer && timer.at <= until; timer = earliest()) {
        timers.delete(timer);
        now = Math.max(now, timer.at);
        timer.call();
      }
      now = until;
    },
    get next() {
      return earliest()?.at;
    },
  };
}
