/** Every situation a machine can come to, breadth first, with the states it passes without resting. */
import type { AnyEventObject, AnyMachineSnapshot, AnyStateNode } from 'xstate';
import { getInitialMicrosteps, getMicrosteps, getStateNodes } from 'xstate';
import type { Case } from './case.ts';

export interface Place {
  readonly snapshot: AnyMachineSnapshot;
  /** The events that led here. */
  readonly path: readonly AnyEventObject[];
  readonly next: Set<string>;
}

export interface Walk {
  readonly places: ReadonlyMap<string, Place>;
  readonly seen: ReadonlySet<AnyStateNode>;
  /** False when the limit was reached before everything was seen. */
  readonly whole: boolean;
}

/** The states a machine is in, parents included. */
export const activeNodes = ({ machine, value }: AnyMachineSnapshot): readonly AnyStateNode[] => [
  machine.root as AnyStateNode,
  ...getStateNodes(machine.root as AnyStateNode, value),
];

const childEvent = /^xstate\.(?:done|error)\.actor\.(.+)$/;

export function walk({ machine, input, events, key }: Case, limit = 20_000): Walk {
  const places = new Map<string, Place>();
  const seen = new Set<AnyStateNode>();
  const idOf = ({ value, status, context, children }: AnyMachineSnapshot) =>
    JSON.stringify([value, status, Object.keys(children).sort(), key(context as never)]);
  const note = (steps: readonly (readonly [AnyMachineSnapshot, unknown])[]) => {
    for (const [snapshot] of steps) {
      if (snapshot.status === 'error') throw snapshot.error;
      for (const node of activeNodes(snapshot)) seen.add(node);
    }
    return steps.at(-1)?.[0];
  };

  const first = note(getInitialMicrosteps(machine, input as never) as never)!;
  const queue = [idOf(first)];
  places.set(queue[0]!, { snapshot: first, path: [], next: new Set() });
  for (let id = queue.shift(); id !== undefined; id = queue.shift()) {
    const place = places.get(id)!;
    if (place.snapshot.status !== 'active') continue;
    for (const event of events) {
      const child = childEvent.exec(event.type)?.[1];
      if (child !== undefined && !(child in place.snapshot.children)) continue;
      const after = note(getMicrosteps(machine, place.snapshot as never, event as never) as never);
      if (!after) continue;
      const to = idOf(after);
      place.next.add(to);
      if (places.has(to)) continue;
      if (places.size >= limit) return { places, seen, whole: false };
      places.set(to, { snapshot: after, path: [...place.path, event], next: new Set() });
      queue.push(to);
    }
  }
  return { places, seen, whole: true };
}
