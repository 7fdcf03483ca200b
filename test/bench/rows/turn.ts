/** An agent's turn in memory (one answer of a model, one call of a tool), its growth with the length, and the memory of a long run. */
import type { Contestant, FigureName, Goal, Row, Run } from '../row.ts';
import { newFile, sizeOf, stepsFile } from './file.ts';
import { agentOf, aiSdk, loop, repeated } from './loop.ts';

/** How many runs of a round make 400 turns. */
const runsOf = (turns: number): number => Math.max(1, Math.round(400 / turns));

/** `aiLimit`: the goal, as a part of the time of the AI SDK. */
export function turn(turns: number, aiLimit: number): Row {
  const times = runsOf(turns);
  return {
    name: `turn-${turns}`,
    title: `an agent's turn in memory, ${turns} turns`,
    unit: 'turn',
    units: turns * times,
    columns: [{ figure: 'busy', goals: [{ of: 'troupe', against: 'ai', atMost: aiLimit }] }, { figure: 'wall' }],
    contestants: everyone((run) => async (timed) => await timed(() => repeated(times, () => run(turns))), {
      times: 50,
    }),
  };
}

/** How much dearer a turn is than in a run of a fifth of the length. */
export function turnGrowth(turns: number): Row {
  return {
    name: `turn-growth-${turns}`,
    title: `a turn of ${turns} against a turn of ${turns / 5}, in memory`,
    unit: 'turn',
    units: turns,
    columns: [{ figure: 'growth', goals: [{ of: 'troupe', atMost: 1.1 }] }, { figure: 'busy' }],
    rounds: 3,
    contestants: everyone((run) => async (timed) => {
      const short = await timed(() => repeated(5, () => run(turns / 5)));
      const long = await timed(() => run(turns));
      return { growth: long.busy / short.busy };
    }),
  };
}

/** The most memory of a process that runs so many turns. */
export const turnMemory = (turns: number): Row => ({
  name: `memory-${turns}`,
  title: `peak memory of ${turns} turns in a new process`,
  unit: 'turn',
  units: turns,
  columns: [{ figure: 'peak', goals: [{ of: 'troupe', against: 'by hand', atMost: 2 }] }],
  fresh: true,
  contestants: everyone((run) => async (timed) => await timed(() => run(turns))),
});

type Turns = (turns: number) => Promise<unknown>;

/** `quick`: how often the loop by hand is repeated. */
function everyone(roundOf: (run: Turns) => Run, quick: { times?: number } = {}): Contestant[] {
  return [
    { name: 'by hand', ...quick, open: () => roundOf((turns) => repeated(quick.times ?? 1, () => loop(turns))) },
    { name: 'ai', open: () => roundOf(aiSdk) },
    {
      name: 'troupe',
      ours: true,
      open: ({ load }) =>
        roundOf(async (turns) => {
          await using subject = await agentOf(load, turns, 'memory');
          await subject.run();
        }),
    },
  ];
}

/** The same turn on disk, against a loop that commits each result before it goes on: runs of one agent in one journal, one after the other, as many as make the code of both warm. */
export function durableTurn(
  turns: number,
  goals: Partial<Record<FigureName, number>>,
  times: number = runsOf(turns),
): Row {
  const goal = (figure: FigureName) => {
    const atMost = goals[figure];
    const of: Goal[] = atMost === undefined ? [] : [{ of: 'troupe', against: 'by hand, a FULL commit each', atMost }];
    return { figure, goals: of };
  };
  return {
    name: `durable-${turns}`,
    title: `an agent's turn on disk, ${turns} turns`,
    unit: 'turn',
    units: turns * times,
    columns: (['wall', 'busy', 'stored', 'written'] as const).map(goal),
    contestants: [
      {
        name: 'by hand, a FULL commit each',
        open:
          ({ load, folder }) =>
          async (timed) => {
            const db = await stepsFile(load, newFile(folder));
            const run = (nth: number) => loop(turns, (key, value) => db.insert(`${nth}.${key}`, JSON.stringify(value)));
            const measured = await timed(() => repeated(times, run));
            return { ...measured, stored: db.close() };
          },
      },
      {
        name: 'troupe',
        ours: true,
        open:
          ({ load, folder }) =>
          async (timed) => {
            const path = newFile(folder);
            const subject = await agentOf(load, turns, path);
            const measured = await timed(() => repeated(times, () => subject.run()));
            await subject[Symbol.asyncDispose]();
            return { ...measured, stored: sizeOf(path) };
          },
      },
    ],
  };
}
