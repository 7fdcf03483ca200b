/** A crowd of agents at once, two answers and one call of a tool each: how long the event loop stands still. */
import type { Contestant, Row, Scope, Timed } from '../row.ts';
import { newFile, stepsFile } from './file.ts';
import { agentOf, loop } from './loop.ts';

export function crowd(size: number, where: 'memory' | 'disk'): Row {
  const all = (work: (index: number) => Promise<unknown>) =>
    Promise.all(Array.from({ length: size }, (_, n) => work(n)));
  const floor: Contestant =
    where === 'memory'
      ? { name: 'by hand', open: () => (timed) => timed(() => all(() => loop(1))) }
      : { name: 'by hand, commits grouped', open: (scope) => (timed) => grouped(scope, timed, all) };
  return {
    name: `crowd-${where}-${size}`,
    title: `${size} agents at once, ${where === 'disk' ? 'on disk' : 'in memory'}`,
    unit: 'agent',
    units: size,
    columns: [{ figure: 'pause', goals: [{ of: 'troupe', atMost: 20 }] }, { figure: 'ticks' }, { figure: 'busy' }],
    contestants: [
      floor,
      {
        name: 'troupe',
        ours: true,
        open:
          ({ load, folder }) =>
          async (timed) => {
            await using subject = await agentOf(load, 1, where === 'disk' ? newFile(folder) : 'memory');
            return await timed(() => all(() => subject.run()));
          },
      },
    ],
  };
}

async function grouped(
  { load, folder }: Scope,
  timed: Timed,
  all: (work: (n: number) => Promise<unknown>) => Promise<unknown>,
) {
  const db = await stepsFile(load, newFile(folder));
  const measured = await timed(() =>
    all((n) => loop(1, (key, value) => db.insertTogether(`${n}.${key}`, JSON.stringify(value)))),
  );
  db.close();
  return measured;
}
