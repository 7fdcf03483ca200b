/** Children are actors of their own: their end is a message to their parent, and they end with their parent. */
import { expect, test } from 'vitest';
import {
  assign,
  emit,
  enqueueActions,
  forwardTo,
  sendParent,
  sendTo,
  setup,
  spawnChild,
  stopChild,
  type AnyActorRef,
  type AnyStateMachine,
} from 'xstate';
import { effect } from '../../actors/effect.ts';
import type { Json } from '../../src/values/json.ts';
import type { Signal } from './machines.ts';
import { TestProcess, type } from './testProcess.ts';

/** Waits for an event: `finish` ends it with its `input` as output, `break` makes it throw. */
const child = setup({
  types: {} as { context: { input: Json; received: number }; input: Json; events: Signal; output: Json },
  actions: {
    hear: assign({ received: ({ context }) => context.received + 1 }),
    throw: assign(() => {
      throw new Error('broken on purpose');
    }),
    answer: sendParent({ type: 'pong', from: 'child' }),
  },
}).createMachine({
  id: 'child',
  context: ({ input }) => ({ input, received: 0 }),
  initial: 'waiting',
  states: {
    waiting: {
      on: { hear: { actions: 'hear' }, ping: { actions: 'answer' }, finish: 'finished', break: { actions: 'throw' } },
    },
    finished: { type: 'final' },
  },
  output: ({ context }) => context.input,
});

const parent = (kid: AnyStateMachine = child) =>
  setup({
    types: {} as { context: { got: Json; pongs: number; ref: AnyActorRef | null }; events: Signal; output: Json },
    actors: { kid },
    actions: {
      keep: assign({ got: ({ event }) => (event.output ?? event.error) as Json }),
      count: assign({ pongs: ({ context }) => context.pongs + 1 }),
      tellKid: sendTo('kid', ({ event }) => event.say as Signal),
      tellKidLater: sendTo('kid', ({ event }) => event.say as Signal, { delay: 1_000, id: 'later' }),
      pass: forwardTo('kid'),
      tellSelf: sendTo(({ self }) => self, { type: 'count' }),
      spawnTwo: enqueueActions(({ enqueue }) => {
        enqueue.spawnChild('kid', { id: 'one', input: 1 });
        enqueue.spawnChild('kid', { id: 'two', input: 2 });
      }),
      spawnNamed: spawnChild('kid', {
        id: ({ event }: { event: Signal }) => String(event.name),
        input: 'named',
      } as never),
      stopOne: stopChild('one'),
      adopt: assign({ ref: ({ spawn }) => spawn('kid', { id: 'adopted', input: 'by assign' }) as AnyActorRef }),
      tellAdopted: sendTo(({ context }) => context.ref!, { type: 'hear' }),
      announce: emit({ type: 'news', text: 'hello' } as never),
    },
  }).createMachine({
    id: 'parent',
    context: { got: null, pongs: 0, ref: null },
    initial: 'together',
    on: {
      tellKid: { actions: 'tellKid' },
      tellKidLater: { actions: 'tellKidLater' },
      hear: { actions: 'pass' },
      tellSelf: { actions: 'tellSelf' },
      count: { actions: 'count' },
      pong: { actions: 'count' },
      two: { actions: 'spawnTwo' },
      named: { actions: 'spawnNamed' },
      stopOne: { actions: 'stopOne' },
      adopt: { actions: 'adopt' },
      tellAdopted: { actions: 'tellAdopted' },
      announce: { actions: 'announce' },
      end: '.ended',
    },
    states: {
      together: {
        invoke: {
          src: 'kid',
          id: 'kid',
          input: 'mine',
          onDone: { target: 'alone', actions: 'keep' },
          onError: { target: 'bereft', actions: 'keep' },
        },
        on: { leave: 'alone' },
      },
      alone: { on: { again: 'together' } },
      bereft: {},
      ended: { type: 'final' },
    },
    output: ({ context }) => context.got,
  });

test('a child that is done tells its parent its output', async () => {
  const testProcess = new TestProcess();
  const address = await testProcess.start(type(parent()));
  const kid = await testProcess.find('kid/');
  await testProcess.signal(kid, { type: 'finish' });
  expect(await testProcess.row(address)).toMatchObject({ state: 'alone', context: { got: 'mine' } });
  expect(await testProcess.row(kid)).toMatchObject({ status: 'done', output: 'mine' });
});

