/** What follows runs as traces: it sees the inspection events, and is around the work of each effect. */
import type { Observer } from './inspection.ts';
import type { Failure } from '../values/failure.ts';
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

/** What the engine needs of tracing. */
export interface EngineTracing {
  /** Calls `work` once, at once, and gives what it gives: what it traces itself belongs to the effect. */
  around<T>(effect: TracedWork, work: () => T): T;
  /** The same for a part of an effect, under a name of its own. `failureOf` says of its result whether it failed. */
  within<T>(effect: TracedWork, part: TracedPart<T>): T;
  /** This process does not have the run any more: it was given back or lost. */
  left(run: string): void;
}

/** A part of an effect. */
export interface TracedPart<T> {
  /** The name of its span. */
  readonly name: string;
  /** What is done: called once, at once. */
  readonly work: () => T;
  /** Why it failed, of what it gave; undefined when it did not. */
  readonly failureOf: (result: Awaited<T>) => Failure | undefined;
}

/** The traces of one process. No member throws anything of its own. */
export interface Tracing extends EngineTracing {
  /** Sees what observers see: of what guardrails hold back, nothing before their judgement. */
  readonly observe: Observer;
  /** The name of what a run performs: its root agent, flow, workflow or machine. */
  named(run: string, name: string): void;
  /** Ends what is open: this process works on nothing any more. */
  close(): void;
}
