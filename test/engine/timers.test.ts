/** A timer is due at the time that was committed, also when the process crashes before. */
import { expect, test } from 'vitest';
import { cancel, raise, sendTo, setup } from 'xstate';
import type { Signal } from './machines.ts';
import { Stage, type } from './testProcess.ts';

const day = 24 * 60 * 60 * 1000;

const napper = (delay: number) =>
  type(
    setup({ types: {} as { events: Signal }, delays: { nap: delay } }).createMachine({
      id: 'napper',
      initial: 'napping',
      states: {
        napping: { after: { nap: 'awake' }, on: { poke: 'startled' } },
        startled: { on: { calm: 'napping' } },
        awake: { type: 'final' },
      },
    }),
  );

test('a timer fires when it is due and not before', async () => {
  const stage = new Stage();
  const address = await stage.start(napper(1_000));
  await stage.advance(999);
  expect((await stage.row(address)).state).toBe('napping');
  await stage.advance(1);
  expect((await stage.row(address)).state).toBe('awake');
});

test('a crash does not change when a timer is due', async () => {
  const stage = new Stage();
  const address = await stage.start(napper(1_000));
  await stage.advance(900);
  await stage.resume(napper(1_000));
  await stage.advance(99);
  expect((await stage.row(address)).state).toBe('napping');
  await stage.advance(1);
  expect((await stage.row(address)).state).toBe('awake');
});

test('a timer that became due while no process was running fires on recovery', async () => {
  const stage = new Stage();
  const address = await stage.start(napper(1_000));
  stage.host.abandon();
  await stage.advance(5_000);
  await stage.resume(napper(1_000));
  await stage.advance(0);
  expect((await stage.row(address)).state).toBe('awake');
});

test('a timer of a year is exact, also with crashes in between', async () => {
  const stage = new Stage();
  const year = 365 * day;
  const address = await stage.start(napper(year));
  await stage.advance(200 * day);
  await stage.resume(napper(year));
  await stage.advance(165 * day - 1);
  expect((await stage.row(address)).state).toBe('napping');
  await stage.advance(1);
  expect((await stage.row(address)).state).toBe('awake');
});

test('leaving the state cancels the timer; entering it again starts a new one', async () => {
  const stage = new Stage();
  const address = await stage.start(napper(1_000));
  await stage.advance(900);
  await stage.signal(address, { type: 'poke' });
  await stage.advance(900);
  expect((await stage.row(address)).state).toBe('startled');
  await stage.signal(address, { type: 'calm' });
  await stage.advance(999);
  expect((await stage.row(address)).state).toBe('napping');
  await stage.advance(1);
  expect((await stage.row(address)).state).toBe('awake');
});

const reminder = type(
  setup({
    types: {} as { context: object; events: Signal },
    delays: { soon: 100 },
    actions: {
      remind: raise({ type: 'ring' }, { id: 'reminder', delay: 'soon' }),
      write: sendTo(({ self }) => self, { type: 'ring' }, { id: 'reminder', delay: 100 }),
      forget: cancel('reminder'),
    },
  }).createMachine({
    id: 'reminder',
    context: {},
    initial: 'on',
    states: {
      on: {
        on: { remind: { actions: 'remind' }, write: { actions: 'write' }, forget: { actions: 'forget' }, ring: 'rung' },
      },
      rung: { on: { ring: 'twice' } },
      twice: {},
    },
  }),
);

test('a second timer with the same id replaces the first one', async () => {
  const stage = new Stage();
  const address = await stage.start(reminder);
  await stage.signal(address, { type: 'remind' });
  await stage.advance(60);
  await stage.signal(address, { type: 'remind' });
  await stage.advance(60);
  expect((await stage.row(address)).state).toBe('on');
  await stage.advance(100);
  expect((await stage.row(address)).state).toBe('rung');
});

test('a timer that was cancelled by its id does not fire, also when it was started before a crash', async () => {
  const stage = new Stage();
  const address = await stage.start(reminder);
  await stage.signal(address, { type: 'remind' });
  await stage.resume(reminder);
  await stage.signal(address, { type: 'forget' });
  await stage.advance(1_000);
  expect((await stage.row(address)).state).toBe('on');
});

test('a delayed message of an actor to itself arrives once, also after a crash', async () => {
  const stage = new Stage();
  const address = await stage.start(reminder);
  await stage.signal(address, { type: 'write' });
  await stage.resume(reminder);
  await stage.advance(1_000);
  expect((await stage.row(address)).state).toBe('rung');
  await stage.resume(reminder);
  await stage.advance(1_000);
  expect((await stage.row(address)).state).toBe('rung');
});

test.each([NaN, -1, Infinity])('a delay of %s is refused instead of firing at once or never', async (delay) => {
  const stage = new Stage();
  const address = await stage.start(napper(delay));
  expect(await stage.row(address)).toMatchObject({
    status: 'failed',
    failure: { kind: 'definition', message: expect.stringContaining('must be a number of milliseconds') as string },
  });
});

test('timers fire in the order of their due times, and those due at the same time in the order they were started', async () => {
  const rung: string[] = [];
  const hours = [30, 10, 20, 10, 0, 30, 5, 25, 10];
  const many = setup({
    types: {} as { events: Signal },
    actions: {
      note: (_, params: { name: string }) => void rung.push(params.name),
      set: raise(({ event }) => ({ type: 'ring', name: event.name as string }), {
        delay: ({ event }) => event.delay as number,
      }),
    },
  }).createMachine({
    id: 'many',
    on: {
      set: { actions: 'set' },
      ring: { actions: { type: 'note', params: ({ event }) => ({ name: String(event.name) }) } },
    },
  });
  const stage = new Stage();
  const address = await stage.start(type(many));
  for (const [index, delay] of hours.entries())
    await stage.signal(address, { type: 'set', delay, name: `${delay}.${index}` });
  await stage.advance(30);
  await stage.advance(1);
  const expected = hours
    .map((delay, index) => ({ delay, index }))
    .sort((a, b) => a.delay - b.delay || a.index - b.index);
  expect(rung).toEqual(expected.map(({ delay, index }) => `${delay}.${index}`));
});
