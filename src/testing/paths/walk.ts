/** Walks through every situation that a machine can reach, breadth first, and notes the states of its microsteps. */
import { requireOptions, type OptionNames } from '../../values/options.ts';
import type { AnyEventObject, AnyMachineSnapshot, AnyStateMachine, AnyStateNode } from 'xstate';
import { TroupeError } from '../../values/failure.ts';
import { stateOf } from '../../core/chart.ts';
import { initialMicrosteps, lastOf, microstepsOf, type Microstep } from '../microsteps.ts';
import { nodesOf } from '../nodes.ts';

/** With what a machine is walked, and how far. */
export interface WalkOptions {
  /** The machine's input. */
  readonly input: unknown;
  /** Samples of every event that it can get. The end of a child is tried only while that child runs. */
  readonly events: readonly AnyEventObject[];
  /** The part of the context that decides what happens next: situations that differ elsewhere count as one. The whole context by default. */
  key?(context: never): unknown;
  /** Situations after which the walk is cut off; 20,000 by default. */
  readonly limit?: number;
  /** Called for every step, in order; true ends the walk. */
  visit?(step: WalkStep): boolean;
}

/** One step of a walk. */
export interface WalkStep {
  /** The situation before it; undefined for the first step. */
  readonly from: Situation | undefined;
  /** The event that caused it; undefined for the first step. */
  readonly event: AnyEventObject | undefined;
  /** The states that it visited, those of microsteps included. */
  readonly visited: ReadonlySet<AnyStateNode>;
  /** The actions that it requested. */
  readonly actions: readonly AnyEventObject[];
  /** The situation after it. */
  readonly to: Situation;
}

/** A situation: a state with the part of the context that counts. */
export interface Situation {
  /** The snapshot when it was first reached. */
  readonly snapshot: AnyMachineSnapshot;
  /** The events that led here, as few as possible. */
  readonly path: readonly AnyEventObject[];
  /** Keys of the situations that follow. */
  readonly next: Set<string>;
}

/** What a walk reached. */
export interface Walk {
  /** Every situation, by its key. */
  readonly situations: ReadonlyMap<string, Situation>;
  /** Every state that was visited. */
  readonly visited: ReadonlySet<AnyStateNode>;
  /** False when the limit was reached before everything was seen. */
  readonly complete: boolean;
}

const childEvent = /^xstate\.(?:done|error)\.actor\.(.+)$/;

/**
 * Walks a machine. Its steps do not count as covered. Throws `definition` when the machine throws, and names the event.
 * @example walkStates(doorMachine, { input: {}, events: [{ type: 'door.open' }, after('patience', 'door.opening')] }).situations.size
 */
export function walkStates(machine: AnyStateMachine, options: WalkOptions): Walk {
  requireOptions('walkStates', options, walkOptionNames);
  const { input, events, limit = 20_000, visit = () => false } = options;
  // The caller wrote `key` for the context of this machine.
  const key = (context: unknown): unknown => (options.key ? options.key(context as never) : context);
  const situations = new Map<string, Situation>();
  const seen = new Set<AnyStateNode>();
  const queue: Situation[] = [];
  /** Adds the situation after a step; true when the walk is over. */
  const arrive = (steps: readonly Microstep[], from?: Situation, event?: AnyEventObject): boolean => {
    const visitedNow = new Set(steps.flatMap(([snapshot]) => nodesOf(snapshot)));
    for (const node of visitedNow) seen.add(node);
    const snapshot = lastOf(steps);
    const id = idOf(snapshot, key);
    from?.next.add(id);
    const known = situations.get(id);
    const path = from && event ? [...from.path, event] : [];
    const to = known ?? { snapshot, path, next: new Set<string>() };
    if (!known && situations.size < limit) {
      situations.set(id, to);
      queue.push(to);
    } else if (!known) cut = true;
    return visit({ from, event, visited: visitedNow, actions: steps.flatMap(([, actions]) => actions), to }) || cut;
  };

  let cut = false;
  let over = arrive(stepped(machine, undefined, () => initialMicrosteps(machine, input)));
  for (let place = queue.shift(); place && !over; place = queue.shift()) {
    const { snapshot } = place;
    if (snapshot.status !== 'active') continue;
    for (const event of events) {
      const child = childEvent.exec(event.type)?.[1];
      if (child !== undefined && !(child in snapshot.children)) continue;
      over = arrive(
        stepped(machine, event, () => microstepsOf(machine, snapshot, event)),
        place,
        event,
      );
      if (over) break;
    }
  }
  return { situations: situations, visited: seen, complete: !cut };
}

/** The states, as `a.b|c`, in which a machine rests at first and after each event. These steps do not count as covered either. */
export function restingStates(machine: AnyStateMachine, input: unknown, events: readonly AnyEventObject[]): string[] {
  let at = lastOf(stepped(machine, undefined, () => initialMicrosteps(machine, input)));
  const words = () => stateOf(at.value, machine.root);
  return [
    words(),
    ...events.map((event) => {
      at = lastOf(stepped(machine, event, () => microstepsOf(machine, at, event)));
      return words();
    }),
  ];
}

const idOf = ({ value, status, context, children }: AnyMachineSnapshot, key: (context: unknown) => unknown) =>
  JSON.stringify([value, status, Object.keys(children).sort(), key(context)]);

function stepped(
  machine: AnyStateMachine,
  event: AnyEventObject | undefined,
  run: () => readonly Microstep[],
): readonly Microstep[] {
  try {
    return run();
  } catch (cause) {
    const what = event ? `at the event "${event.type}"` : 'at its start';
    throw new TroupeError(
      'definition',
      `The machine "${machine.id}" threw ${what}: ${String(cause)}. Is ${event ? 'this a sample it can meet' : 'this its input'}? It was given ${JSON.stringify(event ?? null)}.`,
      { cause },
    );
  }
}

const walkOptionNames: OptionNames<WalkOptions> = {
  input: true,
  events: true,
  key: true,
  limit: true,
  visit: true,
};
