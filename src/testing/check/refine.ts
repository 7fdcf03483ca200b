/** Explores and looks for findings; refines the abstraction and repeats where a finding may come from counting too coarsely. */
import { systemClock } from '../../engine/clock.ts';
import { livelocks } from './livelocks.ts';
import { explore, type Graph, type Walk } from './explore.ts';
import type { Settings } from './options.ts';
import type { Outside, Stage } from './model.ts';
import { deadEnds, unanswered } from './deadlocks.ts';
import type { Suspicion } from './counterexample.ts';
import type { Turn } from './worldStep.ts';

/** What an exploration came to. */
export interface Looked {
  /** Everything that was reached. */
  readonly graph: Graph;
  /** What may be wrong. */
  readonly suspicions: readonly Suspicion[];
  /** Loops in the graph that ended when they were followed: the abstraction is too coarse to tell. */
  readonly apparent: number;
}

/** Numbers up to this one are told apart: in the first exploration, and in the last. */
const [coarse, fine] = [4, 64];

/** Explores, and refines until nothing is doubtful or a limit is reached. Rejects with what the model throws. */
export async function look(beginnings: readonly Turn[], stage: Stage, settings: Settings): Promise<Looked> {
  const clock = systemClock();
  const until = clock.now() + settings.limits.time;
  let whole: Looked | undefined;
  for (let clamp = coarse; ; clamp *= 2) {
    const limits = { ...settings.limits, time: Math.max(1, until - clock.now()) };
    const { progress } = settings;
    const walk: Walk = { stage, limits, clamp, clock, ...(progress ? { progress } : {}) };
    const graph = await explore(beginnings, walk);
    const tells = stage.outside.filter(({ kind, type }) => kind === 'ask' && !graph.answered.has(type));
    // A message that is answered nowhere expects no answer: it may be sent again without one.
    if (tells.length > 0 && !graph.bound)
      return look(beginnings, { ...stage, outside: asTells(stage, tells) }, settings);
    // A complete coarse exploration says more than a finer one that met its limit.
    if (graph.bound && whole) return whole;
    const problems = [
      ...problemsIn(graph, stage),
      ...deadEnds(graph, settings.faults, stage.isHeld),
      ...unanswered(graph, settings.faults),
    ];
    const { found, apparent } = await livelocks(graph, walk);
    // Another finding may be the reason why a state is not reached, so that one is reported first.
    const missed =
      graph.bound || problems.length + found.length > 0
        ? []
        : (stage.missed?.({ worlds: worldsOf(graph), passed: graph.passed }) ?? []);
    const unreached = missed.map((miss): Suspicion => ({ kind: 'unreachable', ...miss }));
    whole = { graph, suspicions: [...problems, ...found, ...unreached], apparent };
    if (graph.bound || (apparent === 0 && missed.length === 0) || clamp * 2 > fine) return whole;
  }
}

const asTells = ({ outside }: Stage, tells: readonly Outside[]) =>
  outside.map((each): Outside => (tells.includes(each) ? { ...each, kind: 'tell' } : each));

const worldsOf = ({ nodes }: Graph) => nodes.map(({ world }) => world);

/** Problems of single steps, and runs that end as they should not. */
function problemsIn({ nodes }: Graph, { judge }: Stage): Suspicion[] {
  return nodes.flatMap(({ world, edges }, node) => {
    const problem = world.ended && judge?.(world);
    return [
      ...(problem ? [{ ...problem, node }] : []),
      ...edges.flatMap(({ move, problems }) => problems.map((each): Suspicion => ({ ...each, node, move }))),
    ];
  });
}