test('a child that fails tells its parent why', async () => {
  const testProcess = new TestProcess();
  const address = await testProcess.start(type(parent(), { supervise: { maxRestarts: 0 } }));
  await testProcess.signal(await testProcess.find('kid/'), { type: 'break' }).catch(() => {});
  expect(await testProcess.row(address)).toMatchObject({
    state: 'bereft',
    context: { got: { kind: 'internal', message: 'Error: broken on purpose' } },
  });
});

test('leaving the state stops the child; entering it again starts a new one', async () => {
  const testProcess = new TestProcess();
  const address = await testProcess.start(type(parent()));
  const first = await testProcess.find('kid/');
  await testProcess.signal(address, { type: 'leave' });
  expect((await testProcess.row(first)).status).toBe('stopped');
  await testProcess.signal(address, { type: 'again' });
  const second = await testProcess.find('kid/');
  expect(second).not.toBe(first);
  expect((await testProcess.row(second)).status).toBe('active');
});

test('children stop with their parent, the last started first', async () => {
  const testProcess = new TestProcess();
  const address = await testProcess.start(type(parent()));
  await testProcess.signal(address, { type: 'two' });
  await testProcess.signal(address, { type: 'end' });
  const stopped = testProcess.commits('kid/').filter(({ status }) => status === 'stopped');
  expect(stopped.map(({ actor }) => actor)).toEqual([
    expect.stringContaining('.two-'),
    expect.stringContaining('.one-'),
    expect.stringContaining('.kid-'),
  ]);
  expect(testProcess.host.owns('r1')).toBe(false);
});

test('one of several children is stopped by its id', async () => {
  const testProcess = new TestProcess();
  const address = await testProcess.start(type(parent()));
  await testProcess.signal(address, { type: 'two' });
  await testProcess.signal(address, { type: 'stopOne' });
  expect((await testProcess.row(await testProcess.find('kid/r1.one-'))).status).toBe('stopped');
  expect((await testProcess.row(await testProcess.find('kid/r1.two-'))).status).toBe('active');
});

test('parent and child send messages to each other, and to themselves', async () => {
  const testProcess = new TestProcess();
  const address = await testProcess.start(type(parent()));
  await testProcess.signal(address, { type: 'tellKid', say: { type: 'ping' } });
  await testProcess.signal(address, { type: 'hear' });
  await testProcess.signal(address, { type: 'tellSelf' });
  expect((await testProcess.row(address)).context).toMatchObject({ pongs: 2 });
  expect((await testProcess.row(await testProcess.find('kid/'))).context).toMatchObject({ received: 1 });
});

test('a delayed message to a child arrives once and on time, also after a crash', async () => {
  const testProcess = new TestProcess();
  const machine = type(parent());
  const address = await testProcess.start(machine);
  await testProcess.signal(address, { type: 'tellKidLater', say: { type: 'hear' } });
  await testProcess.resume(machine);
  const received = async () => (await testProcess.row(await testProcess.find('kid/'))).context.received;
  await testProcess.advance(999);
  expect(await received()).toBe(0);
  await testProcess.advance(1);
  expect(await received()).toBe(1);
  await testProcess.resume(machine);
  await testProcess.advance(5_000);
  expect(await received()).toBe(1);
});

test('a child id may be computed and may contain any character: two ids never share an address', async () => {
  const testProcess = new TestProcess();
  const address = await testProcess.start(type(parent()));
  await testProcess.signal(address, { type: 'named', name: 'Écoute, 1' });
  await testProcess.signal(address, { type: 'named', name: 'ecoute-1' });
  const kids = (await testProcess.journal.find({ type: 'kid', status: 'active' })).map(({ actor }) => actor);
  expect(new Set(kids).size).toBe(3);
  expect(kids.every((kid) => /^[a-z0-9._/-]+$/.test(kid))).toBe(true);
});

test('a child spawned in assign is reached by its reference, and both survive a crash', async () => {
  const testProcess = new TestProcess();
  const machine = type(parent());
  const address = await testProcess.start(machine);
  await testProcess.signal(address, { type: 'adopt' });
  await testProcess.signal(address, { type: 'tellAdopted' });
  await testProcess.resume(machine);
  await testProcess.signal(address, { type: 'tellAdopted' });
  expect((await testProcess.row(await testProcess.find('kid/r1.adopted-'))).context).toEqual({
    input: 'by assign',
    received: 2,
  });
});

