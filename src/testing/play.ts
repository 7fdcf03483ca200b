/** Feeds events to a pure machine: no actor, no clock, no effect. What happened in between is there to be looked at. */
import {
  getInitialMicrosteps,
  getMicrosteps,
  type AnyEventObject,
  type AnyMachineSnapshot,
  type AnyStateMachine,
  type EventObject,
  type InputFrom,
  type StateValue,
} from 'xstate';
import type { Json } from '../contracts/json.ts';
import { trace } from '../system/steps.ts';
import { purely } from './pure.ts';

/** What a machine wished for in one step: an effect or a child, a stop, a list entry, a signal … */
export interface Wish {
  readonly type: string;
  readonly params: unknown;
}

export interface Played {
  /** Where the machine rests now. */
  readonly snapshot: AnyMachineSnapshot;
  /** The states it went through, those it did not rest in included. */
  readonly values: StateValue[];
  /** Everything it wished for, in order. */
  readonly wishes: Wish[];
  /** One step for each event, the start first. */
  readonly path: readonly Step[];
}

export interface Step {
  /** Undefined for the start. */
  readonly event: EventObject | undefined;
  /** The states it went through because of it, the one it rests in last; empty when the event meant nothing. */
  readonly values: readonly StateValue[];
}

/** Starts a machine, without an actor. */
export function start(machine: AnyStateMachine, input: unknown): Played {
  const steps = purely(machine.id, () => getInitialMicrosteps(machine, input as never) as Microsteps);
  const played = collect(steps, undefined, undefined);
  if (trace.hasListeners) trace.publish({ machine, input, to: played.snapshot });
  return played;
}

/** One event further. What came before is kept. */
export function next(machine: AnyStateMachine, played: Played, event: EventObject): Played {
  const steps = purely(machine.id, () => getMicrosteps(machine, played.snapshot, event as never) as Microsteps);
  const { snapshot, values, wishes, path } = collect(steps, played.snapshot, event);
  if (trace.hasListeners) trace.publish({ machine, from: played.snapshot, event, to: snapshot });
  return {
    snapshot,
    values: [...played.values, ...values],
    wishes: [...played.wishes, ...wishes],
    path: [...played.path, ...path],
  };
}

/** A whole story: every event in order. */
export const tell = (machine: AnyStateMachine, input: unknown, events: readonly EventObject[]): Played =>
  events.reduce((played, event) => next(machine, played, event), start(machine, input));

/** The states a machine rests in after each event, its first one included. */
export function play<M extends AnyStateMachine>(
  machine: M,
  input: InputFrom<M>,
  events: readonly AnyEventObject[],
): StateValue[] {
  let played = start(machine, input);
  return [played.snapshot.value, ...events.map((event) => (played = next(machine, played, event)).snapshot.value)];
}

/** The entries a machine appended to one of its lists. */
export const listed = <T = Json>({ wishes }: Played, list: string): T[] =>
  wishes
    .filter((wish) => wish.type === 'append')
    .map(({ params }) => params as { list: string; entry: T })
    .filter((append) => append.list === list)
    .map(({ entry }) => entry);

/** What a machine asked for: the effects and children it started, with their ids and inputs. */
export const started = ({ wishes }: Played): { src: string; id: string; input: unknown }[] =>
  wishes
    .filter((wish) => wish.type === 'xstate.spawnChild')
    .map(({ params }) => params as { src: string; id: string; input: unknown })
    .map(({ src, id, input }) => ({ src, id, input }));

export const done = (id: string, output?: unknown) => ({ type: `xstate.done.actor.${id}`, output, actorId: id });
export const failed = (id: string, error: unknown = new Error(`${id} failed`)) => ({
  type: `xstate.error.actor.${id}`,
  error,
  actorId: id,
});
/** `state` is the id of the state that waits, e.g. `toolServer.waiting`. */
export const after = (delay: string, state: string) => ({ type: `xstate.after.${delay}.${state}` });

type Microsteps = readonly (readonly [AnyMachineSnapshot, readonly AnyEventObject[]])[];

function collect(steps: Microsteps, before: AnyMachineSnapshot | undefined, event: EventObject | undefined): Played {
  const snapshot = steps.at(-1)?.[0] ?? before;
  if (!snapshot) throw new Error('The machine took no first step.');
  if (snapshot.status === 'error') throw snapshot.error;
  const values = steps.map(([step]) => step.value as StateValue);
  return {
    snapshot,
    values,
    // An event that means nothing leaves the very same snapshot.
    path: [{ event, values: snapshot === before ? [] : values }],
    wishes: steps.flatMap(([, actions]) => actions.map(({ type, params }) => ({ type, params: params as unknown }))),
  };
}
