/** Reads the end of a child: its output or its failure. XState names the event after the child, and children with a number in their name have no type of their own. */
import type { Failure } from '../src/values/failure.ts';
import { failureOf } from './failure.ts';

/** The event that XState raises when a child is done or has failed. */
export interface ChildEndEvent {
  readonly type: string;
  readonly output?: unknown;
  readonly error?: unknown;
}

/** The output of a child. Use it on the `onDone` of the child that has this output, and nowhere else: the event itself does not say. */
export const childOutput = <Output>(event: ChildEndEvent): Output => event.output as Output;

/** Whether the child failed. */
export const isChildError = ({ type }: Pick<ChildEndEvent, 'type'>): boolean => type.startsWith('xstate.error.');

/** The failure of a child. Use it on its `onError`. */
export const childFailure = ({ error }: ChildEndEvent): Failure => failureOf(error);
