/** What every part of the engine is given: the journal, the clock, the observer. */
import type { Clock } from '../values/clock.ts';
import type { Envelope } from '../contracts/envelope.ts';
import type { Inspection } from '../contracts/inspection.ts';
import type { EngineTracing } from '../contracts/tracing.ts';
import type { Stalls } from './stalls.ts';
import type { Journal } from '../journal/journal.ts';

/** What every part of the engine is given. */
export interface EngineContext {
  readonly journal: Journal;
  readonly clock: Clock;
  /** Fires when the host closes. */
  readonly ending: AbortSignal;
  /** Reports to the observer; never throws. */
  readonly report: (event: Inspection) => void;
  /** Is around the work of each effect; undefined when nothing is traced. */
  readonly tracing?: EngineTracing | undefined;
  /** Publishes an event that a machine emitted. Not durable, and never throws. */
  readonly publish: (topic: string, envelope: Envelope) => void;
  /** Which runs wait for the journal. */
  readonly stalls: Stalls;
}
