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
    .filter((descriptor) => descriptor !== type && matchesWildcard(type, descriptor))
    .sort((a, b) => b.length - a.length);
  return [type, ...wildcards].flatMap(
    (descriptor) => (transitions.get(descriptor) ?? []) as readonly PlannedTransition[],
  );
}

/** `*`, or `a.b.*`: what begins with these words, and `a.b` itself. */
function matchesWildcard(type: string, descriptor: string): boolean {
  if (descriptor === '*') return true;
  if (!descriptor.endsWith('.*')) return false;
  const words = type.split('.');
  const wanted = descriptor.split('.');
  const wildcard = wanted.indexOf('*');
  return wildcard === wanted.length - 1 && wanted.slice(0, -1).every((word, index) => word === words[index]);
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
