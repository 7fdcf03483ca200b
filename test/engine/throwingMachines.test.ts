/** A machine that throws harms only itself: not its process, not its siblings, not its commits. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { assign, raise, setup, spawnChild, type AnyStateMachine } from 'xstate';
import { effect } from '../../actors/effect.ts';
import type { Signal } from './machines.ts';
import { settle, TestProcess, type } from './testProcess.ts';

const fail = (): never => {
  throw new Error('boom');
};

/** A machine that throws in a chosen place on `go`, and a sibling that continues. */
const throwing = (what: string, entry = false): AnyStateMachine =>
  setup({
    types: {} as { context: { n: number }; events: Signal },
    actors: {
      work: effect(async () => 1),
      kid: setup({}).createMachine({ id: 'kid', context: () => (what === 'spawn of a child' ? fail() : {}) }),
    },
    guards: { guard: () => (what === 'guard' ? fail() : true) },
    delays: { delay: () => (what === 'delay' ? fail() : 1) },
    actions: {
      action: () => void (what === 'action' && fail()),
      asyncAction: () => (what === 'async action' ? (Promise.reject(new Error('boom')) as unknown as void) : undefined),
      selfSend: ({ self }) => void (what === 'self.send' && self.send({ type: 'go' })),
      assign: assign({ n: () => (what === 'assign' ? fail() : 1) }),
      date: assign({ n: () => (what === 'a Date in the context' ? (new Date(0) as unknown as number) : 1) }),
      params: (_, _params: { x: number }) => {},
      raise: raise(() => (what === 'raise' ? fail() : { type: 'nothing' })),
      spawn: spawnChild('kid', { id: 'kid' }),
      later: raise({ type: 'nothing' }, { id: 'later', delay: 'delay' }),
    },
  }).createMachine({
    id: 'throwing',
    context: { n: 0 },
    initial: entry ? 'busy' : 'idle',
    states: {
      idle: { on: { go: { guard: 'guard', target: 'busy', actions: ['action', 'asyncAction', 'selfSend'] } } },
      busy: {
        entry: [
          'assign',
          'date',
          'raise',
          { type: 'params', params: () => (what === 'params' ? fail() : { x: 1 }) },
          'spawn',
          'later',
        ],
        invoke: {
          src: 'work',
          id: 'work',
          input: () => (what === 'invoke input' ? fail() : 1),
          onDone: 'finished',
          onError: 'finished',
        },
      },
      finished: { type: 'final' },
    },
    output: () => (what === 'output' ? fail() : 1),
  });

const sibling = setup({ types: {} as { events: Signal } }).createMachine({
  id: 'sibling',
  initial: 'fine',
  states: { fine: { on: { check: 'checked' } }, checked: {} },
});

const parentType = (what: string, entry = false) =>
  type(
    setup({ actors: { throwing: throwing(what, entry), sibling } }).createMachine({
      id: 'parent',
      type: 'parallel',
      states: {
        a: {
          initial: 'on',
          states: {
            on: { invoke: { src: 'throwing', id: 'throwing', onDone: 'over', onError: 'lost' } },
            over: {},
            lost: {},
          },
        },
        b: {
          initial: 'on',
          states: {
            on: { invoke: { src: 'sibling', id: 'sibling', onDone: 'over', onError: 'lost' } },
            over: {},
            lost: {},
          },
        },
      },
    }),
  );

const unhandled: unknown[] = [];
const recordUnhandled = (reason: unknown) => void unhandled.push(reason);
beforeEach(() => {
  unhandled.length = 0;
  process.on('unhandledRejection', recordUnhandled).on('uncaughtException', recordUnhandled);
});
afterEach(() => {
  process.off('unhandledRejection', recordUnhandled).off('uncaughtException', recordUnhandled);
  expect(unhandled).toEqual([]);
});

