/** What comes while a step is being stored that is refused afterwards: the actor is as it was before, and has missed nothing. */
import { expect, test } from 'vitest';
import { assign, setup } from 'xstate';
import { effect } from '../../actors/effect.ts';
import { memory } from '../../src/journal/memory/memory.ts';
import { overrideMethods } from '../../src/testing/world/intercept.ts';
import type { Signal } from './machines.ts';
import { settle, TestProcess, type } from './testProcess.ts';

/** A journal that answers a commit only after `release`, once `hold` was called. */
function slowJournal() {
  const inner = memory();
  let isHeld = false;
  let waiting: (() => void)[] = [];
  const answered = async () => {
    if (isHeld) await new Promise<void>((resolve) => waiting.push(resolve));
  };
  const journal = overrideMethods(inner, {
    commit: async (commit) => (await answered(), inner.commit(commit)),
    commitAll: async (commits) => (await answered(), inner.commitAll?.(commits)),
  });
  const hold = () => (isHeld = true);
  const release = async () => {
    isHeld = false;
    for (const resolve of waiting.splice(0)) resolve();
    waiting = [];
    await settle();
  };
  return { journal, hold, release };
}

test('a timer that is due while a message is stored that was handled before still fires', async () => {
  const waiter = setup({ types: {} as { events: Signal }, delays: { pause: 1_000 } }).createMachine({
    id: 'waiter',
    initial: 'a',
    states: {
      a: { on: { go: 'b' } },
      b: { after: { pause: 'over' }, on: { go: { target: 'b', reenter: true } } },
      over: { type: 'final' },
    },
  });
  const { journal, hold, release } = slowJournal();
  const testProcess = new TestProcess({ journal });
  const address = await testProcess.start(type(waiter));
  await testProcess.signal(address, { type: 'go' }, { id: 'the same' });
  hold();
  const again = testProcess.signal(address, { type: 'go' }, { id: 'the same' });
  await settle();
  await testProcess.advance(1_500);
  await release();
  await again;
  expect((await testProcess.row(address)).status).toBe('done');
  testProcess.host.abandon();
});

/** Performs an effect, and ends with what it gave; or without it when it is told to go. */
const doer = (perform: () => Promise<string>) =>
  setup({
    types: {} as { context: { told: number; heard: string }; events: Signal },
    actors: { work: effect(perform) },
    guards: { isTold: ({ context }) => context.told === 1 },
    actions: { count: assign({ told: ({ context }) => context.told + 1 }) },
  }).createMachine({
    id: 'doer',
    context: { told: 0, heard: '' },
    initial: 'working',
    states: {
      working: {
        invoke: { src: 'work', id: 'work', onDone: 'over' },
        on: { go: [{ guard: 'isTold', target: 'away' }, { actions: 'count' }] },
      },
      away: { type: 'final' },
      over: { type: 'final' },
    },
  });

test('the result of an effect that comes while an end is stored that is refused is taken', async () => {
  let finish = (_: string) => {};
  const { journal, hold, release } = slowJournal();
  const testProcess = new TestProcess({ journal });
  const address = await testProcess.start(type(doer(() => new Promise((resolve) => (finish = resolve)))));
  await testProcess.signal(address, { type: 'go' }, { id: 'the same' });
  hold();
  const again = testProcess.signal(address, { type: 'go' }, { id: 'the same' });
  await settle();
  finish('ok');
  await settle();
  await release();
  await again;
  expect((await testProcess.row(address)).state).toBe('over');
  testProcess.host.abandon();
});

test('a message that comes while an end is stored that is refused is not told that the actor has ended', async () => {
  const { journal, hold, release } = slowJournal();
  const testProcess = new TestProcess({ journal });
  const address = await testProcess.start(type(doer(() => new Promise(() => {}))));
  await testProcess.signal(address, { type: 'go' }, { id: 'the same' });
  hold();
  const again = testProcess.signal(address, { type: 'go' }, { id: 'the same' });
  await settle();
  const next = testProcess.signal(address, { type: 'go' });
  await settle();
  await release();
  await Promise.all([again, next]);
  expect((await testProcess.row(address)).state).toBe('away');
  testProcess.host.abandon();
});

test('the end of a child that comes while a message is stored that was handled before has its output', async () => {
  const kid = setup({ types: {} as { events: Signal; output: string } }).createMachine({
    id: 'kid',
    initial: 'on',
    states: { on: { on: { end: 'off' } }, off: { type: 'final' } },
    output: 'said',
  });
  const parent = setup({
    types: {} as { context: { told: number; heard: unknown }; events: Signal },
    actors: { kid },
    guards: { isTold: ({ context }) => context.told === 1 },
    actions: {
      count: assign({ told: ({ context }) => context.told + 1 }),
      hear: assign({ heard: ({ event }) => (event as unknown as { output?: string }).output ?? null }),
    },
  }).createMachine({
    id: 'parent',
    context: { told: 0, heard: null },
    initial: 'on',
    states: {
      on: {
        invoke: { src: 'kid', id: 'kid', onDone: { target: 'heard', actions: 'hear' } },
        on: { go: [{ guard: 'isTold', target: 'away' }, { actions: 'count' }] },
      },
      heard: {},
      away: {},
    },
  });
  const { journal, hold, release } = slowJournal();
  const testProcess = new TestProcess({ journal });
  const address = await testProcess.start(type(parent));
  const child = await testProcess.find('kid/');
  await testProcess.signal(address, { type: 'go' }, { id: 'the same' });
  hold();
  const again = testProcess.signal(address, { type: 'go' }, { id: 'the same' });
  await settle();
  const ended = testProcess.transport.send(
    testProcess.envelope(
      address,
      { type: 'xstate.done.actor.kid', key: `${address}/1/0`, output: 'said' },
      { from: child },
    ),
  );
  await settle();
  await release();
  await Promise.all([again, ended]);
  expect((await testProcess.row(address)).context.heard).toBe('said');
  testProcess.host.abandon();
});

test('a child that fails while its parent stores a step that lets it go, and that is refused, is supervised', async () => {
  const kid = setup({
    types: {} as { events: Signal },
    guards: {
      fails: () => {
        throw new Error('planted');
      },
    },
  }).createMachine({ id: 'kid', on: { fail: { guard: 'fails' } } });
  const parent = setup({ types: {} as { events: Signal }, actors: { kid } }).createMachine({
    id: 'parent',
    initial: 'on',
    states: {
      on: { on: { go: 'busy' } },
      busy: { invoke: { src: 'kid', id: 'kid' }, on: { go: { target: 'busy', reenter: true } } },
    },
  });
  const { journal, hold, release } = slowJournal();
  const testProcess = new TestProcess({ journal });
  const address = await testProcess.start(type(parent));
  await testProcess.signal(address, { type: 'go' }, { id: 'the same' });
  const child = await testProcess.find('kid/');
  hold();
  const again = testProcess.signal(address, { type: 'go' }, { id: 'the same' });
  await settle();
  const failing = testProcess.signal(child, { type: 'fail' }).catch(() => {});
  await settle();
  await release();
  await Promise.all([again, failing]);
  const restarted = testProcess.inspections.flatMap((event) => (event.type === 'restarted' ? [event.actor] : []));
  expect(restarted).toEqual([child]);
  testProcess.host.abandon();
});
