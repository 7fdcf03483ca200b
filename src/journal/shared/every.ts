/** Repeats a call by a clock. */
import type { Clock } from '../../values/clock.ts';

/** Calls after each interval of so many milliseconds, until it is disposed. */
export function every(clock: Pick<Clock, 'now' | 'wake'>, interval: number, call: () => void): Disposable {
  let timer: Disposable;
  const schedule = () => {
    timer = clock.wake(clock.now() + interval, () => {
      schedule();
      call();
    });
  };
  schedule();
  return { [Symbol.dispose]: () => timer[Symbol.dispose]() };
}
