/** Steps a pure machine with given events, without an actor, a clock or effects, and keeps what happened for the test to look at. */
import type { AnyEventObject, AnyMachineSnapshot, AnyStateMachine, EventObject, InputFrom, StateValue } from 'xstate';
import type { Json } from '../values/json.ts';
import { stepTrace } from '../engine/trace.ts';
import { initialMicrosteps, microstepsOf, type Microstep } from './microsteps.ts';
import { purely } from './pure.ts';

/** An action that a machine requested in one step, as XState returns it: an effect or child to start or stop, a list entry, a signal, … */
export interface PlayedAction {
  /** The action's type: `xstate.spawnChild` for an effect or child, otherwise the action's name. */
  readonly type: string;
  /** The action's parameters. */
  readonly params: unknown;
}

/** A machine after some events, and what happened on the way. */
export interface Played {
  /** The current snapshot of the machine. */
  readonly snapshot: AnyMachineSnapshot;
  /** Every state value that the machine passed, those of microsteps included, in order. */
  readonly values: StateValue[];
  /** Every action that it requested, in order. */
  readonly actions: PlayedAction[];
  /** One step for each event; the first one is the start. */
  readonly path: readonly PlayedStep[];
}

/** What one event did. */
export interface PlayedStep {
  /** The event; undefined for the start. */
  readonly event: EventObject | undefined;
  /** The state values that the event led through, the last one being where the machine came to rest; empty when the machine ignored the event. */
  readonly values: readonly StateValue[];
}

/** Takes the initial step of a machine. Throws what the machine throws; `definition` when the step is not pure. */
export function playStart(machine: AnyStateMachine, input: unknown): Played {
  const steps = purely(machine.id, () => initialMicrosteps(machine, input));
  const played = collect(steps, undefined, undefined);
  if (stepTrace.hasListeners) stepTrace.publish({ machine, input, to: played.snapshot });
  return played;
}

/** Takes one more event and adds what it did to what happened before. Throws as `playStart` does. */
export function playNext(machine: AnyStateMachine, played: Played, event: EventObject): Played {
  const steps = purely(machine.id, () => microstepsOf(machine, played.snapshot, event));
  const { snapshot, values, actions, path } = collect(steps, played.snapshot, event);
  if (stepTrace.hasListeners) stepTrace.publish({ machine, from: played.snapshot, event, to: snapshot });
  return {
    snapshot,
    values: [...played.values, ...values],
    actions: [...played.actions, ...actions],
    path: [...played.path, ...path],
  };
}

/**
 * The state values a machine rests in: after its start, and after each event. Throws what the machine throws; `definition` when a step is not pure.
 * @example expect(play(doorMachine, {}, [{ type: 'door.open' }, done('motor')]).at(-1)).toBe('open')
 */
export function play<M extends AnyStateMachine>(
  machine: M,
  input: InputFrom<M>,
  events: readonly AnyEventObject[],
): StateValue[] {
  let played = playStart(machine, input);
  return [played.snapshot.value, ...events.map((event) => (played = playNext(machine, played, event)).snapshot.value)];
}

/** The entries that a machine appended to one of its lists, oldest first. */
export const appendedEntries = <T = Json>({ actions }: Played, list: string): T[] =>
  actions
    .filter((action) => action.type === 'append')
    // The parameters of the `append` action, as every machine's setup declares them.
    .map(({ params }) => params as { list: string; entry: T })
    .filter((append) => append.list === list)
    .map(({ entry }) => entry);

/** The effects and children that a machine started, with their ids and inputs, in order. */
export const startedActors = ({ actions }: Played): { src: string; id: string; input: unknown }[] =>
  actions
    .filter((action) => action.type === 'xstate.spawnChild')
    // The parameters of XState's own action.
    .map(({ params }) => params as { src: string; id: string; input: unknown })
    .map(({ src, id, input }) => ({ src, id, input }));

/** The event that the effect or child with this id has ended with `output`. */
export const done = (id: string, output?: unknown) => ({ type: `xstate.done.actor.${id}`, output, actorId: id });
/** The event that the effect or child with this id has failed with `error`; by default an `Error` that names the id. */
export const failed = (id: string, error: unknown = new Error(`${id} failed`)) => ({
  type: `xstate.error.actor.${id}`,
  error,
  actorId: id,
});
/** The event that a delay is over. `delay`: its name or milliseconds; `state`: the id of the state that waits, e.g. `toolServer.waiting`. */
export const after = (delay: string, state: string) => ({ type: `xstate.after.${delay}.${state}` });

function collect(
  steps: readonly Microstep[],
  before: AnyMachineSnapshot | undefined,
  event: EventObject | undefined,
): Played {
  const snapshot = steps.at(-1)?.[0] ?? before;
  if (!snapshot) throw new Error('The machine took no first step.');
  if (snapshot.status === 'error') throw snapshot.error;
  const values = steps.map(([{ value }]): StateValue => value);
  return {
    snapshot,
    values,
    // XState returns the very same snapshot for an event that the machine ignores.
    path: [{ event, values: snapshot === before ? [] : values }],
    actions: steps.flatMap(([, actions]) => actions.map(({ type, params }): PlayedAction => ({ type, params }))),
  };
}
