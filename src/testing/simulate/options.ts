/** The options of a simulation. */
import type { Journal } from '../../journal/journal.ts';
import type { SharedStore } from '../../journal/shared/store.ts';
import type { Transport } from '../../transport/transport.ts';
import type { FaultKind } from '../world/faultPlan.ts';
import type { SeedResult } from './seed.ts';

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
  /** The numbers of the faults that strike, of one seed: how a failure that was shrunk is repeated. All by default. */
  readonly only?: readonly number[];
  /** Stops each seed after this number of steps, and keeps the trace of all its events. What no later step could mend is judged. To the end by default. */
  readonly until?: number;
  /** False: failures are reported with all faults that struck, which is quicker; by default those of the first three are shrunk. */
  readonly shrink?: boolean;
  /** The file of the scenario: a failure's `again` is a command that names it. By default it is a call of `simulate`. */
  readonly name?: string;
  /** Options of the command that make the scenario, such as `--input '…'`, as the command got them; none by default. */
  readonly flags?: readonly string[];
  /** Called after each seed. */
  readonly progress?: (result: SeedResult) => void;
  /** Plants a defect into the journal, to see that it is found; none by default. */
  readonly journal?: (journal: Journal) => Journal;
  /**
   * True: each process opens the journal over a store that all share, as over JetStream, and the faults of the disk are those of the store.
   * A function plants a defect into the store of each process. False by default: all processes write to one journal.
   */
  readonly shared?: boolean | ((store: SharedStore) => SharedStore);
  /**
   * True: a process takes over a run that waits without loading it, as a node does, where `shared` is given; it gives it back from time to time, and cannot always
   * load it. False by default.
   */
  readonly atRest?: boolean;
  /** Plants a defect into the transport of each process; none by default. */
  readonly transport?: (transport: Transport) => Transport;
}
