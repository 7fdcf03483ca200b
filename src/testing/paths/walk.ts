/** Every situation a machine can come to, breadth first, with the states it passes without resting. */
import {
  getInitialMicrosteps,
  getMicrosteps,
  type AnyEventObject,
  type AnyMachineSnapshot,
  type AnyStateMachine,
  type AnyStateNode,
} from 'xstate';
import { TroupeError } from '../../contracts/failure.ts';
import { stateOf } from '../../system/chart.ts';
import { nodesOf } from '../nodes.ts';

export interface WalkOptions {
  readonly input: unknown;
  /** Samples of every event it can meet. Ends of children are offered only while that child is there. */
  readonly events: readonly AnyEventObject[];
  /** The part of context that decides behaviour; it keeps the walk finite. The whole context unless told otherwise. */
  key?(context: never): unknown;
  /** Situations after which the walk is cut off; 20,000 unless told otherwise. */
  readonly limit?: number;
  /** Called for every step, in order; true ends the walk. `from` is undefined for the first one. */
  visit?(step: Stride): boolean;
}

export interface Stride {
  readonly from: Place | undefined;
  readonly event: AnyEventObject | undefined;
  readonly passed: ReadonlySet<AnyStateNode>;
  /** What it did and wished for on the way. */
  readonly actions: readonly AnyEventObject[];
  readonly to: Place;
}

export interface Place {
  readonly snapshot: AnyMachineSnapshot;
  /** The events that led here: as few as possible. */
  readonly path: readonly AnyEventObject[];
  readonly next: Set<string>;
}

export interface Walk {
  readonly places: ReadonlyMap<string, Place>;
  readonly seen: ReadonlySet<AnyStateNode>;
  /** False when the limit was reached before everything was seen. */
  readonly whole: boolean;
}

const childEvent = /^xstate\.(?:done|error)\.actor\.(.+)$/;

/**
 * Steps the pure machine; nothing is recorded as covered. Throws `definition` when the machine throws, and names the event.
 * @example walk(doorMachine, { input: {}, events: [{ type: 'door.open' }, after('patience', 'door.opening')] }).places.size
 */
export function walk(machine: AnyStateMachine, options: WalkOptions): Walk {
  const { input, events, key = (context: unknown) => context, limit = 20_000, visit = () => false } = options;
  const places = new Map<string, Place>();
  const seen = new Set<AnyStateNode>();
  const queue: Place[] = [];
  /** True when this was enough. */
  const arrive = (steps: Microsteps, from?: Place, event?: AnyEventObject): boolean => {
    const passed = new Set(steps.flatMap(([snapshot]) => nodesOf(snapshot)));
    for (const node of passed) seen.add(node);
    const snapshot = steps.at(-1)![0];
    const id = idOf(snapshot, key as (context: unknown) => unknown);
    from?.next.add(id);
    const known = places.get(id);
    const path = from && event ? [...from.path, event] : [];
    const to = known ?? { snapshot, path, next: new Set<string>() };
    if (!known && places.size < limit) {
      places.set(id, to);
      queue.push(to);
    } else if (!known) cut = true;
    return visit({ from, event, passed, actions: steps.flatMap(([, actions]) => actions), to }) || cut;
  };

  let cut = false;
  let over = arrive(stepped(machine, undefined, () => getInitialMicrosteps(machine, input as never)));
  for (let place = queue.shift(); place && !over; place = queue.shift()) {
    const { snapshot } = place;
    if (snapshot.status !== 'active') continue;
    for (const event of events) {
      const child = childEvent.exec(event.type)?.[1];
      if (child !== undefined && !(child in snapshot.children)) continue;
      over = arrive(
        stepped(machine, event, () => getMicrosteps(machine, snapshot, event as never)),
        place,
        event,
      );
      if (over) break;
    }
  }
  return { places, seen, whole: !cut };
}

/** Where it rests at first and after each event, in words. Not recorded either. */
export function resting(machine: AnyStateMachine, input: unknown, events: readonly AnyEventObject[]): string[] {
  let at = stepped(machine, undefined, () => getInitialMicrosteps(machine, input as never)).at(-1)![0];
  const words = () => stateOf(at.value, machine.root);
  return [
    words(),
    ...events.map((event) => {
      at = stepped(machine, event, () => getMicrosteps(machine, at, event as never)).at(-1)![0];
      return words();
    }),
  ];
}

type Microsteps = readonly (readonly [AnyMachineSnapshot, readonly AnyEventObject[]])[];

const idOf = ({ value, status, context, children }: AnyMachineSnapshot, key: (context: unknown) => unknown) =>
  JSON.stringify([value, status, Object.keys(children).sort(), key(context)]);

function stepped(machine: AnyStateMachine, event: AnyEventObject | undefined, run: () => unknown): Microsteps {
  try {
    return run() as Microsteps;
  } catch (cause) {
    const what = event ? `at the event "${event.type}"` : 'at its start';
    throw new TroupeError(
      'definition',
      `The machine "${machine.id}" threw ${what}: ${String(cause)}. Is ${event ? 'this a sample it can meet' : 'this its input'}? It was given ${JSON.stringify(event ?? null)}.`,
      { cause },
    );
  }
}
