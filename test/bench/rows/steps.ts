/** Durable steps: runs that perform one effect after the other, each result committed before the next, against the same by hand. */
import type { Goal, Row, Scope } from '../row.ts';
import { newFile, stepsFile } from './file.ts';
import { requireDone } from './loop.ts';

/** `atLeast`: the goal, against one FULL commit for each step. */
export function durableSteps(runs: number, each: number, atLeast: number): Row {
  const goals: Goal[] = [{ of: 'troupe', against: 'by hand, a FULL commit each', atLeast }];
  const work = async (n: number) => n + 1;
  /** By hand, all runs at once. */
  const allByHand = (keep: (key: string, value: string) => unknown) =>
    Promise.all(
      Array.from({ length: runs }, async (_, run) => {
        for (let step = 0; step < each; step++) await keep(`${run}.${step}`, JSON.stringify(await work(step)));
      }),
    );
  const byHand = (how: 'insert' | 'insertTogether') => ({
    open:
      ({ load, folder }: Scope) =>
      async (timed: Parameters<Awaited<ReturnType<Row['contestants'][number]['open']>> & object>[0]) => {
        const db = await stepsFile(load, newFile(folder));
        const measured = await timed(() => allByHand(db[how]));
        db.close();
        return measured;
      },
  });
  return {
    name: `steps-${runs}x${each}`,
    title: `durable steps, ${runs} run${runs === 1 ? '' : 's'} of ${each}`,
    unit: 'step',
    units: runs * each,
    columns: [{ figure: 'rate', goals }, { figure: 'busy' }, { figure: 'written' }],
    contestants: [
      { name: 'by hand, a FULL commit each', ...byHand('insert') },
      { name: 'by hand, commits grouped', ...byHand('insertTogether') },
      {
        name: 'troupe',
        ours: true,
        async open({ load, folder }) {
          const { openRuntime } = await load('src/index');
          const subject = await stepping(load, work);
          return async (timed) => {
            await using runtime = await openRuntime({ db: newFile(folder) });
            return await timed(() =>
              Promise.all(
                Array.from({ length: runs }, async () => requireDone((await runtime.start(subject, each)).outcome())),
              ),
            );
          };
        },
      },
    ],
  };
}

/** A machine that performs an effect as often as its input says. */
async function stepping(load: Scope['load'], work: (n: number) => Promise<number>) {
  const { assign, setup } = await import('xstate');
  const { effect, machine } = await load('src/index');
  const { slot } = await load('machines/index');
  return machine(
    setup({
      types: {} as { context: { left: number }; input: number },
      actors: { work: slot<number, number>('work') },
      guards: { isLast: ({ context }) => context.left <= 1 },
      actions: { count: assign({ left: ({ context }) => context.left - 1 }) },
    })
      .createMachine({
        id: 'stepping',
        context: ({ input }) => ({ left: input }),
        initial: 'working',
        states: {
          working: {
            invoke: {
              src: 'work',
              input: ({ context }) => context.left,
              onDone: [
                { guard: 'isLast', target: 'done' },
                { target: 'working', reenter: true, actions: 'count' },
              ],
              onError: 'failed',
            },
          },
          done: { type: 'final' },
          failed: { type: 'final' },
        },
      })
      .provide({ actors: { work: effect(work) } }),
  );
}
