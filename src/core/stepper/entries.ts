/** Which states transitions enter: the algorithm of SCXML, as XState has it. */
import type { AnyStateNode } from 'xstate';
import { domainOf, targetStates } from './exits.ts';
import type { History } from './history.ts';
import { ancestors, childNodes, firstOf, isInside } from './nodes.ts';
import type { PlannedTransition } from './xstate.ts';

/** The states that are entered. */
export interface EntrySet {
  readonly entered: ReadonlySet<AnyStateNode>;
  /** Those that start with their initial state: the actions of its initial transition are taken. */
  readonly byDefault: ReadonlySet<AnyStateNode>;
}

/** The states that are entered, once the exits are known: a history state leads back to what has just been left. */
export function entrySet(transitions: readonly PlannedTransition[], history: History): EntrySet {
  const entered = new Set<AnyStateNode>();
  const byDefault = new Set<AnyStateNode>();

  const enterByDefault = (node: AnyStateNode) => {
    entered.add(node);
    byDefault.add(node);
  };
  const isEmpty = (region: AnyStateNode) => ![...entered].some((node) => isInside(node, region));

  /** What is active inside a state that is entered. */
  const addDescendants = (node: AnyStateNode): void => {
    if (node.type === 'history') addRemembered(node);
    else if (node.type === 'compound') {
      const first = firstOf(node);
      if (first.type !== 'history') enterByDefault(first);
      addDescendants(first);
      addAncestors(ancestors(first, node));
    } else if (node.type === 'parallel') {
      for (const region of childNodes(node)) {
        if (!isEmpty(region)) continue;
        enterByDefault(region);
        addDescendants(region);
      }
    }
  };
  const addRemembered = (node: AnyStateNode): void => {
    const { nodes, by } = history.targetsOf(node);
    for (const led of nodes) {
      entered.add(led);
      if (by === 'initial' && node.parent) byDefault.add(node.parent);
      addDescendants(led);
    }
    for (const led of nodes) addAncestors(ancestors(led, node.parent));
  };
  /** The states around one that is entered, as far as they lie inside of `domain`, with the other regions of parallel ones. */
  const addAncestors = (around: readonly AnyStateNode[], domain?: AnyStateNode): void => {
    for (const node of around) {
      if (!domain || isInside(node, domain)) entered.add(node);
      if (node.type !== 'parallel') continue;
      for (const region of childNodes(node)) {
        if (!isEmpty(region)) continue;
        entered.add(region);
        addDescendants(region);
      }
    }
  };

  for (const transition of transitions) {
    const { source, reenter, target = [] } = transition;
    const domain = domainOf(transition, history);
    for (const node of target) {
      // Only a transition that stays inside its source does not enter it.
      if (node.type !== 'history' && (source !== node || source !== domain || reenter)) enterByDefault(node);
      addDescendants(node);
    }
    for (const node of targetStates(transition, history)) {
      const around = ancestors(node, domain);
      if (domain?.type === 'parallel') around.push(domain);
      addAncestors(around, !source.parent && reenter ? undefined : domain);
    }
  }
  return { entered, byDefault };
}
