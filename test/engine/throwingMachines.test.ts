/** A machine that throws harms only itself: not its process, not its siblings, not its commits. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { assign, raise, setup, spawnChild, type AnyStateMachine } from 'xstate';
import { effect } from '../../actors/effect.ts';
import type { Signal } from './machines.ts';
import { settle, Stage, type } from './testProcess.ts';

const boom = (): never => {
  throw new Error('boom');
};

/** A machine that throws in a chosen place on `go`, and a sibling that continues. */
const clumsy = (what: string, entry = false): AnyStateMachine =>
  setup({
    types: {} as { context: { n: number }; events: Signal },
    actors: {
      work: effect(async () => 1),
      kid: setup({}).createMachine({ id: 'kid', context: () => (what === 'spawn of a child' ? boom() : {}) }),
    },
    guards: { guard: () => (what === 'guard' ? boom() : true) },
    delays: { delay: () => (what === 'delay' ? boom() : 1) },
    actions: {
      action: () => void (what === 'action' && boom()),
      asyncAction: () => (what === 'async action' ? (Promise.reject(new Error('boom')) as unknown as void) : undefined),
      selfSend: ({ self }) => void (what === 'self.send' && self.send({ type: 'go' })),
      assign: assign({ n: () => (what === 'assign' ? boom() : 1) }),
      date: assign({ n: () => (what === 'a Date in the context' ? (new Date(0) as unknown as number) : 1) }),
      params: (_, _params: { x: number }) => {},
      raise: raise(() => (what === 'raise' ? boom() : { type: 'nothing' })),
      spawn: spawnChild('kid', { id: 'kid' }),
      later: raise({ type: 'nothing' }, { id: 'later', delay: 'delay' }),
    },
  }).createMachine({
    id: 'clumsy',
    context: { n: 0 },
    initial: entry ? 'busy' : 'idle',
    states: {
      idle: { on: { go: { guard: 'guard', target: 'busy', actions: ['action', 'asyncAction', 'selfSend'] } } },
      busy: {
        entry: [
          'assign',
          'date',
          'raise',
          { type: 'params', params: () => (what === 'params' ? boom() : { x: 1 }) },
          'spawn',
          'later',
        ],
        invoke: {
          src: 'work',
          id: 'work',
          input: () => (what === 'invoke input' ? boom() : 1),
          onDone: 'finished',
          onError: 'finished',
        },
      },
      finished: { type: 'final' },
    },
    output: () => (what === 'output' ? boom() : 1),
  });

const sibling = setup({ types: {} as { events: Signal } }).createMachine({
  id: 'sibling',
  initial: 'fine',
  states: { fine: { on: { check: 'checked' } }, checked: {} },
});

const family = (what: string, entry = false) =>
  type(
    setup({ actors: { clumsy: clumsy(what, entry), sibling } }).createMachine({
      id: 'family',
      type: 'parallel',
      states: {
        a: {
          initial: 'on',
          states: {
            on: { invoke: { src: 'clumsy', id: 'clumsy', onDone: 'over', onError: 'lost' } },
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

const escaped: unknown[] = [];
const escape = (reason: unknown) => void escaped.push(reason);
beforeEach(() => {
  escaped.length = 0;
  process.on('unhandledRejection', escape).on('uncaughtException', escape);
});
afterEach(() => {
  process.off('unhandledRejection', escape).off('uncaughtException', escape);
  expect(escaped).toEqual([]);
});

test.each(['guard', 'delay', 'assign', 'a Date in the context', 'raise', 'params', 'invoke input'])(
  'a throw in %s fails the message, not the actor',
  async (what) => {
    const stage = new Stage();
    await stage.start(family(what));
    const address = await stage.find('clumsy/');
    await stage.signal(address, { type: 'go' }).catch(() => {});
    expect(await stage.row(address)).toMatchObject({ status: 'active', state: 'idle', context: { n: 0 } });
    expect(stage.dead()).toHaveLength(1);
    expect(await stage.journal.list(address, 'dead')).toMatchObject([
      { type: 'go', from: 'person/ann', failure: { kind: expect.stringMatching(/internal|definition/) as string } },
    ]);
    await stage.signal(await stage.find('sibling/'), { type: 'check' });
    expect((await stage.row(await stage.find('sibling/'))).state).toBe('checked');
  },
);

test.each(['action', 'async action', 'self.send'])(
  'a throw in %s, which runs after the commit, changes nothing and is reported',
  async (what) => {
    const stage = new Stage();
    await stage.start(family(what));
    const address = await stage.find('clumsy/');
    await stage.signal(address, { type: 'go' });
    expect((await stage.row(address)).status).toBe('done');
    expect(stage.seen.filter(({ type }) => type === 'progress')).toMatchObject([
      { actor: address, note: { failure: { message: expect.stringMatching(/boom|self\.send/) as string } } },
    ]);
  },
);

test.each(['assign', 'a Date in the context', 'raise', 'params', 'invoke input', 'delay'])(
  'a throw in the %s of the first state fails the child; its parent handles the error',
  async (what) => {
    const stage = new Stage();
    const root = await stage.start(family(what, true));
    expect((await stage.row(root)).state).toBe('a.lost|b.on');
    expect((await stage.row(await stage.find('clumsy/'))).status).toBe('failed');
  },
);

test('a throw in the context of a grandchild fails the grandchild, and each parent that does not handle the error', async () => {
  const stage = new Stage();
  const root = await stage.start(family('spawn of a child', true));
  expect((await stage.row(await stage.find('kid/'))).status).toBe('failed');
  expect((await stage.row(root)).state).toBe('a.lost|b.on');
});

test('a throw in the output fails the actor, because its parent could not get the output', async () => {
  const stage = new Stage();
  const root = await stage.start(family('output'));
  await stage.signal(await stage.find('clumsy/'), { type: 'go' });
  expect((await stage.row(root)).state).toBe('a.lost|b.on');
});

test('a value in the context that is not JSON is named by its path', async () => {
  const stage = new Stage();
  await stage.start(family('a Date in the context'));
  const sent = stage.signal(await stage.find('clumsy/'), { type: 'go' });
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
  const stage = new Stage();
  const address = await stage.start(type(rounds));
  await expect(stage.signal(address, { type: 'go' })).rejects.toMatchObject({
    kind: 'definition',
    message: expect.stringContaining('"rounds" did not come to rest within 1000 microsteps') as string,
  });
  expect((await stage.row(address)).state).toBe('still');
});

test('a machine that raises its own event endlessly is stopped', async () => {
  const echo = setup({ types: {} as { events: Signal }, actions: { again: raise({ type: 'go' }) } }).createMachine({
    id: 'echo',
    on: { go: { actions: 'again' } },
  });
  const stage = new Stage();
  await expect(stage.signal(await stage.start(type(echo)), { type: 'go' })).rejects.toMatchObject({
    kind: 'definition',
  });
});

test('an observer that throws changes nothing', async () => {
  const stage = new Stage({ observe: boom });
  const address = await stage.start(family(''));
  await settle();
  expect((await stage.row(address)).status).toBe('active');
});
