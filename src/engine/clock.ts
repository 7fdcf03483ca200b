/** Time, randomness and ids of the real world. Nothing else in this project reads them. */
import { randomFillSync } from 'node:crypto';
import type { Clock } from '../values/clock.ts';
import { contain } from '../values/contain.ts';
import { eventLoopTurns } from './eventLoopTurns.ts';
import { workContext } from './workContext.ts';

/** Longer waits are cut into pieces of this many milliseconds: setTimeout fires at once beyond 24.8 days, and the clock may be set while the process waits. */
const maxTimeout = 60 * 60 * 1000;

/** The clock of this process: the system's time, and random numbers from the operating system. */
export function systemClock(): Clock {
  const pool = new Uint32Array(256);
  let unused = 0;
  let lastTime = 0;
  let timeText = '';
  let count = 0;
  const randomUint32 = () => {
    if (unused === 0) unused = randomFillSync(pool).length;
    return pool[--unused]!;
  };

  return {
    turn: eventLoopTurns(),
    now: () => Date.now(),
    random: () => randomUint32() / 2 ** 32,
    id() {
      const time = Date.now();
      if (time === lastTime) count++;
      else {
        lastTime = time;
        timeText = time.toString(36);
        count = 0;
      }
      return `${timeText}${count.toString(36).padStart(3, '0')}${randomUint32().toString(36).padStart(7, '0')}`;
    },
    wake(at, call) {
      let timer: NodeJS.Timeout;
      let keeps = true;
      const arm = () => {
        const wait = at - Date.now();
        timer = setTimeout(() => (at <= Date.now() ? fire(call) : arm()), Math.max(0, Math.min(wait, maxTimeout)));
        if (!keeps) timer.unref();
      };
      arm();
      return {
        keepAlive(given) {
          keeps = given;
          if (keeps) timer.ref();
          else timer.unref();
        },
        [Symbol.dispose]: () => clearTimeout(timer),
      };
    },
  };
}

/** What a tool's own timer throws fails the run of that tool; what ours throws must not end a process that carries the runs of others. */
const fire = (call: () => void): void => (workContext() ? call() : contain('A timer', call));
