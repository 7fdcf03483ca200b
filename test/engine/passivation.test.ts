/** An actor with nothing to do leaves memory, and its behaviour does not change: a message, a timer or a command loads it again. */
import { expect, test } from 'vitest';
import { assign, setup } from 'xstate';
import { effect } from '../../actors/effect.ts';
import type { Json } from '../../src/values/json.ts';
import type { Signal } from './machines.ts';
import { settle, Stage, type } from './testProcess.ts';

const hour = 3_600_000;

const kid = setup({
  types: {} as { context: { n: number }; events: Signal },
  actions: {
    count: assign({ n: ({ context }) => context.n + 1 }),
    break: assign(() => {
      throw new Error('broken');
    }),
  },
}).createMachine({
  id: 'kid',
  context: { n: 0 },
  initial: 'on',
  states: {
    on: { on: { count: { actions: 'count' }, break: { actions: 'break' }, finish: 'over' } },
    over: { type: 'final' },
  },
});

const sleeper = type(
  setup({
    types: {} as { context: { n: number }; events: Signal },
    actors: { kid, work: effect(() => new Promise<Json>(() => {})) },
    delays: { long: 5 * hour },
    actions: { count: assign({ n: ({ context }) => context.n + 1 }) },
  }).createMachine({
    id: 'sleeper',
    context: { n: 0 },
    initial: 'on',
    on: { count: { actions: 'count' } },
    states: {
      on: {
        invoke: { src: 'kid', id: 'kid', onDone: 'alone', onError: 'bereft' },
        after: { long: { actions: 'count' } },
        on: { go: 'alone', work: 'working' },
      },
      working: { invoke: { src: 'work', id: 'work', onDone: 'alone', onError: 'alone' } },
      alone: {},
      bereft: {},
    },
  }),
  { supervise: { maxRestarts: 0 } },
);

async function asleep() {
  const stage = new Stage({ idle: 60_000 });
  const address = await stage.start(sleeper);
  const child = await stage.find('kid/');
  await stage.advance(200_000);
  expect(stage.host.actorsOf('r1')).toEqual([]);
  expect(stage.host.owns('r1')).toBe(true);
  return { stage, address, child };
}

test('a message loads the actor with its state, and is handled once', async () => {
  const { stage, address } = await asleep();
  const message = stage.envelope(address, { type: 'count' });
  await Promise.all([
    stage.transport.send(message),
    stage.transport.send(message),
    stage.transport.send(stage.envelope(address, { type: 'count' })),
  ]);
  expect((await stage.row(address)).context).toEqual({ n: 2 });
});

test('its timer loads the actor', async () => {
  const { stage, address } = await asleep();
  await stage.advance(5 * hour);
  expect((await stage.row(address)).context).toEqual({ n: 1 });
});

test('the end of its child loads the actor', async () => {
  const { stage, address, child } = await asleep();
  await stage.signal(child, { type: 'finish' });
  expect((await stage.row(address)).state).toBe('alone');
});

test('a failed child loads its supervisor', async () => {
  const { stage, address, child } = await asleep();
  await stage.signal(child, { type: 'break' }).catch(() => {});
  expect((await stage.row(address)).state).toBe('bereft');
});

test('the stop of its parent loads the actor', async () => {
  const { stage, address, child } = await asleep();
  await stage.signal(address, { type: 'go' });
  expect((await stage.row(child)).status).toBe('stopped');
});

test('a run with passivated actors can be resumed by another process', async () => {
  const { stage, address } = await asleep();
  await stage.resume(sleeper);
  await stage.signal(address, { type: 'count' });
  expect((await stage.row(address)).context).toEqual({ n: 1 });
});

test('an actor with an effect under way or messages waiting stays in memory', async () => {
  const stage = new Stage({ idle: 60_000 });
  const address = await stage.start(sleeper);
  await stage.signal(address, { type: 'work' });
  await stage.advance(200_000);
  expect(stage.host.actorsOf('r1').map((cell) => cell.address)).toEqual([address]);

  const soon = new Stage({ idle: 60_000 });
  await soon.start(sleeper);
  await soon.advance(5 * hour - 300_000);
  await soon.signal('sleeper/r1', { type: 'count' });
  await soon.advance(200_000);
  expect(soon.host.actorsOf('r1').map((cell) => cell.address)).toEqual(['sleeper/r1']);
});

test('when the journal is unavailable, loading the actor waits for it', async () => {
  const { stage, address } = await asleep();
  const load = stage.journal.load;
  stage.journal.load = () =>
    Promise.reject(Object.assign(new Error('busy'), { kind: 'storage', retryable: true, message: 'busy' }));
  const sent = stage.signal(address, { type: 'count' });
  await stage.advance(1_000);
  stage.journal.load = load;
  await stage.advance(5_000);
  await sent;
  await settle();
  expect((await stage.row(address)).context).toEqual({ n: 1 });
});

test('parking a run removes the timers of its passivated actors, and those of other runs still fire', async () => {
  const stage = new Stage({ idle: 1_000 });
  await stage.start(sleeper, null, 'r1');
  await stage.start(sleeper, null, 'r2');
  await stage.advance(2_000);
  expect(stage.host.actor('sleeper/r1')).toBeUndefined();
  await stage.host.park('r1');
  expect(stage.host.timers.size).toBe(1);
  await stage.advance(5 * hour);
  expect((await stage.row('sleeper/r2')).context).toEqual({ n: 1 });
});
