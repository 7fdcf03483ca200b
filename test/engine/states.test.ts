/** History and parallel states are as XState has them, and survive a restart. */
import { expect, test } from 'vitest';
import { setup } from 'xstate';
import type { Signal } from './machines.ts';
import { TestProcess, type } from './testProcess.ts';

const player = (history: 'shallow' | 'deep') =>
  type(
    setup({ types: {} as { events: Signal } }).createMachine({
      id: 'player',
      initial: 'on',
      states: {
        on: {
          initial: 'radio',
          on: { off: 'off' },
          states: {
            radio: { on: { switch: 'tape' } },
            tape: { initial: 'stopped', states: { stopped: { on: { play: 'playing' } }, playing: {} } },
            last: { type: 'history', history },
          },
        },
        off: { on: { on: 'on.last' } },
      },
    }),
  );

test.each([
  ['shallow', 'on.tape.stopped'],
  ['deep', 'on.tape.playing'],
] as const)('%s history leads back to %s, also after a crash', async (history, state) => {
  const testProcess = new TestProcess();
  const address = await testProcess.start(player(history));
  for (const event of ['switch', 'play', 'off']) await testProcess.signal(address, { type: event });
  await testProcess.resume(player(history));
  await testProcess.signal(address, { type: 'on' });
  expect((await testProcess.row(address)).state).toBe(state);
});

const regions = type(
  setup({ types: {} as { events: Signal }, delays: { soon: 100 } }).createMachine({
    id: 'regions',
    type: 'parallel',
    states: {
      door: { initial: 'open', states: { open: { on: { shut: 'shut' } }, shut: { type: 'final' } } },
      light: { initial: 'on', states: { on: { after: { soon: 'off' } }, off: { type: 'final' } } },
    },
  }),
);

test('parallel regions continue after a crash, and the machine is done when all regions are', async () => {
  const testProcess = new TestProcess();
  const address = await testProcess.start(regions);
  await testProcess.advance(60);
  await testProcess.resume(regions);
  await testProcess.signal(address, { type: 'shut' });
  expect((await testProcess.row(address)).state).toBe('door.shut|light.on');
  await testProcess.advance(40);
  expect(await testProcess.row(address)).toMatchObject({ status: 'done', state: 'door.shut|light.off' });
});
