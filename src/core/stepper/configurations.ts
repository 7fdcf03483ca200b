/** The configurations of a machine, each made once. */
import type { AnyStateNode, StateValue } from 'xstate';
import { everyNode } from '../machineShape.ts';
import { ancestors, childNodes, initialNodes, isAtomic } from './nodes.ts';
import type { Configuration } from './plan.ts';
import type { PlannedTransition } from './xstate.ts';

/** So many of what is known of a machine are kept. Parallel states and the names of events can make any number. */
const defaultLimit = 20_000;

/** All that is known of one machine, until it is too much: then it is forgotten, and made again when it is needed. */
export class Configurations {
  #known = new Map<string, Configuration>();
  #byNodes = new WeakMap<readonly AnyStateNode[], Configuration>();
  #count = 0;
  readonly #root: AnyStateNode;
  readonly #limit: number;
  readonly #numbers: ReadonlyMap<AnyStateNode, number>;

  constructor(root: AnyStateNode, limit = defaultLimit) {
    this.#root = root;
    this.#limit = limit;
    this.#numbers = new Map(everyNode(root).map((node, index) => [node, index]));
  }

  /** The configuration with these states in this order. */
  of(nodes: readonly AnyStateNode[]): Configuration {
    const found = this.#byNodes.get(nodes);
    if (found) return found;
    const key = nodes.map((node) => this.#numbers.get(node)).join();
    const configuration = this.#known.get(key) ?? this.remember(this.#known, key, this.#make(nodes));
    this.#byNodes.set(nodes, configuration);
    return configuration;
  }

  /** Keeps a value that can be made again. */
  remember<K, V>(kept: Map<K, V>, key: K, value: V): V {
    if (++this.#count > this.#limit) {
      this.#known = new Map();
      this.#byNodes = new WeakMap();
      this.#count = 1;
    }
    kept.set(key, value);
    return value;
  }

  #make(nodes: readonly AnyStateNode[]): Configuration {
    return {
      nodes,
      value: valueOf(this.#root, byParent(completed(nodes))),
      tags: new Set(nodes.flatMap(({ tags }) => tags)),
      eventless: nodes
        .filter(isAtomic)
        .map((node) => [node, ...ancestors(node)].flatMap(({ always = [] }) => always as PlannedTransition[]))
        .filter((transitions) => transitions.length > 0),
      candidates: new Map(),
      plans: new Map(),
    };
  }
}

type ByParent = ReadonlyMap<AnyStateNode, readonly AnyStateNode[]>;
function byParent(nodes: Iterable<AnyStateNode>): ByParent {
  const inside = new Map<AnyStateNode, AnyStateNode[]>();
  for (const node of nodes) if (node.parent) inside.set(node.parent, [...(inside.get(node.parent) ?? []), node]);
  return inside;
}

/** With what is missing, as XState completes it for the value: the root alone has the value of its initial states. */
function completed(nodes: readonly AnyStateNode[]): ReadonlySet<AnyStateNode> {
  const all = new Set(nodes);
  const given = byParent(nodes);
  // The set grows while it is gone through.
  for (const node of all) {
    if (node.type === 'compound' && !given.has(node)) addInitial(node, all);
    else if (node.type === 'parallel')
      for (const region of childNodes(node)) if (!all.has(region)) addInitial(region, all);
  }
  for (const node of all) for (const around of ancestors(node)) all.add(around);
  return all;
}

function addInitial(node: AnyStateNode, all: Set<AnyStateNode>): void {
  const initial = initialNodes(node);
  for (const each of initial) for (const around of ancestors(each, node)) initial.add(around);
  for (const each of initial) all.add(each);
}

function valueOf(node: AnyStateNode, inside: ByParent): StateValue {
  const children = inside.get(node) ?? [];
  const [first] = children;
  if (node.type === 'compound' && first && isAtomic(first)) return first.key;
  // All snapshots of the machine share it.
  return Object.freeze(Object.fromEntries(children.map((child) => [child.key, valueOf(child, inside)])));
}
