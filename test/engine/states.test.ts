/** History and parallel states are as XState has them, and survive a restart. */
import { expect, test } from 'vitest';
import { setup } from 'xstate';
import type { Signal } from './machines.ts';
import { Stage, type } from './testProcess.ts';

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
  const stage = new Stage();
  const address = await stage.start(player(history));
  for (const event of ['switch', 'play', 'off']) await stage.signal(address, { type: event });
  await stage.resume(player(history));
  await stage.signal(address, { type: 'on' });
  expect((await stage.row(address)).state).toBe(state);
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
  const stage = new Stage();
  const address = await stage.start(regions);
  await stage.advance(60);
  await stage.resume(regions);
  await stage.signal(address, { type: 'shut' });
  expect((await stage.row(address)).state).toBe('door.shut|light.on');
  await stage.advance(40);
  expect(await stage.row(address)).toMatchObject({ status: 'done', state: 'door.shut|light.off' });
});