test.each(['guard', 'delay', 'assign', 'a Date in the context', 'raise', 'params', 'invoke input'])(
  'a throw in %s fails the message, not the actor',
  async (what) => {
    const testProcess = new TestProcess();
    await testProcess.start(parentType(what));
    const address = await testProcess.find('throwing/');
    await testProcess.signal(address, { type: 'go' }).catch(() => {});
    expect(await testProcess.row(address)).toMatchObject({ status: 'active', state: 'idle', context: { n: 0 } });
    expect(testProcess.deadLetters()).toHaveLength(1);
    expect(await testProcess.journal.list(address, 'dead')).toMatchObject([
      { type: 'go', from: 'person/ann', failure: { kind: expect.stringMatching(/internal|definition/) as string } },
    ]);
    await testProcess.signal(await testProcess.find('sibling/'), { type: 'check' });
    expect((await testProcess.row(await testProcess.find('sibling/'))).state).toBe('checked');
  },
);

test.each(['action', 'async action', 'self.send'])(
  'a throw in %s, which runs after the commit, changes nothing and is reported',
  async (what) => {
    const testProcess = new TestProcess();
    await testProcess.start(parentType(what));
    const address = await testProcess.find('throwing/');
    await testProcess.signal(address, { type: 'go' });
    expect((await testProcess.row(address)).status).toBe('done');
    expect(testProcess.inspections.filter(({ type }) => type === 'progress')).toMatchObject([
      { actor: address, note: { failure: { message: expect.stringMatching(/boom|self\.send/) as string } } },
    ]);
  },
);

test.each(['assign', 'a Date in the context', 'raise', 'params', 'invoke input', 'delay'])(
  'a throw in the %s of the first state fails the child; its parent handles the error',
  async (what) => {
    const testProcess = new TestProcess();
    const root = await testProcess.start(parentType(what, true));
    expect((await testProcess.row(root)).state).toBe('a.lost|b.on');
    expect((await testProcess.row(await testProcess.find('throwing/'))).status).toBe('failed');
  },
);

test('a throw in the context of a grandchild fails the grandchild, and each parent that does not handle the error', async () => {
  const testProcess = new TestProcess();
  const root = await testProcess.start(parentType('spawn of a child', true));
  expect((await testProcess.row(await testProcess.find('kid/'))).status).toBe('failed');
  expect((await testProcess.row(root)).state).toBe('a.lost|b.on');
});

test('a throw in the output fails the actor, because its parent could not get the output', async () => {
  const testProcess = new TestProcess();
  const root = await testProcess.start(parentType('output'));
  await testProcess.signal(await testProcess.find('throwing/'), { type: 'go' });
  expect((await testProcess.row(root)).state).toBe('a.lost|b.on');
});

test('a value in the context that is not JSON is named by its path', async () => {
  const testProcess = new TestProcess();
  await testProcess.start(parentType('a Date in the context'));
  const sent = testProcess.signal(await testProcess.find('throwing/'), { type: 'go' });
  await expect(sent).rejects.toMatchObject({
    kind: 'definition',
    message: expect.stringContaining('"n" is a Date') as string,
  });
});

test('a machine whose transitions form an endless loop is stopped with an error', async () => {
  const rounds = setup({ types: {} as { events: Signal }, guards: { always: () => true } }).createMachine({
    id: 'rounds',
    initial: 'still',
    states: {
      still: { on: { go: 'a' } },
      a: { always: { guard: 'always', target: 'b' } },
      b: { always: { guard: 'always', target: 'a' } },
    },
  });
  const testProcess = new TestProcess();
  const address = await testProcess.start(type(rounds));
  await expect(testProcess.signal(address, { type: 'go' })).rejects.toMatchObject({
    kind: 'definition',
    message: expect.stringContaining('"rounds" did not come to rest within 1000 microsteps') as string,
  });
  expect((await testProcess.row(address)).state).toBe('still');
});

test('a machine that raises its own event endlessly is stopped', async () => {
  const echo = setup({ types: {} as { events: Signal }, actions: { again: raise({ type: 'go' }) } }).createMachine({
    id: 'echo',
    on: { go: { actions: 'again' } },
  });
  const testProcess = new TestProcess();
  await expect(testProcess.signal(await testProcess.start(type(echo)), { type: 'go' })).rejects.toMatchObject({
    kind: 'definition',
  });
});

test('an observer that throws changes nothing', async () => {
  const testProcess = new TestProcess({ observe: fail });
  const address = await testProcess.start(parentType(''));
  await settle();
  expect((await testProcess.row(address)).status).toBe('active');
});
