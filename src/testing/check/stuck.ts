/** Where nothing happens any more: dead ends, and asks that nobody will ever answer. */
import { wayTo, type Edge, type Graph, type Node } from './explore.ts';
import type { Faults } from './faults.ts';
import type { Suspicion } from './suspicion.ts';
import { stateOfActor } from './turn.ts';
import type { World } from './world.ts';

/** Goes on by itself, or by what is rightly waited for; an event that changes nothing is no way on. */
const goesOn = ({ edges }: Node, self: number): boolean =>
  edges.some(({ to, move: { cause } }) => to !== self && (cause === 'inside' || cause === 'outside'));

const used = ({ left }: World, faults: Faults): number =>
  faults.drop + faults.dup + faults.crash - left.drop - left.dup - left.crash;

/** `order in "waiting", order.shipment in "packing"` */
const where = ({ actors }: World): string =>
  [...actors.values()].map((actor) => `${actor.path} in "${stateOfActor(actor)}"`).join(', ');

/** The ways with the fewest faults first, of these the shortest. */
const byFaults =
  ({ nodes }: Graph, faults: Faults) =>
  (a: number, b: number) =>
    used(nodes[a]!.world, faults) - used(nodes[b]!.world, faults) || nodes[a]!.depth - nodes[b]!.depth;

export function deadEnds(graph: Graph, faults: Faults, isHeld: (world: World) => boolean = () => false): Suspicion[] {
  const { nodes } = graph;
  const ends = nodes.flatMap((node, at) =>
    node.explored && !node.world.ended && !goesOn(node, at) && !isHeld(node.world) ? [at] : [],
  );
  const stuck = new Set(ends);
  // Whoever steers what is stuck does not make it stuck.
  const first = ends.filter((at) => !stuck.has(nodes[at]!.before?.node ?? -1));
  return first.sort(byFaults(graph, faults)).map((node): Suspicion => {
    const { world } = nodes[node]!;
    const place = where(world);
    if (world.mute.size > 0 || world.lost.size > 0)
      return {
        kind: 'hang',
        about: place,
        node,
        says: `Once a message is lost, nothing can happen any more: ${place}. Set a time (after, or a deadline) for what is waited for.`,
      };
    if (wayTo(graph, node).some(({ expires }) => expires))
      return {
        kind: 'expiry',
        about: place,
        node,
        says: `When nobody answers the question in time, nothing can happen any more: ${place}. Say what is to be done then.`,
      };
    // Whoever asked would ask again if it had an answer.
    if (world.asks.length > 0) return silent(world.asks[0]!.type, place, node);
    return {
      kind: 'deadlock',
      about: place,
      node,
      says: `Nothing can happen any more, and it has not ended: ${place}. Everybody waits for a message that nobody will send.`,
    };
  });
}

/** Asks that are open and stay so, whatever happens. Only asks of a kind that is answered somewhere: others want no answer. */
export function unanswered(graph: Graph, faults: Faults): Suspicion[] {
  const { nodes } = graph;
  const back = nodes.map((): number[] => []);
  nodes.forEach(({ edges }, from) =>
    edges.forEach(({ to, move }: Edge) => isFault(move.cause) || back[to]!.push(from)),
  );
  return [...graph.answered].flatMap((type) => {
    const isOpen = ({ world }: Node) => world.asks.some((ask) => ask.type === type);
    const hopeful = new Set(nodes.flatMap((node, at) => (!isOpen(node) || !node.explored ? [at] : [])));
    const queue = [...hopeful];
    for (let at = queue.pop(); at !== undefined; at = queue.pop())
      for (const before of back[at]!) {
        if (hopeful.has(before)) continue;
        hopeful.add(before);
        queue.push(before);
      }
    const never = nodes.flatMap((node, at) => {
      const rests = node.world.ended || (!node.edges.some(({ move }) => move.cause === 'inside') && goesOn(node, at));
      return !hopeful.has(at) && rests ? [at] : [];
    });
    return never.sort(byFaults(graph, faults)).map((node): Suspicion => {
      const { world } = nodes[node]!;
      const place = world.ended ? 'it has ended' : where(world);
      const lost = world.mute.size > 0;
      if (!lost) return silent(type, place, node);
      const says = `Once an answer is lost, "${type}" is never answered: ${place}. Set a time for what is waited for.`;
      return { kind: 'hang', about: `${type} ${place}`, node, says };
    });
  });
}

const silent = (type: string, place: string, node: number): Suspicion => ({
  kind: 'unanswered',
  about: `${type} ${place}`,
  node,
  says: `"${type}" was taken, and nobody will ever answer it: ${place}. Reply on every way out.`,
});

const isFault = (cause: string) => cause === 'drop' || cause === 'dup' || cause === 'crash';
