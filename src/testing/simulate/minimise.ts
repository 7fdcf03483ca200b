/** Makes a failure small: leaves out faults, half of them and then fewer, as long as something still goes wrong. */
import type { Result } from './simulation.ts';

/** Tries at most; each is a whole simulation. */
const most = 200;

/** Delta debugging over the faults that struck: the result with as few as were found to be enough. */
export async function minimised(
  failed: Result,
  again: (without: ReadonlySet<number>) => Promise<Result>,
): Promise<Result> {
  let smallest = failed;
  let without = new Set<number>();
  let tries = 0;
  for (let parts = 2; smallest.faults.length > 0 && tries < most;) {
    const numbers = smallest.faults.map(({ number }) => number);
    const size = Math.ceil(numbers.length / parts);
    let smaller = false;
    for (let from = 0; from < numbers.length && tries < most; from += size) {
      const fewer = new Set([...without, ...numbers.slice(from, from + size)]);
      tries++;
      const result = await again(fewer);
      if (result.problems.length === 0 || result.faults.length >= smallest.faults.length) continue;
      [smallest, without, smaller] = [result, fewer, true];
      break;
    }
    if (smaller) parts = Math.max(2, parts - 1);
    else if (size === 1) break;
    else parts = Math.min(numbers.length, parts * 2);
  }
  return smallest;
}
