/** Which states a step goes through, those it does not rest in included. */
import { getInitialMicrosteps, getMicrosteps, type AnyMachineSnapshot, type AnyStateMachine } from 'xstate';
import type { Json } from '../../contracts/json.ts';
import type { ActorType } from '../../system/actorType.ts';
import type { MachineEvent, Snapshot } from '../../system/chart.ts';
import { activeNodes, everyNode } from '../../system/shape.ts';

type Began = { readonly input: Json } | { readonly before: Snapshot; readonly event: MachineEvent };

/** Nobody who checks a team asks for the states of these. */
const ours: ReadonlySet<string> = new Set(['run', 'member', 'wait']);

/** Does it have states that it may leave at once? Only then the steps in between are worth a look. */
const hasPassage = new WeakMap<AnyStateMachine, boolean>();

export function passedBy({ chart: { machine } }: ActorType, after: Snapshot, began: Began): string[] {
  if (ours.has(machine.id)) return [];
  let passage = hasPassage.get(machine);
  if (passage === undefined) {
    passage = everyNode(machine.root).some(({ always, on }) => (always ?? []).length > 0 || '' in on);
    hasPassage.set(machine, passage);
  }
  const ids = ({ value }: Snapshot) => activeNodes(machine.root, value as Json).map(({ id }) => id);
  if (!passage) return ids(after);
  const steps =
    'input' in began
      ? getInitialMicrosteps(machine, began.input as never)
      : getMicrosteps(machine, began.before as never, began.event as never);
  return [
    ...(steps as readonly (readonly [AnyMachineSnapshot, unknown])[]).flatMap(([snapshot]) => ids(snapshot)),
    ...ids(after),
  ];
}
