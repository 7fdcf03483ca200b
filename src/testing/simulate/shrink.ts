/** Shrinks a failure: leaves out faults, half of them and then fewer, as long as the same problem is left. */
import type { FaultKind } from '../world/faultPlan.ts';
import { problemKey } from './gravity.ts';
import type { SeedFaults, SeedResult } from './seed.ts';

/** Tries at the most; each is a whole simulation. */
const maxTries = 200;

type Again = (fewer: Pick<SeedFaults, 'kinds' | 'without'>) => Promise<SeedResult>;

/** A failure with the fewest faults that were found to be enough for it. */
export interface ShrunkFailure {
  readonly smallest: SeedResult;
  /** The kinds that were allowed: the numbers of faults count within them. */
  readonly kinds: readonly FaultKind[];
}

/** Whole kinds first, then delta debugging over the faults that still struck. The gravest problem of the failure is kept. */
export async function shrink(failed: SeedResult, again: Again): Promise<ShrunkFailure> {
  const { smallest, kinds } = await byKind(failed, again);
  return { smallest: await byNumber(smallest, (without) => again({ without, kinds })), kinds };
}

/** Tells whether a result has the gravest problem of another one. */
function sameProblem({ problems: [gravest = ''] }: SeedResult): (result: SeedResult) => boolean {
  const wanted = problemKey(gravest);
  return ({ problems }) => problems.some((says) => problemKey(says) === wanted);
}

async function byKind(failed: SeedResult, again: Again): Promise<ShrunkFailure> {
  const hasProblem = sameProblem(failed);
  let smallest = failed;
  let kinds = [...new Set(failed.faults.map(({ kind }) => kind))];
  for (const kind of kinds) {
    const fewer = kinds.filter((other) => other !== kind);
    const result = await again({ kinds: fewer });
    if (hasProblem(result)) [smallest, kinds] = [result, fewer];
  }
  return { smallest, kinds };
}

async function byNumber(
  failed: SeedResult,
  again: (without: ReadonlySet<number>) => Promise<SeedResult>,
): Promise<SeedResult> {
  const hasProblem = sameProblem(failed);
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
      if (!hasProblem(result) || result.faults.length >= smallest.faults.length) continue;
      [smallest, without, smaller] = [result, fewer, true];
      break;
    }
    if (smaller) parts = Math.max(2, parts - 1);
    else if (size === 1) break;
    else parts = Math.min(numbers.length, parts * 2);
  }
  return smallest;
}
