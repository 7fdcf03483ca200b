/** A timer is due at the time that was committed, also when the process crashes before. */
import { expect, test } from 'vitest';
import { cancel, raise, sendTo, setup } from 'xstate';
import type { Signal } from './machines.ts';
import { TestProcess, type } from './testProcess.ts';

const day = 24 * 60 * 60 * 1000;

const waitingType = (delay: number) =>
  type(
    setup({ types: {} as { events: Signal }, delays: { pause: delay } }).createMachine({
      id: 'waiter',
      initial: 'waiting',
      states: {
        waiting: { after: { pause: 'done' }, on: { poke: 'interrupted' } },
        interrupted: { on: { calm: 'waiting' } },
        done: { type: 'final' },
      },
    }),
  );

test('a timer fires when it is due and not before', async () => {
  const testProcess = new TestProcess();
  const address = await testProcess.start(waitingType(1_000));
  await testProcess.advance(999);
  expect((await testProcess.row(address)).state).toBe('waiting');
  await testProcess.advance(1);
  expect((await testProcess.row(address)).state).toBe('done');
});

test('a crash does not change when a timer is due', async () => {
  const testProcess = new TestProcess();
  const address = await testProcess.start(waitingType(1_000));
  await testProcess.advance(900);
  await testProcess.resume(waitingType(1_000));
  await testProcess.advance(99);
  expect((await testProcess.row(address)).state).toBe('waiting');
  await testProcess.advance(1);
  expect((await testProcess.row(address)).state).toBe('done');
});

test('a timer that became due while no process was running fires on recovery', async () => {
  const testProcess = new TestProcess();
  const address = await testProcess.start(waitingType(1_000));
  testProcess.host.abandon();
  await testProcess.advance(5_000);
  await testProcess.resume(waitingType(1_000));
  await testProcess.advance(0);
  expect((await testProcess.row(address)).state).toBe('done');
});

test('a timer of a year is exact, also with crashes in between', async () => {
  const testProcess = new TestProcess();
  const year = 365 * day;
  const address = await testProcess.start(waitingType(year));
  await testProcess.advance(200 * day);
  await testProcess.resume(waitingType(year));
  await testProcess.advance(165 * day - 1);
  expect((await testProcess.row(address)).state).toBe('waiting');
  await testProcess.advance(1);
  expect((await testProcess.row(address)).state).toBe('done');
});

test('leaving the state cancels the timer; entering it again starts a new one', async () => {
  const testProcess = new TestProcess();
  const address = await testProcess.start(waitingType(1_000));
  await testProcess.advance(900);
  await testProcess.signal(address, { type: 'poke' });
  await testProcess.advance(900);
  expect((await testProcess.row(address)).state).toBe('interrupted');
  await testProcess.signal(address, { type: 'calm' });
  await testProcess.advance(999);
  expect((await testProcess.row(address)).state).toBe('waiting');
  await testProcess.advance(1);
  expect((await testProcess.row(address)).state).toBe('done');
});

const reminderType = type(
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
        on: {
          remind: { actions: 'remind' },
          write: { actions: 'write' },
          forget: { actions: 'forget' },
          ring: 'fired',
        },
      },
      fired: { on: { ring: 'twice' } },
      twice: {},
    },
  }),
);

test('a second timer with the same id replaces the first one', async () => {
  const testProcess = new TestProcess();
  const address = await testProcess.start(reminderType);
  await testProcess.signal(address, { type: 'remind' });
  await testProcess.advance(60);
  await testProcess.signal(address, { type: 'remind' });
  await testProcess.advance(60);
  expect((await testProcess.row(address)).state).toBe('on');
  await testProcess.advance(100);
  expect((await testProcess.row(address)).state).toBe('fired');
});

test('a timer that was cancelled by its id does not fire, also when it was started before a crash', async () => {
  const testProcess = new TestProcess();
  const address = await testProcess.start(reminderType);
  await testProcess.signal(address, { type: 'remind' });
  await testProcess.resume(reminderType);
  await testProcess.signal(address, { type: 'forget' });
  await testProcess.advance(1_000);
  expect((await testProcess.row(address)).state).toBe('on');
});

test('a delayed message of an actor to itself arrives once, also after a crash', async () => {
  const testProcess = new TestProcess();
  const address = await testProcess.start(reminderType);
  await testProcess.signal(address, { type: 'write' });
  await testProcess.resume(reminderType);
  await testProcess.advance(1_000);
  expect((await testProcess.row(address)).state).toBe('fired');
  await testProcess.resume(reminderType);
  await testProcess.advance(1_000);
  expect((await testProcess.row(address)).state).toBe('fired');
});

test.each([NaN, -1, Infinity])('a delay of %s is refused instead of firing at once or never', async (delay) => {
  const testProcess = new TestProcess();
  const address = await testProcess.start(waitingType(delay));
  expect(await testProcess.row(address)).toMatchObject({
    status: 'failed',
    failure: { kind: 'definition', message: expect.stringContaining('must be a number of milliseconds') as string },
  });
});

test('timers fire in the order of their due times, and those due at the same time in the order they were started', async () => {
  const fired: string[] = [];
  const delays = [30, 10, 20, 10, 0, 30, 5, 25, 10];
  const timersMachine = setup({
    types: {} as { events: Signal },
    actions: {
      note: (_, params: { name: string }) => void fired.push(params.name),
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
  const testProcess = new TestProcess();
  const address = await testProcess.start(type(timersMachine));
  for (const [index, delay] of delays.entries())
    await testProcess.signal(address, { type: 'set', delay, name: `${delay}.${index}` });
  await testProcess.advance(30);
  await testProcess.advance(1);
  const expected = delays
    .map((delay, index) => ({ delay, index }))
    .sort((a, b) => a.delay - b.delay || a.index - b.index);
  expect(fired).toEqual(expected.map(({ delay, index }) => `${delay}.${index}`));
});
