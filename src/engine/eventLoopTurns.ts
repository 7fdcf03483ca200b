/**
 * Gives timers and sockets their turn while many actors work. Promises that resolve at once, as those of a journal in memory do, let the event loop do nothing
 * else: after some milliseconds a step therefore waits for the next turn of the loop. The steps that wait go on one in a turn, in the order in which they came.
 */

/** So many milliseconds may pass between two turns. */
const longest = 5;

/** The function `turn` of a clock. */
export function eventLoopTurns(): () => Promise<void> | undefined {
  const waiting: (() => void)[] = [];
  let last = performance.now();

  function next(): void {
    last = performance.now();
    waiting.shift()?.();
    if (waiting.length > 0) setImmediate(next);
  }

  return () => {
    if (waiting.length === 0 && performance.now() - last < longest) return undefined;
    return new Promise((resolve) => {
      waiting.push(resolve);
      if (waiting.length === 1) setImmediate(next);
    });
  };
}
