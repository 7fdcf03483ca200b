/** What went wrong under one seed: all its problems, the few faults that cause the gravest of them, and how it is repeated. */
import type { Fault } from '../world/faultPlan.ts';
import { problemKey } from './gravity.ts';
import type { SimulateOptions } from './options.ts';
import { repeatLine } from './repeatLine.ts';
import type { SeedFaults, SeedResult } from './seed.ts';
import { shrink } from './shrink.ts';

/** What went wrong under one seed. */
export interface SimulationFailure {
  /** The seed under which it failed; run with it, everything happens again in the same way. */
  readonly seed: number;
  /** Everything that went wrong, in words, the gravest first. */
  readonly problems: readonly string[];
  /** The few faults that are enough for the gravest problem, where the failure was shrunk; otherwise all that struck. */
  readonly faults: readonly Fault[];
  /** Those of `problems` that need more faults than these: they come back when the seed is run with all its faults. Usually empty. */
  readonly others: readonly string[];
  /** The last things that happened under these faults, oldest first. */
  readonly trace: readonly string[];
  /** Under these faults, how often simulated time was moved on; `until` this step shows every event. */
  readonly steps: number;
  /**
   * The command, or the call of `simulate`, that repeats it: the same faults, the same problems but `others`. Undefined when it cannot be
   * repeated: it did not happen again in a simulation of its own, because something outlives a seed.
   */
  readonly again: string | undefined;
  /** The same with all faults of the seed: `others` come back, and what was not shrunk is shrunk. */
  readonly againInFull: string;
}

/** How a seed is run again. */
export interface FailureContext {
  readonly options: SimulateOptions;
  /** The kinds that might strike, and the numbers of those that did where the options name them. */
  readonly faults: SeedFaults;
  readonly isShrunk: boolean;
  /** Runs the seed after others. */
  readonly run: (faults: SeedFaults) => Promise<SeedResult>;
  /** Runs the seed by itself, as another process would. */
  readonly runAlone: (faults: SeedFaults) => Promise<SeedResult>;
}

/** Shrinks the failure where that is asked for, and repeats it once to see that the line to repeat it says the truth. */
export async function explainFailure(failed: SeedResult, context: FailureContext): Promise<SimulationFailure> {
  const { options, faults: all, isShrunk, run, runAlone } = context;
  const { smallest, kinds } = isShrunk ? await shrink(failed, run) : { smallest: failed, kinds: all.kinds };
  const { seed, faults, trace, steps } = smallest;
  const only = new Set(faults.map(({ number }) => number));
  const exact: SeedFaults = only.size === 0 ? { kinds: [] } : { kinds, only };
  const repeated = await runAlone(exact);
  const isRepeated = isEqual(repeated.problems, smallest.problems);
  const shown = new Set(smallest.problems.map(problemKey));
  const others = failed.problems.filter((says) => !shown.has(problemKey(says)));
  return {
    seed,
    problems: inOrderOf(failed, [...smallest.problems, ...others]),
    faults,
    others,
    trace,
    steps,
    again: isRepeated ? repeatLine(options, { seed, ...exact }) : undefined,
    againInFull: repeatLine(options, { seed, ...all }),
  };
}

const isEqual = (one: readonly string[], other: readonly string[]) => one.join('\n') === other.join('\n');

/** The gravest first: in the order that they had together. What only the smaller run has is not among them, and comes after the first. */
function inOrderOf({ problems }: SeedResult, all: readonly string[]): string[] {
  const order = problems.map(problemKey);
  const rank = (says: string) => {
    const at = order.indexOf(problemKey(says));
    return at < 0 ? 0.5 : at;
  };
  return all.toSorted((one, other) => rank(one) - rank(other));
}