test('a reference to a child that has ended is the same after a crash: what is sent to it becomes a dead letter', async () => {
  const testProcess = new TestProcess();
  const machine = type(parent());
  const address = await testProcess.start(machine);
  await testProcess.signal(address, { type: 'adopt' });
  await testProcess.signal(await testProcess.find('kid/r1.adopted-'), { type: 'finish' });
  await testProcess.signal(address, { type: 'tellAdopted' });
  const { context } = await testProcess.row(address);
  await testProcess.resume(machine);
  await testProcess.signal(address, { type: 'tellAdopted' });
  expect((await testProcess.row(address)).context).toEqual(context);
  expect(testProcess.deadLetters().map(({ failure: { kind } }) => kind)).toEqual([
    'unknown_recipient',
    'unknown_recipient',
  ]);
});

test('an emitted event goes to the subscribers of its topic', async () => {
  const testProcess = new TestProcess();
  const address = await testProcess.start(type(parent()));
  const received: unknown[] = [];
  testProcess.transport.subscribe('parent.*.news', ({ body, from }) => received.push({ body, from }));
  await testProcess.signal(address, { type: 'announce' });
  expect(received).toEqual([{ body: { type: 'news', text: 'hello' }, from: address }]);
});

test('a message for a child that has ended becomes a dead letter', async () => {
  const testProcess = new TestProcess();
  const address = await testProcess.start(type(parent()));
  await testProcess.signal(await testProcess.find('kid/'), { type: 'finish' });
  await testProcess.signal(address, { type: 'again' });
  const gone = await testProcess.find('kid/');
  await testProcess.signal(gone, { type: 'finish' });
  await expect(testProcess.signal(address, { type: 'hear' })).rejects.toThrow('Unable to send event to actor');
  expect(testProcess.deadLetters().at(-1)).toMatchObject({ actor: address, failure: { kind: 'internal' } });
});

test('only the child itself can report that it has ended', async () => {
  const testProcess = new TestProcess();
  const address = await testProcess.start(type(parent()));
  const [{ pending = [] } = {}] = [await testProcess.journal.load(address)];
  const key = pending[0]!.key;
  const forged = (event: Signal, over = {}) => testProcess.signal(address, event as never, over);
  await expect(forged({ type: 'xstate.done.actor.kid', key, output: 'forged' })).rejects.toMatchObject({
    kind: 'denied',
  });
  await expect(forged({ type: 'xstate.error.actor.kid' })).rejects.toMatchObject({ kind: 'denied' });
  await expect(forged({ type: 'xstate.after.1.parent.together', key })).rejects.toMatchObject({ kind: 'denied' });
  await expect(forged({ type: 'xstate.stop' }, { body: null })).rejects.toMatchObject({ kind: 'denied' });
  await expect(forged({ type: 'xstate.done.actor.kid', key }, { kind: 'tell' })).rejects.toMatchObject({
    kind: 'denied',
  });
  await expect(forged({ type: '*' })).rejects.toMatchObject({ kind: 'invalid' });
  expect(await testProcess.row(address)).toMatchObject({ status: 'active', state: 'together' });
});

test('an event sent to an effect becomes a dead letter, because effects take no events', async () => {
  const deaf = setup({
    types: {} as { events: Signal },
    actors: { work: effect(() => new Promise<Json>(() => {})) },
    actions: { shout: sendTo('work', { type: 'hello' }) },
  }).createMachine({
    id: 'deaf',
    initial: 'working',
    states: {
      working: { invoke: { src: 'work', id: 'work', onError: 'over' }, on: { shout: { actions: 'shout' } } },
      over: {},
    },
  });
  const testProcess = new TestProcess();
  const address = await testProcess.start(type(deaf));
  await testProcess.signal(address, { type: 'shout' });
  expect(testProcess.deadLetters()).toMatchObject([
    {
      actor: address,
      message: { type: 'hello' },
      failure: { kind: 'unknown_recipient', message: expect.stringContaining('"work"') as string },
    },
  ]);
});
