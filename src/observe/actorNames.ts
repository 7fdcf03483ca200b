/** The names by which a person knows the actors of a run. */
import type { Inspection } from '../contracts/inspection.ts';
import { actorKeyOf, actorTypeOf, reservedTypes, type Address } from '../values/ids.ts';
import { propertiesOf } from '../values/properties.ts';

type Commit = Extract<Inspection, { type: 'commit' }>;

/** Actors of the runtime itself. They work for another actor, whose events say what a person wants to know. */
const machinery = new Set(['toolCall', 'treasurer', 'wait']);
/** Is it an actor of the runtime itself: a tool call, the treasurer, a ticket? */
export const isMachinery = ({ machine }: Pick<Commit, 'machine'>): boolean => machinery.has(machine);

/** Machines that do a step of a workflow: a person knows them by the step. */
const stepMachines = new Set(['agentStep', 'fanOut', 'workflow']);

/** The steps under way, by the id of the child as it is in an address. */
const stepsIn = ({ context }: Commit): ReadonlyMap<string, string> =>
  new Map(
    Object.entries(propertiesOf(propertiesOf(context)['running'])).map(([child, one]) => [
      child.replace('.', '-'),
      String(propertiesOf(one)['step']),
    ]),
  );

/** The names of actors, learned from their commits. */
export interface ActorNames {
  /** Learns the name of the actor of a commit. */
  learn(commit: Commit): void;
  /** The name of an actor; that of the run for an actor without a commit so far. */
  nameOf(actor: Address): string;
}

/** `root` is the name of what runs. */
export function actorNames(root: string): ActorNames {
  const names = new Map<Address, string>();
  /** The steps under way of each workflow, by the id of the child. */
  const steps = new Map<Address, ReadonlyMap<string, string>>();

  function find(commit: Commit): string {
    const { actor, parent } = commit;
    if (parent === undefined) return root;
    if (stepMachines.has(commit.machine)) return stepOf(actor, parent) ?? names.get(parent) ?? root;
    const type = actorTypeOf(actor);
    // An agent that was called like a tool; the actor of the call has its name.
    if (type === 'delegate') return actorTypeOf(parent).replace(/^delegate\./, '');
    return isMachinery(commit) || reservedTypes.has(type) ? (names.get(parent) ?? root) : type;
  }

  /** The step that a child of a workflow does; undefined for an item of a fan-out. */
  function stepOf(actor: Address, parent: Address): string | undefined {
    const child = /\.(step-\d+)\.[^.]+$/.exec(actorKeyOf(actor))?.[1];
    return child === undefined ? undefined : steps.get(parent)?.get(child);
  }

  return {
    learn(commit) {
      if (commit.machine === 'workflow') steps.set(commit.actor, stepsIn(commit));
      if (!names.has(commit.actor)) names.set(commit.actor, find(commit));
    },
    nameOf: (actor) => names.get(actor) ?? root,
  };
}
