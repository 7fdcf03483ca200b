/** A machine as the laws see it. Every case that a file in `cases/` exports, alone or in a list, is asked every law. */
import type { AnyEventObject, AnyStateMachine } from 'xstate';

export interface Case {
  /** The name of the export unless told otherwise. */
  readonly name?: string;
  /** Several cases of one name are sides of one chart, each with its own events; together they pass every state. */
  readonly side?: string;
  /** It lives until it is told to stop: it may rest with nothing but signals to wait for. */
  readonly service?: boolean;
  readonly machine: AnyStateMachine;
  readonly input: unknown;
  /** A sample of every event the machine can meet. Ends of children are only offered while that child is there. */
  readonly events: readonly AnyEventObject[];
  /** The part of context that decides behaviour; it keeps the walk finite. */
  key(context: never): unknown;
}
