/** Runs a subject under many seeds: the real engine on simulated time, journal and network, with faults injected. */
import { requireOptions, type OptionNames } from '../../values/options.ts';
import { TroupeError } from '../../values/failure.ts';
import type { Journal } from '../../journal/journal.ts';
import type { JournalReplica } from '../../journal/replicated/replica.ts';
import type { Transport } from '../../transport/transport.ts';
import { everyFault, type Fault, type FaultKind } from '../world/faultPlan.ts';
import { ScenarioCompiler } from './scenarioCompiler.ts';
import type { SeedResult } from './seed.ts';
import type { SimulationScenario } from './simulationScenario.ts';
import { shrink, type FewerFaults } from './shrink.ts';
import { simulateSeed } from './simulation.ts';

/** Which seeds are run, and what may go wrong. */
export interface SimulateOptions {
  /** The first seed, a whole number from 1; 1 by default. */
  readonly seed?: number;
  /** The number of seeds, one after the other; 100 by default. */
  readonly seeds?: number;
  /** The kinds of faults that may strike; all of them by default. Each seed draws a part of them. */
  readonly faults?: readonly FaultKind[];
  /** Seeds that failed once, which are run before the others; none by default. */
  readonly regressions?: readonly number[];
  /** Stops each seed after this number of steps, so that the trace of a failure can be read; to the end by default. */
  readonly until?: number;
  /** False: failures are reported with all faults that struck, which is quicker; by default those of the first three are shrunk. */
  readonly shrink?: boolean;
  /** The file of the scenario, for the command in a failure's `again`; `FILE` by default. */
  readonly name?: string;
  /** Called after each seed. */
  readonly progress?: (result: SeedResult) => void;
  /** Plants a defect into the journal, to see that it is found; none by default. */
  readonly journal?: (journal: Journal) => Journal;
  /**
   * True: each process applies a shared log to a journal of its own, as over JetStream, and the faults of the disk are those of the log.
   * A function plants a defect into the view that applies the log. False by default: all processes write to one journal.
   */
  readonly shared?: boolean | ((view: JournalReplica) => JournalReplica);
  /** Plants a defect into the transport of each process; none by default. */
  readonly transport?: (transport: Transport) => Transport;
}

/** What went wrong under one seed. */
export interface SimulationFailure {
  /** The seed under which it failed; run with it, everything happens again in the same way. */
  readonly seed: number;
  /** What went wrong, in words. */
  readonly problems: readonly string[];
  /** The few faults that are enough for it, where the failure was shrunk; otherwise all that struck. */
  readonly faults: readonly Fault[];
  /** The last things that happened, oldest first. */
  readonly trace: readonly string[];
  /** The command that repeats it. */
  readonly again: string;
}

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
  const { seed: first = 1, seeds: count = 100, regressions = [], faults = everyFault, name = 'FILE' } = options;
  requireCounts({ first, count });
  requireKnown(faults);
  const seeds = [...regressions, ...Array.from({ length: count }, (_, i) => first + i)];
  const results: SeedResult[] = [];
  const failures: SimulationFailure[] = [];
  const compiler = new ScenarioCompiler();
  const runSeed = (seed: number, { without, kinds = faults }: FewerFaults = {}) => {
    const { until, journal, transport, shared } = options;
    const seedOptions = { seed, faults: kinds, without, until, journal, transport, shared };
    return simulateSeed((world) => compiler.compile(world, scenario()), seedOptions);
  };
  for (const seed of seeds) {
    const result = await runSeed(seed);
    options.progress?.(result);
    results.push(result);
    if (result.problems.length === 0) continue;
    const isShrunk = options.shrink !== false && failures.length < maxShrunk;
    const { problems, faults, trace, steps } = isShrunk
      ? await shrink(result, (fewer) => runSeed(seed, fewer))
      : result;
    const again = `troupe simulate ${name} --seed ${seed} --until ${steps}`;
    failures.push({ seed, problems, faults, trace, again });
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
  until: true,
  shrink: true,
  name: true,
  progress: true,
  journal: true,
  shared: true,
  transport: true,
};
