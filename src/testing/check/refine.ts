/** Explores and looks for findings; refines the abstraction and repeats where a finding may come from counting too coarsely. */
import { systemClock } from '../../engine/clock.ts';
import { livelocks } from './livelocks.ts';
import { explore, type StateGraph, type Exploration } from './explore.ts';
import type { CheckSettings } from './options.ts';
import type { ExternalMessage, CheckModel } from './model.ts';
import { deadEnds, unansweredAsks } from './deadlocks.ts';
import type { Counterexample } from './counterexample.ts';
import type { StepResult } from './worldStep.ts';

/** What an exploration came to. */
export interface Refined {
  /** Everything that was reached. */
  readonly graph: StateGraph;
  /** What may be wrong. */
  readonly counterexamples: readonly Counterexample[];
  /** Loops in the graph that ended when they were followed: the abstraction is too coarse to tell. */
  readonly refuted: number;
  /** Numbers up to this one were told apart. */
  readonly clamp: number;
}

/** Numbers up to this one are told apart: in the first exploration, in the last, and in the last of a small graph. */
const [coarse, fine, finest] = [4, 64, 1_024];
/** Worlds that may be explored in all to tell large numbers apart; another exploration is reckoned as twice the last. */
const maxForNumbers = 3_000;

/** Explores, and refines until nothing is doubtful or a limit is reached. Rejects with what the model throws. */
export async function refine(
  beginnings: readonly StepResult[],
  model: CheckModel,
  settings: CheckSettings,
): Promise<Refined> {
  const clock = systemClock();
  const until = clock.now() + settings.limits.time;
  let whole: Refined | undefined;
  let sum = 0;
  for (let clamp = coarse; ; clamp *= 2) {
    const limits = { ...settings.limits, time: Math.max(1, until - clock.now()) };
    const { progress } = settings;
    const walk: Exploration = { model, limits, clamp, clock, ...(progress ? { progress } : {}) };
    const graph = await explore(beginnings, walk);
    const tells = model.external.filter(({ kind, type }) => kind === 'ask' && !graph.answered.has(type));
    // A message that is answered nowhere expects no answer: it may be sent again without one.
    if (tells.length > 0 && !graph.bound)
      return refine(beginnings, { ...model, external: asTells(model, tells) }, settings);
    const own = model.external.filter(({ derived, type }) => derived && sentInside(graph).has(type));
    if (own.length > 0) return refine(beginnings, { ...model, external: asInterference(model, own) }, settings);
    // A complete coarse exploration says more than a finer one that met its limit.
    if (graph.bound && whole) return whole;
    const problems = [
      ...problemsIn(graph, model),
      ...deadEnds(graph, settings.faults, model.isHeld),
      ...unansweredAsks(graph, settings.faults),
    ];
    const { found, refuted } = await livelocks(graph, walk);
    // Another finding may be the reason why a state is not reached, so that one is reported first.
    const missed =
      graph.bound || problems.length + found.length > 0
        ? []
        : (model.unreached?.({ worlds: worldsOf(graph), visited: graph.visited }) ?? []);
    const unreached = missed.map((miss): Counterexample => ({ kind: 'unreachable', ...miss }));
    whole = { graph, counterexamples: [...problems, ...found, ...unreached], refuted, clamp };
    sum += graph.nodes.length;
    const isSmall = sum + 2 * graph.nodes.length <= maxForNumbers;
    const isVague = refuted > 0 || missed.length > 0 || (graph.merged.large > 0 && isSmall);
    if (graph.bound || !isVague || clamp * 2 > (isSmall ? finest : fine)) return whole;
  }
}

const asTells = ({ external }: CheckModel, tells: readonly ExternalMessage[]) =>
  external.map((each): ExternalMessage => (tells.includes(each) ? { ...each, kind: 'tell' } : each));

/** What the actors of the run send to the root themselves is not for a client to send: a run that goes on only when one does is stuck. */
const asInterference = ({ external }: CheckModel, own: readonly ExternalMessage[]) =>
  external.map(({ derived, ...each }): ExternalMessage => {
    if (own.some(({ type }) => type === each.type)) return { ...each, interferes: true };
    return { ...each, ...(derived ? { derived } : {}) };
  });

/** Types of the events that the root got from an actor of the run or from its own timers. */
const sentInside = ({ nodes }: StateGraph): ReadonlySet<string> =>
  new Set(
    nodes.flatMap(({ edges }) =>
      edges.flatMap(({ move: { cause, event } }) => (cause === 'inside' && event ? [event.type] : [])),
    ),
  );

const worldsOf = ({ nodes }: StateGraph) => nodes.map(({ world }) => world);

/** Problems of single steps, and runs that end as they should not. */
function problemsIn({ nodes }: StateGraph, { problemOfEnd }: CheckModel): Counterexample[] {
  return nodes.flatMap(({ world, edges }, node) => {
    const problem = world.ended && problemOfEnd?.(world);
    return [
      ...(problem ? [{ ...problem, node }] : []),
      ...edges.flatMap(({ move, problems }) => problems.map((each): Counterexample => ({ ...each, node, move }))),
    ];
  });
}
