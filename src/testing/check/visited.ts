/** The states that a step visits, those of microsteps included. */
import type { AnyStateMachine } from 'xstate';
import type { Json } from '../../values/json.ts';
import type { ActorType } from '../../core/actorType.ts';
import type { MachineEvent, Snapshot } from '../../core/chart.ts';
import { activeNodes, everyNode } from '../../core/machineShape.ts';
import { knownJson } from '../jsonValues.ts';
import { initialMicrosteps, microstepsOf } from '../microsteps.ts';

/** How a step began: with the input of the actor, or with a snapshot and an event. */
type Began = { readonly input: Json } | { readonly before: Snapshot; readonly event: MachineEvent };

/** Machines of the runtime whose states say nothing about what the user checks. */
const ours: ReadonlySet<string> = new Set(['run', 'member', 'wait']);

/** Whether a machine has eventless transitions, by machine: only then microsteps visit states that the machine does not rest in. */
const hasEventless = new WeakMap<AnyStateMachine, boolean>();

/** Ids of the states that a step visits. */
export function visitedBy({ chart: { machine } }: ActorType, after: Snapshot, began: Began): string[] {
  if (ours.has(machine.id)) return [];
  let eventless = hasEventless.get(machine);
  if (eventless === undefined) {
    eventless = everyNode(machine.root).some(({ always, on }) => (always ?? []).length > 0 || '' in on);
    hasEventless.set(machine, eventless);
  }
  const ids = ({ value }: Snapshot) => activeNodes(machine.root, knownJson(value)).map(({ id }) => id);
  if (!eventless) return ids(after);
  const steps =
    'input' in began ? initialMicrosteps(machine, began.input) : microstepsOf(machine, began.before, began.event);
  return [...steps.flatMap(([snapshot]) => ids(snapshot)), ...ids(after)];
}
