/** What the pure core cannot do by itself and is given by the code that builds an actor type: a hash, and a trace of every step. */
import type { AnyEventObject, AnyMachineSnapshot, AnyStateMachine } from 'xstate';

/** A first step has an input; every other one has the snapshot it began with, and an event. */
export type TracedStep = { readonly machine: AnyStateMachine; readonly to: AnyMachineSnapshot } & (
  { readonly input: unknown } | { readonly from: AnyMachineSnapshot; readonly event: AnyEventObject }
);

/** Hears of every step that a machine takes. */
export interface StepTrace {
  /** Look at this first: while it is false a step makes no object. */
  readonly hasListeners: boolean;
  publish(step: TracedStep): void;
}

/** The SHA-256 of a text, as 64 hexadecimal digits. */
export type Sha256 = (text: string) => string;

/** What the core is given by its platform. */
export interface Platform {
  readonly sha256: Sha256;
  readonly trace: StepTrace;
}
