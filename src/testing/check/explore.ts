/** Explores everything that can happen, breadth first: the first trace to a world is a shortest one. */
import type { Clock } from '../../values/clock.ts';
import { Outline, worldKey, type LeftOut } from './abstraction.ts';
import type { ModelTransition } from './transition.ts';
import { Successors } from './successors.ts';
import type { Bound, Merged } from './report.ts';
import type { CheckModel } from './model.ts';
import type { StepProblem, StepResult } from './worldStep.ts';
import type { ModelWorld } from './world.ts';

/** A world that was reached. */
export interface GraphNode {
  /** The world. */
  readonly world: ModelWorld;
  /** Moves from the beginning. */
  readonly depth: number;
  /** The move by which it was first reached, and from which node; undefined for a beginning. */
  readonly before?: { readonly node: number; readonly move: TransitionLabel };
  /** Every move that is possible here. */
  readonly edges: GraphEdge[];
  /** False when a bound left it unexplored. */
  explored: boolean;
}
/** A move without the world that it leads to: that is the node. */
export type TransitionLabel = Omit<ModelTransition, 'turn'>;

/** A move from one node to another, and what is wrong with the step it takes. */
export interface GraphEdge {
  /** The node that it leads to. */
  readonly to: number;
  /** The move. */
  readonly move: TransitionLabel;
  /** What is wrong with its step. */
  readonly problems: readonly StepProblem[];
  /** It leads to another situation of the same node: they differ only in what is not told apart. */
  readonly hides?: true;
}

/** Everything that was reached. */
export interface StateGraph {
  /** Every world, in the order in which they were reached. */
  readonly nodes: readonly GraphNode[];
  /** How many moves there are. */
  readonly transitions: number;
  /** Types of asks that are answered in at least one step. */
  readonly answered: ReadonlySet<string>;
  /** Ids of the states that were visited. */
  readonly visited: ReadonlySet<string>;
  /** How many situations were taken for one that was explored, because they differ only in what is not told apart. */
  readonly merged: Omit<Merged, 'upTo'>;
  /** The limit at which it stopped; undefined when everything was explored. */
  readonly bound?: Omit<Bound, 'grows'>;
}

/** The limits of an exploration. */
export interface ExplorationLimits {
  /** Worlds. */
  readonly states: number;
  /** Moves in a row. */
  readonly depth: number;
  /** Milliseconds. */
  readonly time: number;
}

/** What is explored, and how far. */
export interface Exploration {
  /** The model. */
  readonly model: CheckModel;
  /** When to stop. */
  readonly limits: ExplorationLimits;
  /** Numbers up to this one are told apart. */
  readonly clamp: number;
  /** Measures the limit of time. */
  readonly clock: Pick<Clock, 'now'>;
  /** Called from time to time with how many worlds were reached, and how many of them are not explored yet. */
  progress?(states: number, open: number): void;
}

/** Worlds between two calls of `progress`. */
const progressInterval = 2_000;

/** The key of a world at this precision: worlds with the same key count as one. */
export const worldKeyIn =
  ({ model, clamp }: Exploration) =>
  (world: ModelWorld): string =>
    worldKey(world, model.project, new Outline(clamp));

/** The node of that number, which must exist. */
export function nodeAt(nodes: readonly GraphNode[], at: number): GraphNode {
  const node = nodes[at];
  if (!node) throw new RangeError(`The graph has ${nodes.length} nodes; there is no node ${at}.`);
  return node;
}

/** Explores from these beginnings until everything was seen or a limit is reached. Rejects with what the model throws. */
export async function explore(beginnings: readonly StepResult[], walk: Exploration): Promise<StateGraph> {
  const { model, limits, clock, progress } = walk;
  const moves = new Successors(model);
  const known = new Map<string, number>();
  const variants = new Variants();
  const nodes: GraphNode[] = [];
  const answered = new Set<string>();
  const passed = new Set<string>();
  const until = clock.now() + limits.time;
  let transitions = 0;
  let bound: StateGraph['bound'];

  const add = (world: ModelWorld, before: GraphNode['before']): { to: number; isFirst: boolean } | undefined => {
    const outline = new Outline(walk.clamp);
    const id = worldKey(world, model.project, outline);
    const at = known.get(id);
    if (at !== undefined) return { to: at, isFirst: variants.seen(at, outline.leftOut) };
    if (nodes.length >= limits.states) {
      bound = { what: 'states', at: limits.states };
      return undefined;
    }
    const depth = before ? nodeAt(nodes, before.node).depth + 1 : 0;
    known.set(id, nodes.length);
    variants.seen(nodes.length, outline.leftOut);
    nodes.push({ world, depth, edges: [], explored: false, ...(before ? { before } : {}) });
    return { to: nodes.length - 1, isFirst: true };
  };

  for (const { world, visited: states } of beginnings) {
    add(world, undefined);
    for (const id of states) passed.add(id);
  }
  // Nodes that are added meanwhile are visited too.
  for (const [at, node] of nodes.entries()) {
    if (node.depth >= limits.depth) {
      bound ??= { what: 'depth', at: limits.depth };
      continue;
    }
    if (clock.now() > until) {
      bound = { what: 'time', at: limits.time };
      break;
    }
    if (at % progressInterval === progressInterval - 1) progress?.(nodes.length, nodes.length - at);
    let whole = true;
    for (const { turn, ...move } of await moves.from(node.world)) {
      transitions++;
      for (const type of turn.answered) answered.add(type);
      for (const id of turn.visited) passed.add(id);
      const added = add(turn.world, { node: at, move });
      if (!added) {
        whole = false;
        continue;
      }
      const { to, isFirst } = added;
      node.edges.push({ to, move, problems: turn.problems, ...(to === at && !isFirst ? { hides: true } : {}) });
    }
    node.explored = whole;
    if (bound?.what === 'states') break;
  }
  return { nodes, transitions, answered, visited: passed, merged: variants.merged, ...(bound ? { bound } : {}) };
}

/** The moves by which a node was first reached, in order. */
export function traceTo({ nodes }: Pick<StateGraph, 'nodes'>, node: number): TransitionLabel[] {
  const way: TransitionLabel[] = [];
  for (let { before } = nodeAt(nodes, node); before; { before } = nodeAt(nodes, before.node)) way.push(before.move);
  return way.reverse();
}

/** Counts the situations that share a node, by what was left out of its key. */
class Variants {
  readonly #large = new Map<number, Set<number>>();
  readonly #vague = new Map<number, Set<number>>();

  /** Tells whether it is the situation by which the node was first reached. */
  seen(node: number, { large, vague }: LeftOut): boolean {
    const isFirst = [addTo(this.#large, node, large), addTo(this.#vague, node, vague)];
    return isFirst.every(Boolean);
  }

  get merged(): StateGraph['merged'] {
    return { large: beyondFirst(this.#large), vague: beyondFirst(this.#vague) };
  }
}

/** Sets are made only where something is left out; tells whether the hash is the first of its node. */
function addTo(sets: Map<number, Set<number>>, node: number, hash: number): boolean {
  const known = sets.get(node);
  if (!known) {
    if (hash > 0) sets.set(node, new Set([hash]));
    return true;
  }
  known.add(hash);
  return known.values().next().value === hash;
}

const beyondFirst = (sets: ReadonlyMap<number, ReadonlySet<number>>): number =>
  [...sets.values()].reduce((sum, { size }) => sum + size - 1, 0);
