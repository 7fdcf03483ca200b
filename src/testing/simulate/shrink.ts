/** Shrinks a failure: leaves out faults, half of them and then fewer, as long as something still goes wrong. */
import type { FaultKind } from '../world/faultPlan.ts';
import type { SeedResult } from './seed.ts';

/** Tries at the most; each is a whole simulation. */
const maxTries = 200;

/** Which faults a try leaves out: kinds that are not named, and faults by their number. */
export interface FewerFaults {
  readonly without?: ReadonlySet<number>;
  readonly kinds?: readonly FaultKind[];
}

type Again = (fewer: FewerFaults) => Promise<SeedResult>;

/** Whole kinds first, then delta debugging over the faults that still struck: the result with the fewest faults that were found to be enough. */
export async function shrink(failed: SeedResult, again: Again): Promise<SeedResult> {
  const { smallest, kinds } = await byKind(failed, again);
  return byNumber(smallest, (without) => again({ without, kinds }));
}

async function byKind(
  failed: SeedResult,
  again: Again,
): Promise<{ smallest: SeedResult; kinds: readonly FaultKind[] }> {
  let smallest = failed;
  let kinds = [...new Set(failed.faults.map(({ kind }) => kind))];
  for (const kind of kinds) {
    const fewer = kinds.filter((other) => other !== kind);
    const result = await again({ kinds: fewer });
    if (result.problems.length > 0) [smallest, kinds] = [result, fewer];
  }
  return { smallest, kinds };
}

async function byNumber(
  failed: SeedResult,
  again: (without: ReadonlySet<number>) => Promise<SeedResult>,
): Promise<SeedResult> {
  let smallest = failed;
  let without = new Set<number>();
  let tries = 0;
  for (let parts = 2; smallest.faults.length > 0 && tries < maxTries;) {
    const numbers = smallest.faults.map(({ number }) => number);
    const size = Math.ceil(numbers.length / parts);
    let smaller = false;
    for (let from = 0; from < numbers.length && tries < maxTries; from += size) {
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
