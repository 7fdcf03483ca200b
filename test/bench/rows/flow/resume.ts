/** A run with many checkpoints that waits, and goes on in a new process: how long until its body has come to the same place. */
import type { Row } from '../../row.ts';
import { newFile } from '../file.ts';
import { requireDone } from '../loop.ts';

/** At most so many milliseconds for all of them, and as much for each as for each of a fifth of them. */
export const flowResume = (checkpoints: number, atMost: number): Row => ({
  name: 'flow-resume',
  title: `a flow with ${checkpoints} recorded checkpoints goes on after an answer, in a runtime that has just opened`,
  unit: 'checkpoint',
  units: checkpoints,
  withoutFloor: true,
  columns: [
    { figure: 'wall', goals: [{ of: 'troupe', atMost: (atMost * 1_000) / checkpoints }] },
    { figure: 'growth', goals: [{ of: 'troupe', atMost: 1.3 }] },
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
        const subject = (count: number) =>
          flow('bench', async (ctx) => {
            for (let step = 0; step < count; step++) await ctx.checkpoint('step', () => step);
            await ctx.wait({ name: 'go' });
          });
        return async (timed) => {
          const resumed = async (count: number) => {
            const db = newFile(folder);
            {
              await using before = await openRuntime({ db });
              await (await before.start(subject(count), null, { key: 'r' })).outcome({ returnWhenWaiting: true });
            }
            await using after = await openRuntime({ db });
            const [ticket] = await after.tickets('r');
            await after.answer(ticket!.id, null);
            return await timed(async () => requireDone((await after.resume('r', subject(count))).outcome()));
          };
          const fifth = await resumed(checkpoints / 5);
          const whole = await resumed(checkpoints);
          return { ...whole, growth: whole.wall / checkpoints / (fifth.wall / (checkpoints / 5)) };
        };
      },
    },
  ],
});
