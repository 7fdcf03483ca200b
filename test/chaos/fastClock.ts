/** The system's clock, running ten times as fast in every process alike (less where TROUPE_SLOW says so): a lease of ten seconds runs out in one. */
import type { Clock } from '../../src/values/clock.ts';
import { systemClock } from '../../src/engine/clock.ts';
import { slow } from '../limits.ts';

/** On a machine that is said to be slower, a lease must still be renewed in time. */
const speed = 10 / slow;

export function fastClock(): Clock {
  const real = systemClock();
  const { random, id } = real;
  return {
    random,
    id,
    now: () => real.now() * speed,
    // Rounded up, so that nothing rings before its time.
    wake: (at, call) => real.wake(Math.ceil(at / speed), call),
  };
}
