/** The system clock, ten times as fast in every process (less where TROUPE_SLOW says so): a lease of ten seconds expires after one. */
import type { Clock } from '../../src/values/clock.ts';
import { systemClock } from '../../src/engine/clock.ts';
import { slow } from '../limits.ts';

/** On a machine that TROUPE_SLOW declares slower, a lease must still be renewed in time. */
const speed = 10 / slow;

export function fastClock(): Clock {
  const real = systemClock();
  const { random, id } = real;
  return {
    random,
    id,
    now: () => real.now() * speed,
    // Rounded up, so that no timer fires too early.
    wake: (at, call) => real.wake(Math.ceil(at / speed), call),
  };
}
