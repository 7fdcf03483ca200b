/** Finds loops in which the run can go round for ever by itself without a state tagged `progress`. */
import { worldKeyIn, nodeAt, type GraphEdge, type StateGraph, type GraphNode, type Exploration } from './explore.ts';
import { Successors } from './successors.ts';
import type { Counterexample } from './counterexample.ts';
import type { ModelWorld } from './world.ts';

/** The loops of a graph. */
export interface Livelocks {
  /** The livelocks that were found. */
  readonly found: readonly Counterexample[];
  /** Loops in the graph that ended when they were followed: the abstraction is too coarse to tell. */
  readonly refuted: number;
}

/** Finds every loop without progress, and follows each one to see that it really goes on. */
export async function livelocks(graph: StateGraph, walk: Exploration): Promise<Livelocks> {
  const { nodes } = graph;
  const idle = nodes.map(({ world }) => !makesProgress(world));
  const inside = nodes.map((node, at) =>
    idle[at] ? node.edges.filter(({ to, move }) => move.cause === 'inside' && idle[to]) : [],
  );
  const found = new Map<string, Counterexample>();
  let apparent = 0;
  for (const component of components(inside)) {
    const members = new Set(component);
    const entry = component.reduce((first, at) => (nodeAt(nodes, at).depth < nodeAt(nodes, first).depth ? at : first));
    const loop = around(inside, members, entry);
    const about = [...new Set(loop.map(({ move: { from, to, says } }) => `${from} ${to} ${says}`))].sort().join('|');
    if (found.has(about)) continue;
    if (!(await isRealLoop(nodeAt(nodes, entry), loop, nodes, walk))) {
      apparent++;
      continue;
    }
    const leaves = component.some((at) =>
      nodeAt(nodes, at).edges.some(({ to, move: { cause } }) => !members.has(to) && cause !== 'drop'),
    );
    const says = livelockWords(leaves);
    found.set(about, { kind: 'livelock', about, says, node: entry, loop: loop.map(({ move }) => move) });
  }
  return { found: [...found.values()], refuted: apparent };
}

const makesProgress = ({ actors }: ModelWorld): boolean =>
  [...actors.values()].some(({ snapshot }) => snapshot.tags.has('progress'));

const livelockWords = (leaves: boolean): string =>
  `It can go round for ever without getting on${leaves ? '' : ', and nothing else can happen'}. Bound it by a count or a time, or tag a state of the round \`progress\` when going round is what it is for.`;

/** Follows the loop on real worlds, more often than the abstraction counts exactly: a loop that ends then was none. */
async function isRealLoop(
  { world }: GraphNode,
  loop: readonly GraphEdge[],
  nodes: readonly GraphNode[],
  walk: Exploration,
): Promise<boolean> {
  const moves = new Successors(walk.model);
  const key = worldKeyIn(walk);
  const keys = loop.map(({ to }) => key(nodeAt(nodes, to).world));
  let at = world;
  for (let round = 0; round < 2 * walk.clamp + 4; round++) {
    for (const [index, { move }] of loop.entries()) {
      const next = (await moves.from(at)).find(
        ({ turn, from, to, says }) =>
          from === move.from && to === move.to && says === move.says && key(turn.world) === keys[index],
      );
      if (!next) return false;
      at = next.turn.world;
    }
  }
  return true;
}

/** The shortest loop that begins and ends at `entry`. */
function around(inside: readonly (readonly GraphEdge[])[], members: ReadonlySet<number>, entry: number): GraphEdge[] {
  const came = new Map<number, { from: number; edge: GraphEdge }>();
  const back = (at: number) => (at === entry ? undefined : came.get(at));
  const queue = [entry];
  for (let at = queue.shift(); at !== undefined; at = queue.shift()) {
    for (const edge of inside[at] ?? []) {
      if (!members.has(edge.to) || came.has(edge.to)) continue;
      came.set(edge.to, { from: at, edge });
      if (edge.to !== entry) {
        queue.push(edge.to);
        continue;
      }
      const loop = [edge];
      for (let step = back(at); step; step = back(step.from)) loop.unshift(step.edge);
      return loop;
    }
  }
  return [];
}

interface Visit {
  readonly at: number;
  readonly index: number;
  low: number;
  isOnStack: boolean;
}

/** Strongly connected components that contain a loop, by Tarjan's algorithm; without recursion, because chains may be long. */
function components(inside: readonly (readonly GraphEdge[])[]): number[][] {
  const visits: (Visit | undefined)[] = [];
  const stack: Visit[] = [];
  const found: number[][] = [];
  let count = 0;
  const enter = (at: number) => {
    const visit: Visit = { at, index: count, low: count, isOnStack: true };
    count++;
    visits[at] = visit;
    stack.push(visit);
    return { visit, edges: inside[at] ?? [], next: 0 };
  };
  for (let start = 0; start < inside.length; start++) {
    if (visits[start]) continue;
    const frames = [enter(start)];
    for (let frame = frames.at(-1); frame; frame = frames.at(-1)) {
      const { visit, edges } = frame;
      const edge = edges[frame.next++];
      if (edge) {
        const known = visits[edge.to];
        if (!known) frames.push(enter(edge.to));
        else if (known.isOnStack) visit.low = Math.min(visit.low, known.index);
        continue;
      }
      frames.pop();
      const parent = frames.at(-1)?.visit;
      if (parent) parent.low = Math.min(parent.low, visit.low);
      if (visit.low !== visit.index) continue;
      const component = stack.splice(stack.indexOf(visit));
      for (const member of component) member.isOnStack = false;
      if (component.length > 1 || edges.some(({ to }) => to === visit.at)) found.push(component.map(({ at }) => at));
    }
  }
  return found;
}
