/** The transitions that may be taken for an event, and the choice among them. */
import type { AnyEventObject, AnyStateNode, StateValue } from 'xstate';
import { passes } from './guards.ts';
import type { Candidates } from './plan.ts';
import type { GuardReference, PlannedTransition, WorkingSnapshot } from './xstate.ts';

/** Those of a state with this value, and of what is active inside it. */
export function candidatesOf(node: AnyStateNode, value: StateValue, type: string): Candidates {
  const parts = typeof value === 'string' ? [[value, {}] as const] : Object.entries(value);
  const inner = parts.flatMap(([key, rest]) => {
    const child = node.states[key] as AnyStateNode | undefined;
    return child && rest !== undefined ? [candidatesOf(child, rest, type)] : [];
  });
  return {
    node,
    own: ownCandidates(node, type),
    inner: inner.filter((each) => each.own.length > 0 || each.inner.length > 0),
  };
}

/** Those for exactly this type come first, then the wildcards, the longest first. */
function ownCandidates({ transitions }: AnyStateNode, type: string): readonly PlannedTransition[] {
  const wildcards = [...transitions.keys()]
    .filter((descriptor) => descriptor !== type && isWildcard(descriptor) && isUnder(type, descriptor))
    .sort((a, b) => b.length - a.length);
  return [type, ...wildcards].flatMap(
    (descriptor) => (transitions.get(descriptor) ?? []) as readonly PlannedTransition[],
  );
}

/** Does the type come under the wildcard? `*` is for every one, `a.b.*` for what begins with these words, and for `a.b` itself. */
function isUnder(type: string, wildcard: string): boolean {
  if (wildcard === '*') return true;
  const stem = wildcard.slice(0, -2);
  return type.startsWith(stem) && (type.length === stem.length || type[stem.length] === '.');
}

/** An asterisk in another place stands for itself. */
const isWildcard = (descriptor: string): boolean =>
  descriptor === '*' || (descriptor.endsWith('.*') && !descriptor.slice(0, -2).split('.').includes('*'));

/**
 * What of the type of an event decides which transitions of a machine may be taken for it: the type itself when a state names it, and else the wildcards that
 * it matches. The ends of numbered children have any number of types, and come to one of these.
 */
export function eventKinds(nodes: readonly AnyStateNode[]): (type: string) => string {
  const named = new Set(nodes.flatMap(({ transitions }) => [...transitions.keys()]));
  const wildcards = [...named].filter(isWildcard);
  // A NUL is in no name.
  return (type) => (named.has(type) ? type : `\0${wildcards.filter((each) => isUnder(type, each)).join('\0')}`);
}

/** Adds the transitions that the event takes to `chosen`: the innermost ones, in each region on its own. Throws what a guard throws, with its place. */
export function choose(
  { node, own, inner }: Candidates,
  snapshot: WorkingSnapshot,
  event: AnyEventObject,
  chosen: PlannedTransition[],
): void {
  const before = chosen.length;
  for (const each of inner) choose(each, snapshot, event, chosen);
  if (chosen.length > before) return;
  for (const transition of own) {
    if (transition.guard && !passesAt(node, transition.guard, snapshot, event)) continue;
    chosen.push(transition);
    return;
  }
}

function passesAt(
  node: AnyStateNode,
  guard: GuardReference,
  snapshot: WorkingSnapshot,
  event: AnyEventObject,
): boolean {
  try {
    return passes(guard, snapshot, event);
  } catch (thrown) {
    const name = typeof guard === 'string' ? guard : typeof guard === 'object' ? guard.type : undefined;
    throw new Error(
      `Unable to evaluate guard ${name ? `'${name}' ` : ''}in transition for event '${event.type}' in state node '${node.id}':\n${(thrown as Error).message}`,
      { cause: thrown },
    );
  }
}

/** The eventless transitions that are taken: for each innermost state the first whose guard passes. */
export function chooseEventless(
  eventless: readonly (readonly PlannedTransition[])[],
  snapshot: WorkingSnapshot,
  event: AnyEventObject,
): readonly PlannedTransition[] {
  if (eventless.length === 0) return none;
  let chosen = none;
  for (const transitions of eventless)
    for (const transition of transitions) {
      if (transition.guard !== undefined && !passes(transition.guard, snapshot, event)) continue;
      if (!chosen.includes(transition)) chosen = [...chosen, transition];
      break;
    }
  return chosen;
}
const none: readonly PlannedTransition[] = [];
