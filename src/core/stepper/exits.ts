/** Which states transitions leave, and which of them cannot be taken together: the algorithm of SCXML, as XState has it. */
import type { AnyStateNode } from 'xstate';
import type { History } from './history.ts';
import { ancestors, isInside } from './nodes.ts';
import type { PlannedTransition } from './xstate.ts';

/** The states that a transition aims at; for a history state those that it leads back to. */
export function targetStates({ target = [] }: Pick<PlannedTransition, 'target'>, history: History): AnyStateNode[] {
  const targets = new Set<AnyStateNode>();
  for (const node of target) {
    if (node.type !== 'history') {
      targets.add(node);
      continue;
    }
    for (const led of leadsTo(node, history)) targets.add(led);
  }
  return [...targets];
}

/** What a history state remembers is taken as it is; its default may be a history state again. */
function leadsTo(node: AnyStateNode, history: History): readonly AnyStateNode[] {
  const { nodes, by } = history.targetsOf(node);
  return by === 'memory' ? nodes : targetStates({ target: nodes }, history);
}

/** The state inside which everything happens; undefined when the root itself is left. */
export function domainOf(transition: PlannedTransition, history: History): AnyStateNode | undefined {
  const { source, reenter } = transition;
  const targets = targetStates(transition, history);
  if (!reenter && targets.every((node) => node === source || isInside(node, source))) return source;
  const [first = source, ...others] = targets;
  const common = ancestors(first).find((around) => [...others, source].every((node) => isInside(node, around)));
  return common ?? (reenter ? undefined : source.machine.root);
}

/** The active states that are left. */
export function exitSet(
  transitions: readonly PlannedTransition[],
  active: ReadonlySet<AnyStateNode>,
  history: History,
): AnyStateNode[] {
  const left = new Set<AnyStateNode>();
  for (const transition of transitions) {
    if (!transition.target?.length) continue;
    const domain = domainOf(transition, history);
    if (domain && transition.reenter && transition.source === domain) left.add(domain);
    for (const node of active) if (isInside(node, domain)) left.add(node);
  }
  return [...left];
}

/** Of two that leave the same state, the one from further inside is taken, or else the first. */
export function withoutConflicts(
  transitions: readonly PlannedTransition[],
  active: ReadonlySet<AnyStateNode>,
  history: History,
): readonly PlannedTransition[] {
  if (transitions.length < 2) return transitions;
  const exits = (transition: PlannedTransition) => new Set(exitSet([transition], active, history));
  const kept = new Map<PlannedTransition, ReadonlySet<AnyStateNode>>();
  for (const transition of transitions) {
    const own = exits(transition);
    const rivals = [...kept].filter(([, theirs]) => [...own].some((node) => theirs.has(node))).map(([rival]) => rival);
    if (!rivals.every(({ source }) => isInside(transition.source, source))) continue;
    for (const rival of rivals) kept.delete(rival);
    kept.set(transition, own);
  }
  return [...kept.keys()];
}
