/** A chart with its coverage by tests: how often each transition was taken, and what was never reached. */
import type { MachineRecord } from '../../testing/cover/record.ts';
import { chartDiagram, type Diagram, type DiagramCoverage } from './diagram.ts';

/** The diagram of a machine with its coverage. */
export function coverageDiagram({ chart, states, moves, guards }: MachineRecord): Diagram {
  const halfCovered = new Set(
    Object.entries(guards).flatMap(([place, { yes, no }]) => (yes > 0 && no > 0 ? [] : [transitionOf(place)])),
  );
  return chartDiagram(chart, (place): DiagramCoverage | undefined => {
    const times = states[place] ?? moves[place];
    if (times === undefined) return undefined;
    return { times, level: times === 0 ? 'cold' : halfCovered.has(place) ? 'warm' : 'hot' };
  });
}

/** The id of a guard begins with that of its transition. */
const transitionOf = (guard: string) => guard.replace(/(#\d+)\..*$/, '$1');
