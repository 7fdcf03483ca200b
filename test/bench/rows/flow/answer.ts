/** From an answer to the next line of the flow, with many other flows that wait. */
import { percentile } from '../../figures.ts';
import type { Row } from '../../row.ts';
import { newFile } from '../file.ts';

/** So many answers, one after the other, beside so many flows that wait. At most so many milliseconds for 99 of 100. */
export const flowAnswer = (answers: number, others: number, atMost: number): Row => ({
  name: 'flow-answer',
  title: `from an answer to the next line of a flow on disk, with ${others} other flows that wait`,
  unit: 'answer',
  units: answers,
  withoutFloor: true,
  rounds: 1,
  columns: [
    { figure: 'late', goals: [{ of: 'troupe', atMost }] },
    { figure: 'wall' },
    { figure: 'busy' },
    { figure: 'pause' },
  ],
  contestants: [
    {
      name: 'troupe',
      ours: true,
      async open({ load, folder }) {
        const { flow, openRuntime } = await load('src/index');
        if (!flow) return undefined;
        let arrived = (_: number) => {};
        const other = flow('other', async (ctx) => ctx.wait({ name: 'go' }));
        const subject = flow('bench', async (ctx) => {
          for (;;) {
            await ctx.wait({ name: 'next' });
            arrived(performance.now());
          }
        });
        return async (timed) => {
          await using runtime = await openRuntime({ db: newFile(folder) });
          await Promise.all(
            Array.from({ length: others }, async () =>
              (await runtime.start(other, null)).outcome({ returnWhenWaiting: true }),
            ),
          );
          const handle = await runtime.start(subject, null, { key: 'r' });
          const times: number[] = [];
          const measured = await timed(async () => {
            for (let nth = 0; nth < answers; nth++) {
              await handle.outcome({ returnWhenWaiting: true });
              const [ticket] = (await runtime.tickets('r')).filter(({ answered }) => !answered);
              const next = new Promise<number>((resolve) => (arrived = resolve));
              const asked = performance.now();
              await runtime.answer(ticket!.id, null);
              times.push((await next) - asked);
            }
          });
          return { ...measured, late: percentile(times, 0.99) };
        };
      },
    },
  ],
});
