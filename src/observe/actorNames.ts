/** The names by which a person knows the actors of a run. */
import type { Inspection } from '../contracts/inspection.ts';
import { actorTypeOf, reservedTypes, type Address } from '../values/ids.ts';

type Commit = Extract<Inspection, { type: 'commit' }>;

/** Actors of the runtime itself. They work for another actor, whose events say what a person wants to know. */
const machinery = new Set(['toolCall', 'treasurer', 'wait']);
/** Is it an actor of the runtime itself: a tool call, the treasurer, a ticket? */
export const isMachinery = ({ machine }: Pick<Commit, 'machine'>): boolean => machinery.has(machine);

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

  function find(commit: Commit): string {
    const { actor, parent } = commit;
    if (parent === undefined) return root;
    const type = actorTypeOf(actor);
    // An agent that was called like a tool; the actor of the call has its name.
    if (type === 'delegate') return actorTypeOf(parent).replace(/^delegate\./, '');
    return isMachinery(commit) || reservedTypes.has(type) ? (names.get(parent) ?? root) : type;
  }

  return {
    learn(commit) {
      if (!names.has(commit.actor)) names.set(commit.actor, find(commit));
    },
    nameOf: (actor) => names.get(actor) ?? root,
  };
}
