/** A clock that stands still until told to move: for tests of anything that waits. */
import type { Clock } from '../contracts/clock.ts';

export interface VirtualClock extends Clock {
  /** Moves time on by so many milliseconds, waking what is due in order, each with time at its own hour. */
  advance(ms: number): void;
  /** When the next sleeper is due; undefined when nobody sleeps. */
  readonly next: number | undefined;
}

/** Starts at a fixed moment; `seed` decides random() and id(). */
export function virtualClock({ start = 1_700_000_000_000, seed = 1 } = {}): VirtualClock {
  let now = start;
  let state = seed >>> 0 || 1;
  let ids = 0;
  let order = 0;
  const sleepers = new Set<{ at: number; order: number; call: () => void }>();
  const earliest = () =>
    [...sleepers].reduce<{ at: number; order: number; call: () => void } | undefined>(
      (best, s) => (!best || s.at < best.at || (s.at === best.at && s.order < best.order) ? s : best),
      undefined,
    );

  return {
    now: () => now,
    // xorshift32: small and seeded, good enough for schedules
    random() {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      return (state >>> 0) / 2 ** 32;
    },
    id: () => `v${seed}-${(ids++).toString(36).padStart(6, '0')}`,
    wake(at, call) {
      const sleeper = { at, order: order++, call };
      sleepers.add(sleeper);
      return { [Symbol.dispose]: () => void sleepers.delete(sleeper) };
    },
    advance(ms) {
      const until = now + ms;
      for (let sleeper = earliest(); sleeper && sleeper.at <= until; sleeper = earliest()) {
        sleepers.delete(sleeper);
        now = Math.max(now, sleeper.at);
        sleeper.call();
      }
      now = until;
    },
    get next() {
      return earliest()?.at;
    },
  };
}
