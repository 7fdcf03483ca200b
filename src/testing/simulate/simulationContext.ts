/** What the processes of one seed share. */
import type { Inspection } from '../../contracts/inspection.ts';
import type { Journal } from '../../journal/journal.ts';
import type { Transport } from '../../transport/transport.ts';
import type { FaultContext } from '../world/faultContext.ts';
import type { SharedWorld } from '../world/sharedAccess.ts';
import type { RestCounts } from './restCounts.ts';
import type { CompiledScenario } from './simulationScenario.ts';

/** One for each seed. */
export interface SimulationContext extends FaultContext, Pick<CompiledScenario, 'versions' | 'input'> {
  /** The journal that all processes write to, where there is no shared store. */
  readonly journal: Journal;
  /** Where it is given, each process opens the journal over its store, instead of the one journal. */
  readonly shared: SharedWorld | undefined;
  /** Does a process take over a run that waits without loading it? */
  readonly atRest: boolean;
  /** The run waited at a process, and this happened. */
  readonly counted: (what: keyof RestCounts) => void;
  readonly run: string;
  /** Do processes see that another one is dead, or does only its lease tell? */
  readonly seesDead: boolean;
  /** Lease owners that died. */
  readonly dead: Set<string>;
  /** May faults still strike? */
  readonly isDisturbed: () => boolean;
  readonly inspected: (process: string, event: Inspection) => void;
  /** Changes what carries messages within a process: how a defect is planted. */
  readonly transport: (transport: Transport) => Transport;
}
