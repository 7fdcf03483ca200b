/** XState's microsteps as plain functions for tests, with a parent, as the engine steps a machine. */
import {
  createActor,
  getInitialMicrosteps,
  getMicrosteps,
  type ActorLogic,
  type AnyActorScope,
  type AnyEventObject,
  type AnyMachineSnapshot,
  type AnyStateMachine,
  type EventObject,
  type Snapshot,
} from 'xstate';

/** One microstep: the snapshot it led to, and the actions that it requested as data. */
export type Microstep = readonly [snapshot: AnyMachineSnapshot, actions: readonly AnyEventObject[]];

/** The microsteps of the initial transition. Throws what the machine throws. */
export const initialMicrosteps = (machine: AnyStateMachine, input: unknown): readonly Microstep[] =>
  // XState derives the input's type from a concrete machine; here it may be any machine, and its author checks the input.
  getInitialMicrosteps(hosted(machine), input as never);

/** The microsteps that an event causes; empty when the machine ignores it. Throws what the machine throws. */
export const microstepsOf = (
  machine: AnyStateMachine,
  snapshot: AnyMachineSnapshot,
  event: AnyEventObject,
): readonly Microstep[] => getMicrosteps(hosted(machine), snapshot, event);

/** By machine: the one that is stepped in its place, with the same states. */
const copies = new WeakMap<AnyStateMachine, AnyStateMachine>();

/** XState makes an actor of the machine to step it, and asks it for a first snapshot that nobody looks at. That is when the actor gets its parent. */
function hosted(machine: AnyStateMachine): AnyStateMachine {
  const known = copies.get(machine);
  if (known) return known;
  const parent = createActor(nobody, { id: '#parent' });
  const copy = Object.assign(Object.create(machine) as AnyStateMachine, {
    getInitialSnapshot({ self }: AnyActorScope) {
      // XState's own name for it: there is no other way to give one to an actor that it makes itself.
      Object.assign(self, { _parent: parent });
      return nobody.getInitialSnapshot();
    },
  });
  copies.set(machine, copy);
  return copy;
}

const nobody = {
  transition: (state) => state,
  getInitialSnapshot: () => ({ status: 'active', output: undefined, error: undefined }),
  getPersistedSnapshot: (state) => state,
} satisfies ActorLogic<Snapshot<undefined>, EventObject>;

/** The snapshot after the last microstep. Throws when there was none. */
export function lastOf(steps: readonly Microstep[]): AnyMachineSnapshot {
  const last = steps.at(-1);
  if (!last) throw new Error('The machine took no step.');
  return last[0];
}
