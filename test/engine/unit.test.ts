/** What one event causes inside its run is one commit: parent to child to parent. */
import { expect, test } from 'vitest';
import { assign, enqueueActions, sendParent, sendTo, setup } from 'xstate';
import { effect } from '../../actors/effect.ts';
import { slot } from '../../machines/slot.ts';
import { TroupeError } from '../../src/values/failure.ts';
import { memory } from '../../src/journal/memory/memory.ts';
import { inProcess } from '../../src/transport/inProcess.ts';
import { overrideMethods } from '../../src/testing/world/intercept.ts';
import type { Commit, Journal } from '../../src/journal/journal.ts';
import { journals, stepByStep, type JournalKind } from './journals.ts';
import type { Signal } from './machines.ts';
import { settle, TestProcess, type } from './testProcess.ts';

/** Performs one effect and ends. */
const worker = setup({ actors: { work: slot<string, null>('work') } }).createMachine({
  id: 'worker',
  initial: 'working',
  states: {
    working: { invoke: { src: 'work', id: 'work', input: null, onDone: 'done', onError: 'done' } },
    done: { type: 'final' },
  },
});

/** Starts three workers, one after the other. */
const line = (performed: string[]) =>
  setup({
    types: {} as { context: { done: number } },
    actors: {
      worker: worker.provide({ actors: { work: effect(async (_, { key }) => (performed.push(key), 'ok')) } }),
    },
    guards: { isOver: ({ context }) => context.done === 3 },
    actions: { count: assign({ done: ({ context }) => context.done + 1 }) },
  }).createMachine({
    id: 'line',
    context: { done: 0 },
    initial: 'working',
    states: {
      working: {
        always: { guard: 'isOver', target: 'over' },
        invoke: { src: 'worker', id: 'worker', onDone: { target: 'working', reenter: true, actions: 'count' } },
      },
      over: { type: 'final' },
    },
  });

/** The journal, and what was stored in it at once. */
function recorded(inner: Journal): { journal: Journal; stored: string[] } {
  const stored: string[] = [];
  const words = ({ actor, event }: Commit) => `${actor.replace(/\/.*/, '')} <- ${event.type}`;
  const journal = overrideMethods(inner, {
    commit: async (commit) => (await inner.commit(commit), void stored.push(words(commit))),
    commitAll: async (commits) => (await inner.commitAll?.(commits), void stored.push(commits.map(words).join(' + '))),
  });
  return { journal, stored };
}

test.each(Object.keys(journals) as JournalKind[])(
  'a result that ends a child, its parent that goes on, and the next child are one commit: %s',
  async (kind) => {
    const performed: string[] = [];
    const clock = new TestProcess().clock;
    await using inner = await journals[kind](clock);
    const { journal, stored } = recorded(inner);
    const testProcess = new TestProcess({ journal, clock });
    const address = await testProcess.start(type(line(performed)));
    for (let round = 0; round < 20; round++) await settle();
    expect((await testProcess.row(address)).status).toBe('done');
    expect(performed).toHaveLength(3);
    const turn = 'worker <- xstate.done.actor.work + line <- xstate.done.actor.worker';
    expect(stored).toEqual([
      'line <- xstate.init + worker <- xstate.init',
      `${turn} + worker <- xstate.init`,
      `${turn} + worker <- xstate.init`,
      turn,
    ]);
    expect(await journal.undelivered('r1')).toEqual([]);
    testProcess.host.abandon();
  },
);

test('nothing that a step of it asks for happens before all of it is stored', async () => {
  const performed: string[] = [];
  const inner = memory();
  let store = () => {};
  const journal = overrideMethods(inner, {
    commitAll: async (commits) => {
      await new Promise<void>((resolve) => (store = resolve));
      await inner.commitAll?.(commits);
    },
  });
  const testProcess = new TestProcess({ journal });
  void testProcess.host.start(type(line(performed)), { run: 'r1', input: null });
  await settle();
  expect([performed, testProcess.inspections]).toEqual([[], []]);
  store();
  await settle();
  expect(performed).toHaveLength(1);
  expect(testProcess.inspections.filter(({ type: what }) => what === 'commit')).toHaveLength(2);
  testProcess.host.abandon();
});

