/** What the pure core cannot do by itself and is given by the code that builds an actor type: a hash, and a trace of every step. */
import type { AnyEventObject, AnyMachineSnapshot, AnyStateMachine } from 'xstate';

/** A first step has an input; every other one has the snapshot it began with, and an event. */
export type TracedStep = {
  /** The machine that took the step. */
  readonly machine: AnyStateMachine;
  /** The snapshot after the step. */
  readonly to: AnyMachineSnapshot;
} & (
  | {
      /** The input of the first step. */
      readonly input: unknown;
    }
  | {
      /** The snapshot before the step. */
      readonly from: AnyMachineSnapshot;
      /** The event that was handled. */
      readonly event: AnyEventObject;
    }
);

/** Hears of every step that a machine takes. */
export interface StepTrace {
  /** Look at this first: while it is false a step makes no object. */
  readonly hasListeners: boolean;
  /** Called after each step while there are listeners. */
  publish(step: TracedStep): void;
}

/** The SHA-256 of a text, as 64 hexadecimal digits. */
export type Sha256 = (text: string) => string;

/** What the core is given by its platform. */
export interface Platform {
  /** For the hashes of machines, and for addresses that would be too long. */
  readonly sha256: Sha256;
  /** Called with every step of every machine. */
  readonly trace: StepTrace;
}
