/** Explores and judges; and looks closer when what was seen may be due to counting no further. */
import { systemClock } from '../../system/clock.ts';
import { livelocks } from './cycles.ts';
import { explore, type Graph, type Walk } from './explore.ts';
import type { Settings } from './options.ts';
import type { Outside, Stage } from './stage.ts';
import { deadEnds, unanswered } from './stuck.ts';
import type { Suspicion } from './suspicion.ts';
import type { Turn } from './turn.ts';

export interface Looked {
  readonly graph: Graph;
  readonly suspicions: readonly Suspicion[];
  /** Rounds that were no rounds when they were followed. */
  readonly apparent: number;
}

/** Up to what number is counted exactly at first, and at most. */
const [coarse, fine] = [4, 64];

export async function look(beginnings: readonly Turn[], stage: Stage, settings: Settings): Promise<Looked> {
  const clock = systemClock();
  const until = clock.now() + settings.limits.time;
  let whole: Looked | undefined;
  for (let clamp = coarse; clamp <= fine; clamp *= 2) {
    const limits = { ...settings.limits, time: Math.max(1, until - clock.now()) };
    const { progress } = settings;
    const walk: Walk = { stage, limits, clamp, clock, ...(progress ? { progress } : {}) };
    const graph = await explore(beginnings, walk);
    const tells = stage.outside.filter(({ kind, type }) => kind === 'ask' && !graph.answered.has(type));
    // What is never answered was no question: nobody waits for an answer before the next one.
    if (tells.length > 0 && !graph.bound) return look(beginnings, { ...stage, outside: told(stage, tells) }, settings);
    // A picture that is whole says more than a finer one that is not.
    if (graph.bound && whole) break;
    const wrong = [
      ...wrongs(graph, stage),
      ...deadEnds(graph, settings.faults, stage.isHeld),
      ...unanswered(graph, settings.faults),
    ];
    const { found, apparent } = await livelocks(graph, walk);
    // What is wrong may be why something is not reached: that comes first.
    const missed =
      graph.bound || wrong.length + found.length > 0
        ? []
        : (stage.missed?.({ worlds: worldsOf(graph), passed: graph.passed }) ?? []);
    const unreached = missed.map((miss): Suspicion => ({ kind: 'unreachable', ...miss }));
    whole = { graph, suspicions: [...wrong, ...found, ...unreached], apparent };
    if (graph.bound || (apparent === 0 && missed.length === 0)) break;
  }
  return whole!;
}

const told = ({ outside }: Stage, tells: readonly Outside[]) =>
  outside.map((each): Outside => (tells.includes(each) ? { ...each, kind: 'tell' } : each));

const worldsOf = ({ nodes }: Graph) => nodes.map(({ world }) => world);

/** What went wrong in a step, and ends that should not be. */
function wrongs({ nodes }: Graph, { judge }: Stage): Suspicion[] {
  return nodes.flatMap(({ world, edges }, node) => {
    const problem = world.ended && judge?.(world);
    return [
      ...(problem ? [{ ...problem, node }] : []),
      ...edges.flatMap(({ move, problems }) => problems.map((each): Suspicion => ({ ...each, node, move }))),
    ];
  });
}
