/** Walks through everything that can happen, breadth first: the way by which a situation was first met is a shortest one. */
import type { Clock } from '../../contracts/clock.ts';
import type { Json } from '../../contracts/json.ts';
import { keyOf } from './abstraction.ts';
import type { Move } from './move.ts';
import { Moves } from './moves.ts';
import type { Bound } from './report.ts';
import type { Stage } from './stage.ts';
import type { Problem, Turn } from './turn.ts';
import type { Actor, World } from './world.ts';

export interface Node {
  readonly world: World;
  readonly depth: number;
  /** The first way here; undefined for a beginning. */
  readonly before?: { readonly node: number; readonly move: Told };
  readonly edges: Edge[];
  /** False when a bound left it unexplored. */
  explored: boolean;
}
/** A move without the world it led to, which is the node. */
export type Told = Omit<Move, 'turn'>;

export interface Edge {
  readonly to: number;
  readonly move: Told;
  readonly problems: readonly Problem[];
}

export interface Graph {
  readonly nodes: readonly Node[];
  readonly transitions: number;
  /** Types of asks that are answered somewhere. */
  readonly answered: ReadonlySet<string>;
  /** Ids of the states that were passed. */
  readonly passed: ReadonlySet<string>;
  readonly bound?: Omit<Bound, 'grows'>;
}

export interface Limits {
  readonly states: number;
  readonly depth: number;
  /** Milliseconds. */
  readonly time: number;
}

export interface Walk {
  readonly stage: Stage;
  readonly limits: Limits;
  readonly clamp: number;
  readonly clock: Pick<Clock, 'now'>;
  /** Told now and then how far it is. */
  progress?(states: number, open: number): void;
}

/** Situations between two words about how far it is. */
const stride = 2_000;

export const keyIn =
  ({ stage, clamp }: Walk) =>
  (world: World): string =>
    keyOf(world, (actor: Actor): Json => stage.keep(actor, clamp), clamp);

export async function explore(beginnings: readonly Turn[], walk: Walk): Promise<Graph> {
  const { stage, limits, clock, progress } = walk;
  const moves = new Moves(stage);
  const key = keyIn(walk);
  const places = new Map<string, number>();
  const nodes: Node[] = [];
  const answered = new Set<string>();
  const passed = new Set<string>();
  const until = clock.now() + limits.time;
  let transitions = 0;
  let bound: Graph['bound'];

  const place = (world: World, before: Node['before']): number | undefined => {
    const id = key(world);
    const known = places.get(id);
    if (known !== undefined) return known;
    if (nodes.length >= limits.states) {
      bound = { what: 'states', at: limits.states };
      return undefined;
    }
    const depth = before ? nodes[before.node]!.depth + 1 : 0;
    places.set(id, nodes.length);
    return nodes.push({ world, depth, edges: [], explored: false, ...(before ? { before } : {}) }) - 1;
  };

  for (const { world, passed: states } of beginnings) {
    place(world, undefined);
    for (const id of states) passed.add(id);
  }
  for (let at = 0; at < nodes.length; at++) {
    const node = nodes[at]!;
    if (node.depth >= limits.depth) {
      bound ??= { what: 'depth', at: limits.depth };
      continue;
    }
    if (clock.now() > until) {
      bound = { what: 'time', at: limits.time };
      break;
    }
    if (at % stride === stride - 1) progress?.(nodes.length, nodes.length - at);
    let whole = true;
    for (const { turn, ...move } of await moves.from(node.world)) {
      transitions++;
      for (const type of turn.answered) answered.add(type);
      for (const id of turn.passed) passed.add(id);
      const to = place(turn.world, { node: at, move });
      if (to === undefined) whole = false;
      else node.edges.push({ to, move, problems: turn.problems });
    }
    node.explored = whole;
    if (bound?.what === 'states') break;
  }
  return { nodes, transitions, answered, passed, ...(bound ? { bound } : {}) };
}

/** The moves by which a node was first reached, in order. */
export function wayTo({ nodes }: Pick<Graph, 'nodes'>, node: number): Told[] {
  const way: Told[] = [];
  for (let { before } = nodes[node]!; before; { before } = nodes[before.node]!) way.push(before.move);
  return way.reverse();
}
