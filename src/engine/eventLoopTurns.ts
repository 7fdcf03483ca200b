/**
 * Gives timers and sockets their turn while many actors work. Promises that resolve at once, as those of a journal in memory do, let the event loop do nothing
 * else: after some milliseconds a step therefore waits for the next turn of the loop. The steps that wait go on a few in a turn, in the order in which they came.
 */
import { TurnShare } from '../values/turnShare.ts';

/** So many milliseconds may pass between two turns. */
const longest = 5;

/** The function `turn` of a clock. `elapsed`: milliseconds since any point in time. */
export function eventLoopTurns(elapsed = () => performance.now()): () => Promise<void> | undefined {
  const waiting: (() => void)[] = [];
  const share = new TurnShare({ smallest: 1, largest: 64, longest });
  let last = elapsed();
  /** From when the first one waits until a turn comes in which none does. */
  let isTurning = false;

  function next(): void {
    isTurning = waiting.length > 0;
    if (!isTurning) return;
    const begin = (last = elapsed());
    const now = waiting.splice(0, share.size);
    for (const goOn of now) goOn();
    // Comes before whatever they ask for: so this is the time that they took.
    setImmediate(() => {
      share.took(now.length, elapsed() - begin);
      next();
    });
  }

  return () => {
    if (waiting.length === 0 && elapsed() - last < longest) return undefined;
    return new Promise((resolve) => {
      waiting.push(resolve);
      if (isTurning) return;
      isTurning = true;
      setImmediate(next);
    });
  };
}
