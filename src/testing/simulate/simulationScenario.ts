/** What is simulated: a subject, its input, and how people and the world behave meanwhile. */
import type { Duration } from '../../values/duration.ts';
import type { Json } from '../../values/json.ts';
import type { ActorRow, Journal } from '../../journal/journal.ts';
import type { Runnable } from '../../define/runnable.ts';
import type { ActorType } from '../../core/actorType.ts';
import type { Ticket } from '../../runtime/tickets.ts';
import type { Fault } from '../world/faultPlan.ts';
import type { Signal } from '../world/people.ts';

/** What is simulated: a subject with its input, and how people and the world behave meanwhile. */
export interface SimulationScenario extends ScenarioConditions {
  /** The agent, team, orchestrator or machine that is run. */
  readonly subject: Runnable;
  /** What the run is started with; the subject's own schema checks it. */
  readonly input: unknown;
  /** The next version of the definition, with which a process may come back (fault `upgrade`); none by default. */
  readonly next?: Runnable;
}

/** How people and the world behave while a subject is simulated, and what must hold at the end. */
export interface ScenarioConditions {
  /** What people answer to a ticket. Without it tickets stay open until they expire. */
  readonly answer?: ((ticket: Ticket) => Json) | undefined;
  /** Signals to the root, each `after` some simulated time from the start; none by default. */
  readonly script?: readonly {
    /** Simulated time from the start, as a duration or in milliseconds. */
    readonly after: Duration;
    /** The event that the root's machine gets. */
    readonly signal: Signal;
  }[];
  /** By name: what is wrong with a run that has ended, or undefined when nothing is; none by default. */
  readonly invariants?: Readonly<Record<string, (end: EndedRun) => string | undefined>>;
}

/** A scenario as the engine takes it: its subject is compiled. */
export interface CompiledScenario extends ScenarioConditions {
  /** The definition, and the next version of it where there is one. */
  readonly versions: readonly [ActorType, ...ActorType[]];
  readonly input: Json;
}

/** What an invariant is asked about. */
export interface EndedRun {
  /** Undefined when the run was never started. */
  readonly root: ActorRow | undefined;
  /** All actors of the run. */
  readonly rows: readonly ActorRow[];
  /** The journal after the run, to look up what else was stored. */
  readonly disk: Journal;
  /** The faults that struck during the run, in order. */
  readonly faults: readonly Fault[];
}
