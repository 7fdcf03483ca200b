/**
 * Gives timers and sockets their turn while many actors work. Promises that resolve at once, as those of a journal in memory do, let the event loop do nothing
 * else: after some milliseconds a step therefore waits for the next turn of the loop. The steps that wait go on one after the other, in the order in which they
 * came, for about a millisecond in each turn.
 */
import { whenAtRest } from '../values/atRest.ts';

/** So many milliseconds may pass between two turns before steps wait. */
const longest = 5;
/** Those that wait go on in one turn while they have taken less than so many milliseconds; the last of them may be a long one. */
const share = 1;

/** The function `turn` of a clock. `elapsed`: milliseconds since any point in time. */
export function eventLoopTurns(elapsed = () => performance.now()): () => Promise<void> | undefined {
  const waiting: (() => void)[] = [];
  let last = elapsed();
  /** From when the first one waits until none does. */
  let isTurning = false;

  function nextTurn(): void {
    last = elapsed();
    goOn();
  }

  function goOn(): void {
    waiting.shift()?.();
    whenAtRest(() => {
      isTurning = waiting.length > 0;
      if (!isTurning) return;
      if (elapsed() - last < share) goOn();
      else setImmediate(nextTurn);
    });
  }

  return () => {
    if (waiting.length === 0 && elapsed() - last < longest) return undefined;
    return new Promise((resolve) => {
      waiting.push(resolve);
      if (isTurning) return;
      isTurning = true;
      setImmediate(nextTurn);
    });
  };
}
