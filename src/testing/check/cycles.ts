/** What can go round for ever by itself, without a state tagged `progress`. */
import { keyIn, type Edge, type Graph, type Node, type Walk } from './explore.ts';
import { Moves } from './moves.ts';
import type { Suspicion } from './suspicion.ts';
import type { World } from './world.ts';

export interface Cycles {
  readonly found: readonly Suspicion[];
  /** Rounds in the picture that, when they were followed, came to an end: the picture is too coarse. */
  readonly apparent: number;
}

export async function livelocks(graph: Graph, walk: Walk): Promise<Cycles> {
  const { nodes } = graph;
  const idle = nodes.map(({ world }) => !makesProgress(world));
  const inside = nodes.map((node, at) =>
    idle[at] ? node.edges.filter(({ to, move }) => move.cause === 'inside' && idle[to]) : [],
  );
  const found = new Map<string, Suspicion>();
  let apparent = 0;
  for (const knot of knots(inside)) {
    const members = new Set(knot);
    const entry = knot.reduce((first, at) => (nodes[at]!.depth < nodes[first]!.depth ? at : first));
    const loop = around(inside, members, entry);
    const about = [...new Set(loop.map(({ move: { from, to, says } }) => `${from} ${to} ${says}`))].sort().join('|');
    if (found.has(about)) continue;
    if (!(await holds(nodes[entry]!, loop, nodes, walk))) {
      apparent++;
      continue;
    }
    const leaves = knot.some((at) =>
      nodes[at]!.edges.some(({ to, move: { cause } }) => !members.has(to) && cause !== 'drop'),
    );
    found.set(about, { kind: 'livelock', about, says: words(leaves), node: entry, loop: loop.map(({ move }) => move) });
  }
  return { found: [...found.values()], apparent };
}

const makesProgress = ({ actors }: World): boolean =>
  [...actors.values()].some(({ snapshot }) => snapshot.tags.has('progress'));

const words = (leaves: boolean): string =>
  `It can go round for ever without getting on${leaves ? '' : ', and nothing else can happen'}. Bound it by a count or a time, or tag a state of the round \`progress\` when going round is what it is for.`;

/** A picture drops what only counts on; so the round is followed for real, longer than anything it counts exactly. */
async function holds({ world }: Node, loop: readonly Edge[], nodes: readonly Node[], walk: Walk): Promise<boolean> {
  const moves = new Moves(walk.stage);
  const key = keyIn(walk);
  const keys = loop.map(({ to }) => key(nodes[to]!.world));
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

/** The shortest way round that begins and ends at `entry`. */
function around(inside: readonly (readonly Edge[])[], members: ReadonlySet<number>, entry: number): Edge[] {
  const came = new Map<number, { from: number; edge: Edge }>();
  const queue = [entry];
  for (let at = queue.shift(); at !== undefined; at = queue.shift()) {
    for (const edge of inside[at]!) {
      if (!members.has(edge.to) || came.has(edge.to)) continue;
      came.set(edge.to, { from: at, edge });
      if (edge.to !== entry) {
        queue.push(edge.to);
        continue;
      }
      const loop = [edge];
      for (let back = at; back !== entry; back = came.get(back)!.from) loop.unshift(came.get(back)!.edge);
      return loop;
    }
  }
  return [];
}

/** Tarjan's strongly connected components, of those that have a way round; without recursion, for chains may be long. */
function knots(inside: readonly (readonly Edge[])[]): number[][] {
  const index: number[] = [];
  const low: number[] = [];
  const stack: number[] = [];
  const onStack = new Set<number>();
  const found: number[][] = [];
  let count = 0;
  for (let start = 0; start < inside.length; start++) {
    if (index[start] !== undefined) continue;
    const work: { at: number; edge: number }[] = [{ at: start, edge: 0 }];
    while (work.length > 0) {
      const frame = work.at(-1)!;
      const { at } = frame;
      if (frame.edge === 0) {
        index[at] = low[at] = count++;
        stack.push(at);
        onStack.add(at);
      }
      const edge = inside[at]![frame.edge++];
      if (edge) {
        if (index[edge.to] === undefined) work.push({ at: edge.to, edge: 0 });
        else if (onStack.has(edge.to)) low[at] = Math.min(low[at]!, index[edge.to]!);
        continue;
      }
      work.pop();
      const parent = work.at(-1)?.at;
      if (parent !== undefined) low[parent] = Math.min(low[parent]!, low[at]!);
      if (low[at] !== index[at]) continue;
      const knot = stack.splice(stack.indexOf(at));
      for (const member of knot) onStack.delete(member);
      if (knot.length > 1 || inside[at]!.some(({ to }) => to === at)) found.push(knot);
    }
  }
  return found;
}
