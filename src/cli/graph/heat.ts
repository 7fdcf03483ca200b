/** A chart with what the tests saw of it: how often each arrow was taken, and what nobody has seen yet. */
import type { MachineRecord } from '../../testing/cover/record.ts';
import { chartDiagram, type Diagram, type Seen } from './diagram.ts';

export function heatDiagram({ chart, states, moves, guards }: MachineRecord): Diagram {
  const doubtful = new Set(
    Object.entries(guards).flatMap(([place, { yes, no }]) => (yes > 0 && no > 0 ? [] : [transitionOf(place)])),
  );
  return chartDiagram(chart, (place): Seen | undefined => {
    const times = states[place] ?? moves[place];
    if (times === undefined) return undefined;
    return { times, heat: times === 0 ? 'cold' : doubtful.has(place) ? 'warm' : 'hot' };
  });
}

/** A guard's place is that of its transition, and where inside it. */
const transitionOf = (guard: string) => guard.replace(/(#\d+)\..*$/, '$1');
