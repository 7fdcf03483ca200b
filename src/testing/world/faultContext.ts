/** What decides which faults strike, and which process they strike. */
import type { VirtualClock } from '../clock.ts';
import type { FaultClock } from './faultClock.ts';
import type { FaultPlan } from './faultPlan.ts';
import type { Random } from './random.ts';

/** What decides the faults of one simulated world, shared by all its processes. */
export interface FaultContext {
  readonly time: VirtualClock;
  readonly random: Random;
  readonly plan: FaultPlan;
  /** The disk has no room until then, for every process; milliseconds of `time`. */
  readonly full: { until: number };
}

/** One process of the world, as its journal access sees it. */
export interface ProcessContext {
  /** For faults and failures. */
  readonly name: string;
  readonly clock: FaultClock;
  readonly context: FaultContext;
}
