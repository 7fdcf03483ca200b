/** Runs a subject under many seeds: the real engine on simulated time, journal and network, with faults injected. */
import { containStrays } from '../../runtime/strays.ts';
import { requireOptions, type OptionNames } from '../../values/options.ts';
import { TroupeError } from '../../values/failure.ts';
import { everyFault, type FaultKind } from '../world/faultPlan.ts';
import { explainFailure, type SimulationFailure } from './failure.ts';
import { ScenarioCompiler } from './scenarioCompiler.ts';
import type { SimulateOptions } from './options.ts';
import type { SeedFaults, SeedResult } from './seed.ts';
import type { SimulationScenario } from './simulationScenario.ts';
import { simulateSeed } from './simulation.ts';

/** What came of all seeds. */
export interface SimulationReport {
  /** The number of seeds that were run, regressions included. */
  readonly seeds: number;
  /** Steps of all seeds: how often simulated time was moved on. */
  readonly steps: number;
  /** Commits of all seeds. */
  readonly commits: number;
  /** Simulated milliseconds of all seeds. */
  readonly lasted: number;
  /** How often each kind of fault struck. */
  readonly faults: Readonly<Partial<Record<FaultKind, number>>>;
  /** Empty when every promise and invariant held under every seed. */
  readonly failures: readonly SimulationFailure[];
  /** One for each seed, in the order they were run. */
  readonly results: readonly SeedResult[];
}

/** Failures that are shrunk: three are enough to begin with. */
const maxShrunk = 3;

/**
 * Runs a subject once for each seed and checks every run. Does not throw for a failure: the report lists them all.
 * Rejects with `definition` when the options make no sense or an invariant throws.
 * @param scenario makes the subject and its world anew for each seed; its models and tools must be scripted, and not depend on how often they are asked.
 * @example const { failures } = await simulate(() => ({ subject: desk(), input: { topic: 'tea' } }), { seeds: 500 }); expect(failures).toEqual([]);
 */
export async function simulate(
  scenario: () => SimulationScenario,
  options: SimulateOptions = {},
): Promise<SimulationReport> {
  requireOptions('simulate', options, simulateOptionNames);
  const { seed: first = 1, seeds: count = 100, regressions = [], faults: kinds = everyFault, only } = options;
  requireCounts({ first, count });
  requireKnown(kinds);
  using _ = containStrays();
  const seeds = [...regressions, ...Array.from({ length: count }, (_, i) => first + i)];
  if (only) requireOneSeed(seeds, only);
  const results: SeedResult[] = [];
  const failures: SimulationFailure[] = [];
  const runWith = (compiler: ScenarioCompiler, seed: number, { kinds: faults, ...which }: SeedFaults) => {
    const { until, journal, transport, shared, atRest } = options;
    const seedOptions = { seed, faults, ...which, until, journal, transport, shared, atRest };
    return simulateSeed((world) => compiler.compile(world, scenario()), seedOptions);
  };
  const compiler = new ScenarioCompiler();
  const faults: SeedFaults = only ? { kinds, only: new Set(only) } : { kinds };
  for (const seed of seeds) {
    const result = await runWith(compiler, seed, faults);
    options.progress?.(result);
    results.push(result);
    if (result.problems.length === 0) continue;
    failures.push(
      await explainFailure(result, {
        options,
        faults,
        isShrunk: options.shrink !== false && !only && failures.length < maxShrunk,
        run: (which) => runWith(compiler, seed, which),
        runAlone: (which) => runWith(new ScenarioCompiler(), seed, which),
      }),
    );
  }
  return reportOf(results, failures);
}

function reportOf(results: readonly SeedResult[], failures: readonly SimulationFailure[]): SimulationReport {
  const sum = (of: (result: SeedResult) => number) => results.reduce((total, result) => total + of(result), 0);
  const faults: Partial<Record<FaultKind, number>> = {};
  for (const { kind } of results.flatMap((result) => result.faults)) faults[kind] = (faults[kind] ?? 0) + 1;
  return {
    seeds: results.length,
    steps: sum(({ steps }) => steps),
    commits: sum(({ commits }) => commits),
    lasted: sum(({ lasted }) => lasted),
    faults,
    failures,
    results,
  };
}

function requireCounts(counts: Record<string, number>): void {
  for (const [name, value] of Object.entries(counts))
    if (!Number.isSafeInteger(value) || value < 1)
      throw new TroupeError(
        'definition',
        `The ${name === 'first' ? 'seed' : 'number of seeds'} is a whole number from 1; got ${value}.`,
      );
}

function requireOneSeed(seeds: readonly number[], only: readonly number[]): void {
  if (seeds.length !== 1)
    throw new TroupeError(
      'definition',
      `The faults in "only" are numbers of one seed; ${seeds.length} seeds are asked for.`,
    );
  const wrong = only.find((number) => !Number.isSafeInteger(number) || number < 1);
  if (wrong !== undefined)
    throw new TroupeError('definition', `The faults in "only" are whole numbers from 1; got ${wrong}.`);
}

function requireKnown(faults: readonly string[]): void {
  const known: readonly string[] = everyFault;
  const unknown = faults.find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw new TroupeError('definition', `There is no fault "${unknown}"; there are ${everyFault.join(', ')}.`);
}

const simulateOptionNames: OptionNames<SimulateOptions> = {
  seed: true,
  seeds: true,
  faults: true,
  regressions: true,
  only: true,
  until: true,
  shrink: true,
  name: true,
  flags: true,
  progress: true,
  journal: true,
  shared: true,
  atRest: true,
  transport: true,
};
