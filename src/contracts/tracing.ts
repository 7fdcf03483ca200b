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
export interface EffectTracing {
  /** Calls `work` once, at once, and gives what it gives: what it traces itself belongs to the effect. */
  around<T>(effect: TracedWork, work: () => T): T;
  /** The same for a part of an effect, under a name of its own. `failureOf` says of its result whether it failed. */
  within<T>(effect: TracedWork, part: TracedPart<T>): T;
}

/** A part of an effect. */
export interface TracedPart<T> {
  readonly name: string;
  readonly work: () => T;
  readonly failureOf: (result: Awaited<T>) => Failure | undefined;
}

/** The traces of one process. No member throws anything of its own. */
export interface Tracing extends EffectTracing {
  /** Sees what observers see: of what guardrails hold back, nothing before their judgement. */
  readonly observe: Observer;
  /** The name of what a run performs: its root agent, flow, workflow or machine. */
  named(run: string, name: string): void;
  /** Ends what is open: this process works on nothing any more. */
  close(): void;
}
