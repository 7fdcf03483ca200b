/**
 * Kills the process at every point of a run, before and after the point, and checks that the run ends as if nothing had happened.
 *
 * A point is a commit, a result put in the ledger, a message sent, posted or kept as a dead letter, or an acknowledgement. A killed process
 * is never answered again by its journal and transport, and its effects are told to stop. A second process resumes the run from the same journal.
 */
import { containStrays } from '../../runtime/strays.ts';
import { requireOptions, type OptionNames } from '../../values/options.ts';
import { TroupeError } from '../../values/failure.ts';
import { systemClock } from '../../engine/clock.ts';
import { compare, isSurfaced } from './compare.ts';
import type { CrashEnding } from './crashEnding.ts';
import { chooseCrashes, crashesAt, requireValidOptions } from './crashes.ts';
import { runOnce } from './runOnce.ts';
import type { CrashOptions, MakeScenario } from './scenario.ts';

/** A promise that was broken after one crash. */
export interface Violation {
  /** `12 after`: the twelfth point, killed when it was done. */
  readonly point: string;
  /** What is done at that point, in words. */
  readonly at: string;
  /** What went wrong, in words. */
  readonly problem: string;
  /** The last steps before the crash and the first after it. */
  readonly trace: readonly string[];
  /** The call that repeats this crash alone. */
  readonly again: string;
}

/** What came of all the crashes. */
export interface CrashReport {
  /** Points of the undisturbed run; each can be crashed before and after. */
  readonly points: number;
  /** The number of crashes that were made. */
  readonly crashes: number;
  /** Were crashes left out, by `sample` or `only`? */
  readonly partial: boolean;
  /** As in the options. */
  readonly seed: number;
  /** Crashes after which a write was `uncertain` and a person or the machine was told: such a run may end otherwise than the undisturbed one. */
  readonly surfaced: number;
  /** Real milliseconds. */
  readonly took: number;
  /** Empty when every promise was kept. */
  readonly violations: readonly Violation[];
}

/**
 * Runs a subject twice undisturbed, then once for every point, killed before it, and once killed after it. Does not throw for a violation: it reports them all (`expectSurvival` throws).
 * Rejects with `invalid` when the undisturbed run does not end or is not the same each time, or when the options make no sense.
 * @example const report = await crashEverywhere(() => { const shop = new FakeShop(); return { subject: clerk(shop), input: 'Order tea.', world: () => shop.orders }; });
 */
export async function crashEverywhere(make: MakeScenario, options: CrashOptions = {}): Promise<CrashReport> {
  const { seed = 1 } = options;
  requireOptions('crashEverywhere', options, crashOptionNames);
  requireValidOptions(options);
  using _ = containStrays();
  const { now } = systemClock();
  const began = now();
  const undisturbed = await runOnce(make, options, undefined);
  requireSame(undisturbed, await runOnce(make, options, undefined));
  const { points, broken } = undisturbed.recorder;
  const all = crashesAt(points);
  const chosen = chooseCrashes(all, options);
  const violations: Violation[] = broken.map(({ says }) => ({
    point: 'none',
    at: 'the undisturbed run',
    problem: says,
    trace: [],
    again: repeatCall([], options),
  }));
  let surfaced = 0;
  for (const { name, description, killPoint } of chosen) {
    const ending = await runOnce(make, options, killPoint);
    if (isSurfaced(ending, undisturbed)) surfaced++;
    const { steps, killedAt } = ending.recorder;
    const problems =
      killedAt === undefined
        ? ['the run never came there: it is not the same each time']
        : compare(ending, undisturbed);
    const about = {
      point: name,
      at: description,
      trace: steps.slice(Math.max(0, (killedAt ?? 0) - 6), (killedAt ?? 0) + 8),
      again: repeatCall([name], options),
    };
    violations.push(...problems.map((problem) => ({ ...about, problem })));
  }
  const partial = chosen.length < all.length;
  return { points: points.length, crashes: chosen.length, partial, seed, surfaced, took: now() - began, violations };
}

/** The call that makes these crashes alone; what else decides about them is the same as in this call. */
const repeatCall = (only: readonly string[], { seed = 1, patience, fault }: CrashOptions): string =>
  `crashEverywhere(…, { ${[
    `only: [${only.map((name) => `'${name}'`).join(', ')}]`,
    ...(seed === 1 ? [] : [`seed: ${seed}`]),
    ...(patience === undefined ? [] : [`patience: ${patience}`]),
    ...(fault ? ['fault'] : []),
  ].join(', ')} })`;

/** A run that is not the same each time, undisturbed, cannot be compared with a disturbed one. */
function requireSame(first: CrashEnding, second: CrashEnding): void {
  if (first.output === undefined)
    throw invalid(
      `The undisturbed run does not end: ${first.active}. Nothing more happens by itself, or it goes round for ever: give it an answer to its tickets, the signals it waits for, or a way out.`,
    );
  if (first.before !== second.before)
    throw invalid(
      `Every crash needs a fresh world: it was ${first.before} at the start of the first run, and ${second.before} at the start of the second. Make the world inside the function.`,
    );
  const differs = (what: string, one: string, other: string) =>
    invalid(
      `The undisturbed run is not the same each time: ${what} ${one}, then ${other}. Take time and chance from the clock that the function is given, and script a model by its conversation.`,
    );
  if (first.output !== second.output) throw differs('it ended as', first.output, String(second.output));
  if (first.world !== second.world) throw differs('the world was', first.world, second.world);
}

const invalid = (message: string) => new TroupeError('invalid', message);

const crashOptionNames: OptionNames<CrashOptions> = {
  only: true,
  sample: true,
  seed: true,
  patience: true,
  fault: true,
};
