/** XState's microsteps as plain functions for tests: the one place where any machine, input and event may be passed to them. */
import {
  getInitialMicrosteps,
  getMicrosteps,
  type AnyEventObject,
  type AnyMachineSnapshot,
  type AnyStateMachine,
} from 'xstate';

/** One microstep: the snapshot it led to, and the actions that it requested as data. */
export type Microstep = readonly [snapshot: AnyMachineSnapshot, actions: readonly AnyEventObject[]];

/** The microsteps of the initial transition. Throws what the machine throws. */
export const initialMicrosteps = (machine: AnyStateMachine, input: unknown): readonly Microstep[] =>
  // XState derives the input's type from a concrete machine; here it may be any machine, and its author checks the input.
  getInitialMicrosteps(machine, input as never);

/** The microsteps that an event causes; empty when the machine ignores it. Throws what the machine throws. */
export const microstepsOf = (
  machine: AnyStateMachine,
  snapshot: AnyMachineSnapshot,
  event: AnyEventObject,
): readonly Microstep[] => getMicrosteps(machine, snapshot, event);

/** The snapshot after the last microstep. Throws when there was none. */
export function lastOf(steps: readonly Microstep[]): AnyMachineSnapshot {
  const last = steps.at(-1);
  if (!last) throw new Error('The machine took no step.');
  return last[0];
}
