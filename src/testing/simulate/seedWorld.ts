/** What one seed decides and records: its time, its chances, its faults and its trace. */
import { virtualClock, type VirtualClock } from '../clock.ts';
import { FaultPlan } from '../world/faultPlan.ts';
import { seededRandom, type Random } from '../world/random.ts';
import type { SharedWorld } from '../world/sharedAccess.ts';
import type { SeedOptions } from './seed.ts';
import { SeedTrace } from './seedTrace.ts';
import { sharedWorld, storeRecorder } from './sharedJournal.ts';
import { SimulationRecorder } from './simulationRecorder.ts';

/** Everything of a seed that does not depend on the scenario. */
export class SeedWorld {
  readonly options: SeedOptions;
  readonly time: VirtualClock;
  readonly random: Random;
  readonly plan: FaultPlan;
  readonly shared: SharedWorld | undefined;
  readonly recorder: SimulationRecorder;
  readonly trace: SeedTrace;
  readonly #start: number;
  /** How often the clock was moved on. */
  steps = 0;

  constructor(options: SeedOptions) {
    const { seed, faults, without, only, until } = options;
    this.options = options;
    this.time = virtualClock({ seed });
    this.#start = this.time.now();
    this.random = seededRandom(seed);
    this.trace = new SeedTrace(() => `${(this.at / 1_000).toFixed(3)}s #${this.steps}`, until !== undefined);
    this.shared = sharedWorld(options, this.time, this.random);
    this.recorder = this.shared ? storeRecorder(this.shared) : new SimulationRecorder(undefined, options.journal);
    this.plan = new FaultPlan({
      seed,
      allowed: faults,
      without,
      only,
      now: () => this.at,
      report: ({ number, kind, where }) => this.trace.note(`fault ${number}: ${kind}, ${where}`),
    });
  }

  /** Milliseconds since the start of the run. */
  get at(): number {
    return this.time.now() - this.#start;
  }
}
