/** What one seed of a simulation takes, and what comes of it. */
import type { Journal } from '../../journal/journal.ts';
import type { SharedStore } from '../../journal/shared/store.ts';
import type { Transport } from '../../transport/transport.ts';
import type { RestCounts } from './restCounts.ts';
import type { Fault, FaultKind } from '../world/faultPlan.ts';

/** What came of one seed. */
export interface SeedResult {
  /** The seed that it was run under. */
  readonly seed: number;
  /** What went wrong, in words, the gravest first; empty when everything held. */
  readonly problems: readonly string[];
  /** The faults that struck, in order. */
  readonly faults: readonly Fault[];
  /** How often simulated time was moved on. */
  readonly steps: number;
  /** How many commits the run made. */
  readonly commits: number;
  /** Simulated milliseconds. */
  readonly lasted: number;
  /** What became of the run while it waited; zeros without `atRest`. */
  readonly rests: RestCounts;
  /** Of everything that happened, in order: the same for the same seed. */
  readonly hash: string;
  /** The last things that happened, oldest first; everything with `until`. */
  readonly trace: readonly string[];
  /** The root's status and output as JSON; `stuck` or `stopped` when the run did not end. */
  readonly end: string;
}

/** Which faults a run of a seed has. */
export interface SeedFaults {
  /** The kinds that may strike. */
  readonly kinds: readonly FaultKind[];
  /** Numbers of faults that are left out; none by default. */
  readonly without?: ReadonlySet<number>;
  /** Numbers of the only faults that strike; all by default. */
  readonly only?: ReadonlySet<number>;
}

/** One seed, and what may go wrong under it. */
export interface SeedOptions {
  readonly seed: number;
  /** The kinds that may strike. */
  readonly faults: readonly FaultKind[];
  /** Numbers of faults that are left out; none by default. */
  readonly without?: ReadonlySet<number> | undefined;
  /** Numbers of the only faults that strike; all by default. */
  readonly only?: ReadonlySet<number> | undefined;
  /** Stops after so many steps, and judges what has happened so far. The trace is kept from the start. */
  readonly until?: number | undefined;
  /** Plants a defect into the journal: the oracles must find it. */
  readonly journal?: ((journal: Journal) => Journal) | undefined;
  /** Plants a defect into the transport of each process. */
  readonly transport?: ((transport: Transport) => Transport) | undefined;
  /** Each process opens the journal for itself, over a store that all share; `true`, or a defect planted into the store. */
  readonly shared?: boolean | ((store: SharedStore) => SharedStore) | undefined;
  /** A process takes over a run that waits without loading it. */
  readonly atRest?: boolean | undefined;
}
