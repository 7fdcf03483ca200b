/** `check` on the demo team against the same number of events sent to a live XState actor, which explores one order of events only. */
import { createActor, setup } from 'xstate';
import { check } from '../../../src/testing/check/index.ts';
import newsroom from '../../../examples/demo/index.ts';
import { compare, per } from './measure.ts';

const toggle = setup({ types: {} as { events: { type: 'flip' } } }).createMachine({
  id: 'toggle',
  initial: 'off',
  states: { off: { on: { flip: 'on' } }, on: { on: { flip: 'off' } } },
});

export async function checks(): Promise<void> {
  const team = newsroom({ folder: '.', model: 'bench:model' });
  const began = performance.now();
  const { states, transitions, findings } = await check(team);
  const took = performance.now() - began;
  console.log(
    `\ncheck(demo team), drop+dup+crash 1: ${states} states, ${transitions} transitions, ${findings.length} findings, ${(took / 1000).toFixed(2)} s cold`,
  );
  await compare(`one transition of check, of ${transitions}`, [
    {
      name: 'one event of a live XState actor',
      run: () =>
        per(transitions, async () => {
          const actor = createActor(toggle).start();
          for (let i = 0; i < transitions; i++) actor.send({ type: 'flip' });
          actor.stop();
        }),
    },
    { name: 'check(team)', run: () => per(transitions, () => check(team)) },
  ]);
}
