/** Where history states lead back to, and whether a plan depends on it. */
import type { AnyStateNode } from 'xstate';
import { historyNodes, isAtomic, isInside } from './nodes.ts';
import type { HistoryValue } from './xstate.ts';

/** What is remembered while one plan is made. */
export class History {
  /** Was it asked for? Then the plan holds for this history only. */
  wasAsked = false;
  readonly #value: HistoryValue;

  constructor(value: HistoryValue) {
    this.#value = value;
  }

  /** Where a history state leads: back to what it remembers, or to its default. */
  targetsOf(node: AnyStateNode): HistoryTargets {
    this.wasAsked = true;
    const remembered = this.#value[node.id];
    if (remembered) return { nodes: remembered, by: 'memory' };
    const { parent } = node;
    // Only a history state has it, so the types of XState do not show it.
    const { target } = node.config as { readonly target?: string | readonly string[] };
    if (!parent) return { nodes: [], by: 'default' };
    if (target) return { nodes: [target].flat().map((path) => nodeAt(parent, path)), by: 'default' };
    if (parent.type === 'parallel') return { nodes: [parent], by: 'default' };
    return { nodes: (parent.initial.target ?? []) as readonly AnyStateNode[], by: 'initial' };
  }
}

/** The states that a history state leads to. `initial`: by the initial transition of the state around it. */
export interface HistoryTargets {
  readonly nodes: readonly AnyStateNode[];
  readonly by: 'memory' | 'default' | 'initial';
}

/** What is remembered of the states that are left: the innermost active ones, or those directly inside. */
export function remember(left: readonly AnyStateNode[], active: readonly AnyStateNode[]): HistoryValue | undefined {
  const found = left.flatMap((node) =>
    historyNodes(node).map(({ id, history }) => {
      const isRemembered =
        history === 'deep'
          ? (each: AnyStateNode) => isAtomic(each) && isInside(each, node)
          : (each: AnyStateNode) => each.parent === node;
      return [id, active.filter(isRemembered)] as const;
    }),
  );
  return found.length === 0 ? undefined : Object.fromEntries(found);
}

/** The state that the target of a history state names: by its id (`#id`), or by its path. */
function nodeAt(from: AnyStateNode, path: string): AnyStateNode {
  if (path.startsWith('#')) {
    try {
      return from.machine.getStateNodeById(path);
    } catch {
      // A path, then.
    }
  }
  // A backslash takes the character after it literally.
  const keys = path
    .replace(/\\(.)|\./gs, (found, literal?: string) => (found === '.' ? '\0' : (literal ?? '')))
    .split('\0');
  let node = from;
  for (const key of keys) {
    if (key === '') break;
    const inner = key.startsWith('#') ? from.machine.getStateNodeById(key) : node.states[key];
    if (!inner) throw new Error(`Child state '${key}' does not exist on '${node.id}'`);
    node = inner;
  }
  return node;
}