/** Passes on to its child, and counts what that answers. */
const boss = setup({
  types: {} as { context: { heard: number }; events: Signal },
  actors: {
    kid: setup({
      types: {} as { context: { told: number }; events: Signal },
      actions: {
        count: assign({ told: ({ context }) => context.told + 1 }),
        answer: sendParent({ type: 'answer' }),
      },
    }).createMachine({ id: 'kid', context: { told: 0 }, on: { say: { actions: ['count', 'answer'] } } }),
  },
  actions: {
    tell: sendTo('kid', { type: 'say' }),
    hear: assign({ heard: ({ context }) => context.heard + 1 }),
  },
}).createMachine({
  id: 'boss',
  context: { heard: 0 },
  initial: 'on',
  states: {
    on: {
      invoke: { src: 'kid', id: 'kid' },
      on: { go: { actions: 'tell' }, answer: { actions: 'hear' } },
    },
  },
});
const counted = async (testProcess: TestProcess, address: string) => [
  (await testProcess.row(address)).context.heard,
  (await testProcess.row(await testProcess.find('kid/'))).context.told,
];

test('a message that was handled before changes none of the actors that it would reach', async () => {
  const testProcess = new TestProcess();
  const address = await testProcess.start(type(boss));
  for (let times = 0; times < 3; times++) await testProcess.signal(address, { type: 'go' }, { id: 'the same' });
  expect(await counted(testProcess, address)).toEqual([1, 1]);
  await testProcess.signal(address, { type: 'go' });
  expect(await counted(testProcess, address)).toEqual([2, 2]);
  await testProcess.resume(type(boss));
  await testProcess.signal(address, { type: 'go' }, { id: 'the same' });
  await testProcess.signal(address, { type: 'go' });
  expect(await counted(testProcess, address)).toEqual([3, 3]);
});

test('what cannot be stored together is stored step by step: the refusal is that of one actor', async () => {
  const inner = memory();
  const refused: number[] = [];
  const journal = overrideMethods(inner, {
    commitAll: async (commits) => {
      refused.push(commits.length);
      throw new TroupeError('invalid', 'too much at once');
    },
  });
  const testProcess = new TestProcess({ journal });
  const address = await testProcess.start(type(boss));
  await testProcess.signal(address, { type: 'go' });
  expect(await counted(testProcess, address)).toEqual([1, 1]);
  expect(refused.length).toBeGreaterThan(0);
});

test('a message under an id that its sender would give to another one does not stop that sender', async () => {
  const testProcess = new TestProcess();
  const address = await testProcess.start(type(boss));
  const kid = await testProcess.find('kid/');
  await testProcess.signal(kid, { type: 'say', forged: true }, { id: `${address}/3/0` });
  let isTaken = false;
  void testProcess.signal(address, { type: 'go' }).then(() => (isTaken = true));
  await testProcess.advance(1_000);
  await settle();
  expect(isTaken).toBe(true);
  expect(await counted(testProcess, address)).toEqual([1, 1]);
  testProcess.host.abandon();
});

test('while the journal is away all of it waits, and is stored once', async () => {
  const inner = memory();
  let isAway = false;
  const journal = overrideMethods(inner, {
    commitAll: async (commits) => {
      if (isAway) throw new TroupeError('storage', 'away');
      await inner.commitAll?.(commits);
    },
  });
  const testProcess = new TestProcess({ journal });
  const address = await testProcess.start(type(boss));
  isAway = true;
  const told = testProcess.signal(address, { type: 'go' });
  const more = testProcess.signal(await testProcess.find('kid/'), { type: 'say' });
  await testProcess.advance(50);
  expect(await counted(testProcess, address)).toEqual([0, 0]);
  isAway = false;
  await testProcess.advance(1_000);
  await Promise.all([told, more]);
  expect(await counted(testProcess, address)).toEqual([2, 2]);
});

/** Takes `first` only once `second` has opened it, and anything then. */
const door = setup({
  types: {} as { context: { taken: string[] }; events: Signal },
  guards: {
    isBad: ({ event }) => {
      if (event['bad'] === true) throw new Error('bad');
      return true;
    },
  },
  actions: { take: assign({ taken: ({ context, event }) => [...context.taken, event.type] }) },
}).createMachine({
  id: 'door',
  context: { taken: [] },
  initial: 'shut',
  states: {
    shut: { on: { second: { target: 'open', guard: 'isBad', actions: 'take' } } },
    open: { on: { first: { actions: 'take' }, second: { actions: 'take' } } },
  },
});
const caller = (...words: readonly Signal[]) =>
  setup({
    types: {} as { events: Signal },
    actors: { door },
    actions: { call: enqueueActions(({ enqueue }) => words.forEach((word) => enqueue.sendTo('door', word))) },
  }).createMachine({
    id: 'caller',
    initial: 'on',
    states: { on: { invoke: { src: 'door', id: 'door' }, on: { go: { actions: 'call' } } } },
  });

