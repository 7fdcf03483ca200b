/** Finds dead ends, where nothing happens any more, and asks that will never be answered. */
import { activeNodes } from '../../core/machineShape.ts';
import { knownJson } from '../jsonValues.ts';
import { nodeAt, traceTo, type StateGraph, type GraphNode, type TransitionLabel } from './explore.ts';
import { isCheckFault, type CheckFaults } from './faults.ts';
import type { Counterexample } from './counterexample.ts';
import { stateOfActor } from './worldStep.ts';
import type { Missed } from './transition.ts';
import type { ModelActor, ModelWorld } from './world.ts';

/** Does the run go on by itself, or by a message that it may wait for? An event that changes nothing does not count. */
const goesOn = ({ edges }: GraphNode, self: number): boolean =>
  edges.some(({ to, hides, move: { cause } }) => (to !== self || hides) && (cause === 'inside' || cause === 'outside'));

const faultsUsed = ({ faultsLeft }: ModelWorld, faults: CheckFaults): number =>
  faults.drop + faults.dup + faults.crash - faultsLeft.drop - faultsLeft.dup - faultsLeft.crash;

/** `order in "waiting", order.shipment in "packing"` */
const where = ({ actors }: ModelWorld): string =>
  [...actors.values()].map((actor) => `${actor.path} in "${stateOfActor(actor)}"`).join(', ');

/** Orders nodes: those with the fewest faults on the way first, and of these the nearest. */
const byFaults =
  ({ nodes }: StateGraph, faults: CheckFaults) =>
  (a: number, b: number) => {
    const [one, other] = [nodeAt(nodes, a), nodeAt(nodes, b)];
    return faultsUsed(one.world, faults) - faultsUsed(other.world, faults) || one.depth - other.depth;
  };

/** Nodes where nothing can happen any more although the run has not ended. `isHeld`: is a run paused by a person, and may stand still? */
export function deadEnds(
  graph: StateGraph,
  faults: CheckFaults,
  isHeld: (world: ModelWorld) => boolean = () => false,
): Counterexample[] {
  const { nodes } = graph;
  const ends = nodes.flatMap((node, at) =>
    node.explored && !node.world.ended && !goesOn(node, at) && !isHeld(node.world) ? [at] : [],
  );
  const stuck = new Set(ends);
  // A move from one stuck node to another is interference: only the first of them is reported.
  const first = ends.filter((at) => !stuck.has(nodeAt(nodes, at).before?.node ?? -1));
  return first.sort(byFaults(graph, faults)).map((node): Counterexample => {
    const { world } = nodeAt(nodes, node);
    const place = where(world);
    if (world.lostOutcomes.size > 0 || world.lostMessages.size > 0)
      return {
        kind: 'hang',
        about: place,
        node,
        says: `Once a message is lost, nothing can happen any more: ${place}. Set a time (after, or a deadline) for what is waited for.`,
      };
    const trace = traceTo(graph, node);
    if (trace.some(({ expires }) => expires))
      return {
        kind: 'expiry',
        about: place,
        node,
        says: `When nobody answers the question in time, nothing can happen any more: ${place}. Say what is to be done then.`,
      };
    const early = awaitedTooLate(world, trace);
    if (early)
      return {
        kind: 'deadlock',
        about: place,
        node,
        says: `A race: "${early.type}" can come before "${early.path}" waits for it, and changes nothing then. After that nothing can happen any more, though no message is lost: ${place}. Keep in every state before that it has come, or send it only when it is waited for.`,
      };
    // A client with an answer would ask again; one without an answer cannot.
    const [ask] = world.asks;
    if (ask) return unansweredAsk(ask.type, place, node);
    return {
      kind: 'deadlock',
      about: place,
      node,
      says: `Nothing can happen any more, and it has not ended: ${place}. Everybody waits for a message that nobody will send.`,
    };
  });
}

/** An event that an actor waits for now, and that came when it changed nothing. */
function awaitedTooLate({ actors }: ModelWorld, trace: readonly TransitionLabel[]): Missed | undefined {
  const living = new Map([...actors.values()].map((actor) => [actor.path, actor]));
  return trace
    .flatMap(({ missed }) => missed ?? [])
    .find(({ path, type }) => {
      const actor = living.get(path);
      return actor !== undefined && awaits(actor, type);
    });
}

/** Is there a transition for this event that leads somewhere or does something? */
const awaits = ({ type: { chart }, snapshot }: ModelActor, event: string): boolean =>
  activeNodes(chart.machine.root, knownJson(snapshot.value)).some((node) =>
    (node.on[event] ?? []).some(({ target, actions }) => (target?.length ?? 0) > 0 || actions.length > 0),
  );

/** Asks that stay open whatever happens. Only types that are answered somewhere: of the others no answer is expected. */
export function unansweredAsks(graph: StateGraph, faults: CheckFaults): Counterexample[] {
  const { nodes } = graph;
  const back = new Map<number, number[]>();
  for (const [from, { edges }] of nodes.entries())
    for (const { to, move } of edges) {
      if (isCheckFault(move.cause)) continue;
      const before = back.get(to);
      if (before) before.push(from);
      else back.set(to, [from]);
    }
  return [...graph.answered].flatMap((type) => {
    const isOpen = ({ world }: GraphNode) => world.asks.some((ask) => ask.type === type);
    const hopeful = new Set(nodes.flatMap((node, at) => (!isOpen(node) || !node.explored ? [at] : [])));
    const queue = [...hopeful];
    for (let at = queue.pop(); at !== undefined; at = queue.pop())
      for (const before of back.get(at) ?? []) {
        if (hopeful.has(before)) continue;
        hopeful.add(before);
        queue.push(before);
      }
    const never = nodes.flatMap((node, at) => {
      const rests = node.world.ended || (!node.edges.some(({ move }) => move.cause === 'inside') && goesOn(node, at));
      return !hopeful.has(at) && rests ? [at] : [];
    });
    return never.sort(byFaults(graph, faults)).map((node): Counterexample => {
      const { world } = nodeAt(nodes, node);
      const place = world.ended ? 'it has ended' : where(world);
      const lost = world.lostOutcomes.size > 0;
      if (!lost) return unansweredAsk(type, place, node);
      const says = `Once an answer is lost, "${type}" is never answered: ${place}. Set a time for what is waited for.`;
      return { kind: 'hang', about: `${type} ${place}`, node, says };
    });
  });
}

const unansweredAsk = (type: string, place: string, node: number): Counterexample => ({
  kind: 'unanswered',
  about: `${type} ${place}`,
  node,
  says: `"${type}" was taken, and nobody will ever answer it: ${place}. Reply on every way out.`,
});
