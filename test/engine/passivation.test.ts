/** An actor with nothing to do leaves memory, and its behaviour does not change: a message, a timer or a command loads it again. */
import { expect, test } from 'vitest';
import { assign, setup } from 'xstate';
import { effect } from '../../actors/effect.ts';
import type { Json } from '../../src/values/json.ts';
import type { Signal } from './machines.ts';
import { settle, TestProcess, type } from './testProcess.ts';

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

const parentType = type(
  setup({
    types: {} as { context: { n: number }; events: Signal },
    actors: { kid, work: effect(() => new Promise<Json>(() => {})) },
    delays: { long: 5 * hour },
    actions: { count: assign({ n: ({ context }) => context.n + 1 }) },
  }).createMachine({
    id: 'parent',
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

async function passivated() {
  const testProcess = new TestProcess({ idle: 60_000 });
  const address = await testProcess.start(parentType);
  const child = await testProcess.find('kid/');
  await testProcess.advance(200_000);
  expect(testProcess.host.actorsOf('r1')).toEqual([]);
  expect(testProcess.host.owns('r1')).toBe(true);
  return { testProcess, address, child };
}

test('a message loads the actor with its state, and is handled once', async () => {
  const { testProcess, address } = await passivated();
  const message = testProcess.envelope(address, { type: 'count' });
  await Promise.all([
    testProcess.transport.send(message),
    testProcess.transport.send(message),
    testProcess.transport.send(testProcess.envelope(address, { type: 'count' })),
  ]);
  expect((await testProcess.row(address)).context).toEqual({ n: 2 });
});

test('its timer loads the actor', async () => {
  const { testProcess, address } = await passivated();
  await testProcess.advance(5 * hour);
  expect((await testProcess.row(address)).context).toEqual({ n: 1 });
});

test('the end of its child loads the actor', async () => {
  const { testProcess, address, child } = await passivated();
  await testProcess.signal(child, { type: 'finish' });
  expect((await testProcess.row(address)).state).toBe('alone');
});

test('a failed child loads its supervisor', async () => {
  const { testProcess, address, child } = await passivated();
  await testProcess.signal(child, { type: 'break' }).catch(() => {});
  expect((await testProcess.row(address)).state).toBe('bereft');
});

test('the stop of its parent loads the actor', async () => {
  const { testProcess, address, child } = await passivated();
  await testProcess.signal(address, { type: 'go' });
  expect((await testProcess.row(child)).status).toBe('stopped');
});

test('a run with passivated actors can be resumed by another process', async () => {
  const { testProcess, address } = await passivated();
  await testProcess.resume(parentType);
  await testProcess.signal(address, { type: 'count' });
  expect((await testProcess.row(address)).context).toEqual({ n: 1 });
});

test('an actor with an effect under way or messages waiting stays in memory', async () => {
  const testProcess = new TestProcess({ idle: 60_000 });
  const address = await testProcess.start(parentType);
  await testProcess.signal(address, { type: 'work' });
  await testProcess.advance(200_000);
  expect(testProcess.host.actorsOf('r1').map((actor) => actor.address)).toEqual([address]);

  const withMessage = new TestProcess({ idle: 60_000 });
  await withMessage.start(parentType);
  await withMessage.advance(5 * hour - 300_000);
  await withMessage.signal('parent/r1', { type: 'count' });
  await withMessage.advance(200_000);
  expect(withMessage.host.actorsOf('r1').map((actor) => actor.address)).toEqual(['parent/r1']);
});

test('an actor whose effects wait until its run has caught up stays in memory, and begins them', async () => {
  const begun: string[] = [];
  const waiter = setup({ delays: { soon: 1_000 } }).createMachine({
    id: 'waiter',
    initial: 'on',
    states: { on: { after: { soon: 'over' } }, over: {} },
  });
  const lateType = type(
    setup({
      actors: { waiter, work: effect((_: unknown, { key }) => (begun.push(key), new Promise<Json>(() => {}))) },
    }).createMachine({
      id: 'late',
      initial: 'on',
      states: {
        on: {
          invoke: [
            { src: 'work', id: 'work', onDone: 'over', onError: 'over' },
            { src: 'waiter', id: 'waiter', onDone: 'over', onError: 'over' },
          ],
        },
        over: {},
      },
    }),
  );
  const testProcess = new TestProcess({ idle: 60_000 });
  const address = await testProcess.start(lateType);
  testProcess.host.abandon();
  testProcess.clock.advance(5_000);
  const mail = testProcess.journal.mail.bind(testProcess.journal);
  let go = () => {};
  const held = new Promise<void>((resolve) => (go = resolve));
  testProcess.journal.mail = async (run) => (await held, mail(run));
  await testProcess.resume(lateType);
  await testProcess.advance(200_000);
  expect(testProcess.host.actorsOf('r1').map((actor) => actor.address)).toContain(address);
  expect(begun).toHaveLength(1);
  // Until it has caught up it does not rest, although nobody is at work.
  expect(testProcess.host.isIdle('r1')).toBe(false);
  go();
  await settle();
  expect(begun).toEqual([begun[0], begun[0]]);
});

test('when the journal is unavailable, loading the actor waits for it', async () => {
  const { testProcess, address } = await passivated();
  const load = testProcess.journal.load;
  testProcess.journal.load = () =>
    Promise.reject(Object.assign(new Error('busy'), { kind: 'storage', retryable: true, message: 'busy' }));
  const sent = testProcess.signal(address, { type: 'count' });
  await testProcess.advance(1_000);
  testProcess.journal.load = load;
  await testProcess.advance(5_000);
  await sent;
  await settle();
  expect((await testProcess.row(address)).context).toEqual({ n: 1 });
});

test('parking a run removes the timers of its passivated actors, and those of other runs still fire', async () => {
  const testProcess = new TestProcess({ idle: 1_000 });
  await testProcess.start(parentType, null, 'r1');
  await testProcess.start(parentType, null, 'r2');
  await testProcess.advance(2_000);
  expect(testProcess.host.actor('parent/r1')).toBeUndefined();
  await testProcess.host.park('r1');
  expect(testProcess.host.timers.size).toBe(1);
  await testProcess.advance(5 * hour);
  expect((await testProcess.row('parent/r2')).context).toEqual({ n: 1 });
});
