/** Makes a failure small: leaves out faults, half of them and then fewer, as long as something still goes wrong. */
import type { FaultKind } from './faults.ts';
import type { Result } from './simulation.ts';

/** Tries at most; each is a whole simulation. */
const most = 200;

type Again = (fewer: {
  readonly without?: ReadonlySet<number>;
  readonly kinds?: readonly FaultKind[];
}) => Promise<Result>;

/** Whole kinds first, then delta debugging over the faults that still struck: the result with as few as were found to be enough. */
export async function minimised(failed: Result, again: Again): Promise<Result> {
  const { smallest, kinds } = await byKind(failed, again);
  return byNumber(smallest, (without) => again({ without, kinds }));
}

async function byKind(failed: Result, again: Again): Promise<{ smallest: Result; kinds: readonly FaultKind[] }> {
  let smallest = failed;
  let kinds = [...new Set(failed.faults.map(({ kind }) => kind))];
  for (const kind of kinds) {
    const fewer = kinds.filter((one) => one !== kind);
    const result = await again({ kinds: fewer });
    if (result.problems.length > 0) [smallest, kinds] = [result, fewer];
  }
  return { smallest, kinds };
}

async function byNumber(failed: Result, again: (without: ReadonlySet<number>) => Promise<Result>): Promise<Result> {
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
