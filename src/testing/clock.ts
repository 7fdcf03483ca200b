/** A clock for tests that moves only when it is advanced. */
import * as flowRun from '../../actors/flow/flowRun.ts';
import { flowRunModule } from '../../actors/flow/body.ts';
import { sdkModelModule } from '../gateway/aiSdkModel.ts';
import * as watchedModel from '../gateway/watchedModel.ts';
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
  // To load them when they are first needed would take real time, in which virtual time may go on.
  flowRunModule.use(flowRun);
  sdkModelModule.use(watchedModel);
  const { start = 1_700_000_000_000, seed = 1 } = options;
  let now = start;
  let state = seed >>> 0 || 1;
  let ids = 0;
  let order = 0;
  /** The next one comes first. */
  const timers: Timer[] = [];

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
      timers.splice(placeOf(timer, timers), 0, timer);
      return {
        [Symbol.dispose]() {
          const place = placeOf(timer, timers);
          if (timers[place] === timer) timers.splice(place, 1);
        },
      };
    },
    advance(ms) {
      const until = now + ms;
      for (let [timer] = timers; timer && timer.at <= until; [timer] = timers) {
        timers.shift();
        now = Math.max(now, timer.at);
        timer.call();
      }
      now = until;
    },
    get next() {
      return timers[0]?.at;
    },
  };
}

/** Where a timer stands or belongs in a list that is in order: by its time, and then by when it was set. */
function placeOf({ at, order }: Timer, timers: readonly Timer[]): number {
  let [low, high] = [0, timers.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    const other = timers[middle];
    if (other && (other.at < at || (other.at === at && other.order < order))) low = middle + 1;
    else high = middle;
  }
  return low;
}
