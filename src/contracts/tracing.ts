/** What follows runs as traces: it sees the inspection events, and is around the work of each effect. */
import type { Observer } from './inspection.ts';
import type { Address } from '../values/ids.ts';

/** The effect, or the call within it, whose work is done. */
export interface TracedWork {
  /** The id of the run. */
  readonly run: string;
  /** The address of the actor. */
  readonly actor: Address;
  /** The idempotency key of the effect. */
  readonly key: string;
}

/** The traces of one process. No member throws anything of its own. */
export interface Tracing {
  /** Sees what observers see: of what guardrails hold back, nothing before their judgement. */
  readonly observe: Observer;
  /** The name of what a run performs: its root agent, flow, workflow or machine. */
  named(run: string, name: string): void;
  /** Calls `work` once, at once, and gives what it gives: what it traces itself belongs to the effect. */
  around<T>(effect: TracedWork, work: () => T): T;
  /** Ends what is open: this process works on nothing any more. */
  close(): void;
}
