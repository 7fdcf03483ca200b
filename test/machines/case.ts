/** A machine as the laws see it: put one file per machine in `cases/`, and every law is asked of it. */
import type { AnyEventObject, AnyStateMachine } from 'xstate';

export interface Case {
  readonly name: string;
  /** Several cases of one name are sides of one chart, each with its own events; together they pass every state. */
  readonly side?: string;
  readonly machine: AnyStateMachine;
  readonly input: unknown;
  /** A sample of every event the machine can meet. Ends of children are only offered while that child is there. */
  readonly events: readonly AnyEventObject[];
  /** The part of context that decides behaviour; it keeps the walk finite. */
  key(context: never): unknown;
}
