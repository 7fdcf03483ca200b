/** What `crashEverywhere` runs: a subject, its input, and how people and the world behave meanwhile. */
import type { Json } from '../../values/json.ts';
import type { Runnable } from '../../define/runnable.ts';
import type { Ticket } from '../../runtime/tickets.ts';
import type { VirtualClock } from '../clock.ts';
import type { ProcessParts } from '../world/crashPoints.ts';
import type { Signal } from '../world/people.ts';

/** One run: what is run, and what is outside of it. */
export interface CrashScenario {
  /** The agent, team, orchestrator or machine that is run. */
  readonly subject: Runnable;
  /** What the run is started with; the subject's own schema checks it. */
  readonly input: unknown;
  /** What people answer to a ticket. Undefined leaves the ticket open until it expires, which is the default. */
  readonly answer?: (ticket: Ticket) => Json | undefined;
  /** Signals to the root, in this order, each sent when nothing more happens by itself; none by default. */
  readonly signals?: readonly Signal[];
  /** The state of the world. At the end it must be the same wherever the process was killed; null by default. */
  readonly world?: () => Json;
}

/** Makes the subject and its world anew, for every crash. `clock` is the simulated clock of the run: take time and chance from it. */
export type MakeScenario = (clock: VirtualClock) => CrashScenario;

/** Which crashes are made, and how. */
export interface CrashOptions {
  /** Crashes only at these points, as a violation names them: `12 after`; at every point by default. */
  readonly only?: readonly string[];
  /** The number of crashes, drawn by `seed`, a whole number from 1; all of them by default. */
  readonly sample?: number;
  /** Decides which crashes are drawn, and every chance within the runs: a whole number from 1 to 4,294,967,295; 1 by default. */
  readonly seed?: number;
  /** The number of times that a person or the clock may move the run on before it counts as one that never ends; 1,000 by default. */
  readonly patience?: number;
  /** Plants a defect into the parts of every process, to see that the proof fails; none by default. */
  readonly fault?: (parts: ProcessParts, clock: VirtualClock) => ProcessParts;
}
