/** Checkpoints that do nothing, one after the other in each run: what recording them costs. */
import type { Goal, Row, Scope, Timed } from '../../row.ts';
import { newFile, sizeOf, stepsFile } from '../file.ts';
import { requireDone } from '../loop.ts';
import { langGraphTasks } from './langGraph.ts';

const byHand = 'by hand, a FULL commit each';

/** `atLeast`: the goal, against one FULL commit for each checkpoint. */
export function flowCheckpoints(runs: number, each: number, atLeast: number): Row {
  const goals: Goal[] = [{ of: 'troupe', against: byHand, atLeast }];
  return {
    name: `flow-checkpoints-${runs}x${each}`,
    title: `flows on disk, ${runs} run${runs === 1 ? '' : 's'} of ${each} checkpoints that give a number`,
    unit: 'checkpoint',
    units: runs * each,
    columns: [
      { figure: 'rate', goals },
      { figure: 'busy' },
      // What one gave is a number of at most three digits.
      { figure: 'stored', goals: runs === 1 ? [{ of: 'troupe', atMost: 2 * 3 + 200 }] : [] },
      { figure: 'pause', goals: [{ of: 'troupe', atMost: 20 }] },
    ],
    contestants: [
      {
        name: byHand,
        open:
          ({ load, folder }) =>
          async (timed) => {
            const file = newFile(folder);
            const db = await stepsFile(load, file);
            const measured = await timed(() =>
              Promise.all(
                Array.from({ length: runs }, async (_, run) => {
                  for (let step = 0; step < each; step++) {
                    db.insert(`${run}.${step}`, JSON.stringify(step));
                    await Promise.resolve();
                  }
                }),
              ),
            );
            db.close();
            return { ...measured, stored: sizeOf(file) };
          },
      },
      { name: 'LangGraph, SQLite saver', open: (scope) => langGraphTasks(scope, runs, each) },
      { name: 'troupe', ours: true, open: (scope) => flows(scope, runs, each) },
    ],
  };
}

async function flows({ load, folder }: Scope, runs: number, each: number) {
  const { flow, openRuntime } = await load('src/index');
  if (!flow) return undefined;
  const subject = flow('bench', async (ctx) => {
    for (let step = 0; step < each; step++) await ctx.checkpoint('step', () => step);
  });
  return async (timed: Timed) => {
    const db = newFile(folder);
    let measured;
    {
      await using runtime = await openRuntime({ db });
      measured = await timed(() =>
        Promise.all(
          Array.from({ length: runs }, async () => requireDone((await runtime.start(subject, null)).outcome())),
        ),
      );
    }
    return { ...measured, stored: sizeOf(db) };
  };
}

/** Many items at once, so many under way. `atLeast`: items a second. */
export const flowMap = (items: number, concurrency: number, atLeast: number): Row => ({
  name: `flow-map-${items}`,
  title: `a map of a flow over ${items} items on disk, ${concurrency} at once`,
  unit: 'item',
  units: items,
  columns: [
    { figure: 'rate', goals: [{ of: 'troupe', atLeast }] },
    { figure: 'busy' },
    { figure: 'stored' },
    { figure: 'peak' },
    { figure: 'pause', goals: [{ of: 'troupe', atMost: 20 }] },
  ],
  withoutFloor: true,
  contestants: [
    {
      name: 'troupe',
      ours: true,
      async open({ load, folder }) {
        const { checkpoint, flow, openRuntime } = await load('src/index');
        if (!flow) return undefined;
        const square = checkpoint('square', (n: number) => n * n);
        const subject = flow('bench', async (ctx) => {
          await ctx.map(
            square,
            Array.from({ length: items }, (_, n) => n),
            { concurrency },
          );
        });
        return async (timed) => {
          const db = newFile(folder);
          let measured;
          {
            await using runtime = await openRuntime({ db });
            measured = await timed(async () => requireDone((await runtime.start(subject, null)).outcome()));
          }
          return { ...measured, stored: sizeOf(db) };
        };
      },
    },
  ],
});
