/** What is crashed: a subject, what it is given, and how people and the world behave meanwhile. */
import type { Json, JsonObject } from '../../contracts/json.ts';
import type { Subject } from '../../subject.ts';
import type { Ticket } from '../../tickets.ts';
import type { VirtualClock } from '../clock.ts';
import type { Parts } from '../world/crashPoints.ts';

export interface CrashScenario {
  readonly subject: Subject;
  readonly input: unknown;
  /** What people say to a ticket, each time the run waits for them. Undefined leaves it open, until it expires. */
  readonly answer?: (ticket: Ticket) => Json | undefined;
  /** Sent to the root, one after the other, each when nothing more happens by itself. */
  readonly signals?: readonly ({ readonly type: string } & JsonObject)[];
  /** What the world looks like. At the end it must be the same wherever the plug was pulled. */
  readonly world?: () => Json;
}

/** Makes everything anew: every crash needs a fresh world. The clock is the one the run lives by. */
export type MakeScenario = (clock: VirtualClock) => CrashScenario;

export interface CrashOptions {
  /** Only these points, as a violation names them: `12 after`. */
  readonly only?: readonly string[];
  /** No more crashes than this, drawn by `seed` from all there are. All of them unless told otherwise. */
  readonly sample?: number;
  /** Decides which are drawn, and every chance within the runs; 1 unless told otherwise. */
  readonly seed?: number;
  /** How often a run may be moved on by a person or by time before it counts as one that never ends; 1,000 unless told otherwise. */
  readonly patience?: number;
  /** Plants a fault in every process, to see that the proof fails. */
  readonly fault?: (parts: Parts, clock: VirtualClock) => Parts;
}