test.each([
  ['means nothing to it', [{ type: 'first' }, { type: 'second' }], ['second'], 'first'],
  [
    'makes it throw',
    [{ type: 'second', bad: true }, { type: 'second' }, { type: 'first' }],
    ['second', 'first'],
    'second',
  ],
])('what an actor sends to another is taken in its order, when the first of it %s', async (_, words, taken, dead) => {
  for (const of of [(journal: Journal) => journal, stepByStep]) {
    const testProcess = new TestProcess({ journal: of(memory()) });
    const address = await testProcess.start(type(caller(...words)));
    const kid = await testProcess.find('door/');
    await testProcess.signal(address, { type: 'go' });
    await testProcess.advance(1_000);
    expect((await testProcess.row(kid)).context.taken).toEqual(taken);
    expect(testProcess.deadLetters().map(({ message }) => message.type)).toEqual([dead]);
    testProcess.host.abandon();
  }
});

test('an effect that a later step of the same commit gives up is not performed', async () => {
  const performed: string[] = [];
  const work = effect(async (_, { key }) => (performed.push(key), 'ok'));
  const echo = setup({ types: {} as { events: Signal }, actions: { answer: sendParent({ type: 'enough' }) } });
  const asker = setup({
    types: {} as { events: Signal },
    actors: { work, echo: echo.createMachine({ id: 'echo', on: { say: { actions: 'answer' } } }) },
    actions: { tell: sendTo('echo', { type: 'say' }) },
  }).createMachine({
    id: 'asker',
    invoke: { src: 'echo', id: 'echo' },
    initial: 'idle',
    states: {
      idle: { on: { go: 'working' } },
      working: { entry: 'tell', invoke: { src: 'work', id: 'work' }, on: { enough: 'over' } },
      over: {},
    },
  });
  const testProcess = new TestProcess();
  const address = await testProcess.start(type(asker));
  await testProcess.signal(address, { type: 'go' });
  expect((await testProcess.row(address)).state).toBe('over');
  expect(performed).toEqual([]);
  expect(testProcess.host.isIdle('r1')).toBe(true);
  testProcess.host.abandon();
});

test.each([
  ['is stored step by step after all', new TroupeError('invalid', 'too much at once')],
  ['was handled before', new TroupeError('conflict', 'handled before', { data: { duplicate: true, id: 'the same' } })],
])('what %s is no longer said to wait for the journal', async (_, refusal) => {
  const inner = memory();
  const failures: TroupeError[] = [];
  const journal = overrideMethods(inner, {
    commitAll: async (commits) => {
      const failure = failures.shift();
      if (failure) throw failure;
      await inner.commitAll?.(commits);
    },
  });
  const testProcess = new TestProcess({ journal });
  const address = await testProcess.start(type(boss));
  failures.push(new TroupeError('storage', 'away'), refusal);
  void testProcess.signal(address, { type: 'go' }, { id: 'the same' }).catch(() => {});
  await settle();
  expect(testProcess.host.stalls.of('r1')?.failure.message).toContain('away');
  await testProcess.advance(1_000);
  expect(testProcess.host.stalls.of('r1')).toBeUndefined();
  testProcess.host.abandon();
});

test('a child whose address cannot be opened fails, and its run rests', async () => {
  const inner = inProcess();
  const transport = overrideMethods(inner, {
    listen: (address, receive, run) => {
      if (address.startsWith('kid/')) throw new TroupeError('environment', 'nothing can listen there');
      return inner.listen(address, receive, run);
    },
  });
  const testProcess = new TestProcess({ transport });
  const address = await testProcess.start(type(boss));
  expect((await testProcess.row(address)).status).toBe('failed');
  expect(testProcess.host.isIdle('r1')).toBe(true);
  testProcess.host.abandon();
});

test('children of a commit that is refused leave nothing behind', async () => {
  const starter = setup({
    types: {} as { events: Signal },
    actors: { kid: setup({ delays: { long: 5_000 } }).createMachine({ id: 'kid', after: { long: {} } }) },
  }).createMachine({
    id: 'starter',
    initial: 'a',
    states: {
      a: { on: { go: 'b' } },
      b: { invoke: { src: 'kid', id: 'kid' }, on: { go: { target: 'b', reenter: true } } },
    },
  });
  const testProcess = new TestProcess();
  const address = await testProcess.start(type(starter));
  for (let times = 0; times < 5; times++) await testProcess.signal(address, { type: 'go' }, { id: 'the same' });
  const { host } = testProcess;
  expect(host.actorsOf('r1').map((actor) => actor.address)).toHaveLength(2);
  expect([host.isIdle('r1'), host.timers.size]).toEqual([true, 1]);
  await host.park('r1');
  expect([host.owns('r1'), host.actorsOf('r1'), host.timers.size]).toEqual([false, [], 0]);
  await host.resume('r1', type(starter));
  await settle();
  expect(host.actorsOf('r1')).toHaveLength(2);
  host.abandon();
});
