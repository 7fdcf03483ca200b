/** The table of docs/xstate.md, row by row. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import {
  and,
  assign,
  cancel,
  emit,
  enqueueActions,
  forwardTo,
  fromCallback,
  fromEventObservable,
  fromObservable,
  fromPromise,
  fromTransition,
  log,
  not,
  or,
  raise,
  sendParent,
  sendTo,
  setup,
  spawnChild,
  stateIn,
  stopChild,
  type AnyActorLogic,
  type AnyActorRef,
  type AnyStateMachine,
} from 'xstate';
import { effect } from '../../actors/effect.ts';
import { slot } from '../../machines/slot.ts';
import type { Json, JsonObject } from '../../src/values/json.ts';
import { TestProcess, type } from './testProcess.ts';

interface Parts {
  actions?: Record<string, unknown>;
  guards?: Record<string, unknown>;
  delays?: Record<string, unknown>;
  actors?: Record<string, unknown>;
}

/** A machine as an untyped caller may write it. */
const machine = (config: object, parts: Parts = {}): AnyStateMachine =>
  setup({ ...parts } as never).createMachine({ id: 'm', ...config } as never) as unknown as AnyStateMachine;

/** Starts the machine, sends it the events, and gives its stored state. */
async function played(
  config: object,
  events: (string | ({ type: string } & JsonObject))[] = [],
  parts: Parts = {},
  testProcess = new TestProcess(),
) {
  const address = await testProcess.start(type(machine(config, parts)));
  for (const event of events) await testProcess.signal(address, typeof event === 'string' ? { type: event } : event);
  return { testProcess, address, ...(await testProcess.row(address)) };
}
const stateOf = async (...args: Parameters<typeof played>) => (await played(...args)).state;
const refused = (config: object, parts: Parts, kind: string, text: string) =>
  expect(() => type(machine(config, parts))).toThrow(
    expect.objectContaining({ kind, message: expect.stringContaining(text) as string }),
  );
const stateAfterRestart = async (config: object, before: string[], after: string[], parts: Parts = {}) => {
  const { testProcess, address } = await played(config, before, parts);
  await testProcess.resume(type(machine(config, parts)));
  for (const event of after) await testProcess.signal(address, { type: event });
  return (await testProcess.row(address)).state;
};

const historyConfig = (history: string) => ({
  initial: 'on',
  states: {
    on: {
      initial: 'a',
      on: { off: 'off' },
      states: {
        a: { on: { b: 'b' } },
        b: { initial: 'c', states: { c: { on: { d: 'd' } }, d: {} } },
        last: { type: 'history', history },
      },
    },
    off: { on: { on: 'on.last' } },
  },
});
const kid = (config: object = {}, parts: Parts = {}) =>
  machine(
    {
      id: 'kid',
      initial: 'on',
      states: { on: { on: { finish: 'over', hear: { actions: 'count' } } }, over: { type: 'final' } },
      context: { received: 0 },
      output: 'said',
      ...config,
    },
    {
      actions: {
        count: assign({ received: ({ context }: { context: { received: number } }) => context.received + 1 }),
      },
      ...parts,
    },
  );
const parentConfig = (on: object = {}, invoke: object = {}) => ({
  initial: 'in',
  states: {
    in: { invoke: { src: 'kid', id: 'kid', onDone: 'done', onError: 'lost', ...invoke }, on },
    done: {},
    lost: {},
  },
  context: { n: 0 },
});
const count = assign({ n: ({ context }: { context: { n: number } }) => context.n + 1 });
const kidCount = assign({ received: ({ context }: { context: { received: number } }) => context.received + 1 });
const kidOf = async (testProcess: TestProcess) => testProcess.row(await testProcess.find('kid/'));
const invoking = (logic: unknown) =>
  [
    {
      initial: 'on',
      states: { on: { invoke: { src: 'work', id: 'work', onDone: 'done', onError: 'lost' } }, done: {}, lost: {} },
    },
    { actors: { work: logic } },
  ] as const;

const rows: Record<string, () => unknown> = {
  'compound states': async () =>
    expect(
      await stateOf({ initial: 'a', states: { a: { initial: 'b', states: { b: { on: { x: 'c' } }, c: {} } } } }, ['x']),
    ).toBe('a.c'),
  'parallel states': async () =>
    expect(
      await stateOf(
        {
          type: 'parallel',
          states: {
            a: { initial: 'x', states: { x: { on: { go: 'y' } }, y: {} } },
            b: { initial: 'x', states: { x: { on: { go: 'y' } }, y: {} } },
          },
        },
        ['go'],
      ),
    ).toBe('a.y|b.y'),
  'final states': async () =>
    expect(
      await played({ initial: 'a', states: { a: { on: { x: 'b' } }, b: { type: 'final' } } }, ['x']),
    ).toMatchObject({ status: 'done', state: 'b' }),
  'shallow history': async () =>
    expect(await stateAfterRestart(historyConfig('shallow'), ['b', 'd', 'off'], ['on'])).toBe('on.b.c'),
  'deep history': async () =>
    expect(await stateAfterRestart(historyConfig('deep'), ['b', 'd', 'off'], ['on'])).toBe('on.b.d'),
  'onDone of a state': async () =>
    expect(
      await stateOf(
        {
          initial: 'a',
          states: {
            a: { initial: 'b', states: { b: { on: { x: 'c' } }, c: { type: 'final' } }, onDone: 'after' },
            after: {},
          },
        },
        ['x'],
      ),
    ).toBe('after'),
  'targets by key, child and id': async () => {
    const config = {
      initial: 'a',
      on: { child: '.b' },
      states: { a: { on: { key: 'b', id: '#deep' } }, b: { initial: 'c', states: { c: {}, d: { id: 'deep' } } } },
    };
    expect(await Promise.all(['key', 'child', 'id'].map((event) => stateOf(config, [event])))).toEqual([
      'b.c',
      'b.c',
      'b.d',
    ]);
  },
  'guarded alternatives': async () =>
    expect(
      await stateOf(
        {
          initial: 'a',
          states: {
            a: { on: { x: [{ guard: 'no', target: 'b' }, { guard: 'yes', target: 'c' }, 'd'] } },
            b: {},
            c: {},
            d: {},
          },
        },
        ['x'],
        { guards: { no: () => false, yes: () => true } },
      ),
    ).toBe('c'),
  reenter: async () =>
    expect(
      (
        await played(
          {
            context: { n: 0 },
            initial: 'a',
            states: { a: { entry: 'count', on: { stay: 'a', again: { target: 'a', reenter: true } } } },
          },
          ['stay', 'again'],
          { actions: { count } },
        )
      ).context,
    ).toEqual({ n: 2 }),
  'wildcard events': async () =>
    expect(await stateOf({ initial: 'a', states: { a: { on: { '*': 'b' } }, b: {} } }, ['whatever'])).toBe('b'),
  'partial wildcards': async () =>
    expect(await stateOf({ initial: 'a', states: { a: { on: { 'mouse.*': 'b' } }, b: {} } }, ['mouse.down.left'])).toBe(
      'b',
    ),
  'forbidden transitions': async () => {
    const { testProcess, address, state } = await played(
      { initial: 'a', on: { x: '.b' }, states: { a: { on: { x: {} } }, b: {} } },
      ['x'],
    );
    expect({ state, commits: testProcess.commits(address).length }).toEqual({ state: 'a', commits: 2 });
  },
  'events that mean nothing': async () =>
    expect(stateOf({ initial: 'a', states: { a: {} } }, ['x'])).rejects.toMatchObject({
      kind: 'unknown_message',
      data: { state: 'a' },
    }),
  always: async () =>
    expect(await stateOf({ initial: 'a', states: { a: { on: { x: 'b' } }, b: { always: 'c' }, c: {} } }, ['x'])).toBe(
      'c',
    ),
  'always in a circle': async () => {
    refused(
      { initial: 'a', states: { a: { always: 'b' }, b: { always: 'a' } } },
      {},
      'definition',
      'state "m.a": its eventless transitions lead back to it',
    );
    refused(
      { initial: 'a', states: { a: { initial: 'in', always: 'b', states: { in: {} } }, b: { always: 'a' } } },
      {},
      'definition',
      'lead back',
    );
    const guards = { yes: () => true };
    await expect(
      stateOf(
        {
          initial: 'a',
          states: {
            a: { on: { x: 'b' } },
            b: { always: { guard: 'yes', target: 'c' } },
            c: { always: { guard: 'yes', target: 'b' } },
          },
        },
        ['x'],
        { guards },
      ),
    ).rejects.toMatchObject({ kind: 'definition', message: expect.stringContaining('1000 microsteps') as string });
  },
  maxIterations: async () => {
    const long = (options: object) => ({
      ...options,
      context: { n: 0 },
      initial: 'a',
      states: {
        a: { on: { x: 'b' } },
        b: {
          always: [
            { guard: 'enough', target: 'c' },
            { actions: 'count', target: 'b', reenter: true },
          ],
        },
        c: {},
      },
    });
    const parts = {
      guards: { enough: ({ context }: { context: { n: number } }) => context.n >= 500 },
      actions: { count },
    };
    expect(await stateOf(long({}), ['x'], parts)).toBe('c');
    await expect(stateOf(long({ options: { maxIterations: 100 } }), ['x'], parts)).rejects.toThrow(
      'within 100 microsteps',
    );
  },
  'initial with actions': async () =>
    expect(
      (
        await played({ context: { n: 0 }, initial: { target: 'a', actions: 'count' }, states: { a: {} } }, [], {
          actions: { count },
        })
      ).context,
    ).toEqual({ n: 1 }),
  'initial beside parallel': () =>
    refused(
      { type: 'parallel', initial: 'a', states: { a: {}, b: {} } },
      {},
      'definition',
      '"initial" beside type "parallel"',
    ),
  route: () =>
    refused({ initial: 'a', states: { a: { id: 'a', route: {} } } }, {}, 'unsupported', 'route is not supported'),
  'entry and exit': async () => {
    const say = assign({
      words: ({ context }: { context: { words: string[] } }, params: { word: string }) => [
        ...context.words,
        params.word,
      ],
    });
    const word = (what: string) => ({ type: 'say', params: { word: what } });
    const config = {
      context: { words: [] },
      initial: 'a',
      states: {
        a: { entry: word('in a'), exit: word('out of a'), on: { x: { target: 'b', actions: word('on the way') } } },
        b: { entry: word('in b'), initial: 'c', states: { c: { entry: word('in c') } } },
      },
    };
    expect((await played(config, ['x'], { actions: { say } })).context).toEqual({
      words: ['in a', 'out of a', 'on the way', 'in b', 'in c'],
    });
  },
  tags: async () => {
    const { testProcess } = await played({ initial: 'a', states: { a: { tags: ['busy', 'new'] } } });
    expect((await testProcess.journal.find({ tag: 'busy' }))[0]!.tags).toEqual(['busy', 'new']);
  },
  'meta and description': () =>
    expect(
      type(machine({ initial: 'a', states: { a: { meta: { icon: 'x' }, description: 'the first' } } })).chart.machine
        .states.a,
    ).toMatchObject({ meta: { icon: 'x' }, description: 'the first' }),
  output: async () => {
    expect(await played({ initial: 'a', states: { a: { type: 'final' } }, output: () => ({ n: 1 }) })).toMatchObject({
      status: 'done',
      output: { n: 1 },
    });
    expect(
      await played({ initial: 'a', states: { a: { type: 'final' } }, output: () => ({ when: new Date(0) }) }),
    ).toMatchObject({ status: 'failed', failure: { message: expect.stringContaining('"when" is a Date') as string } });
  },
  input: async () => {
    const testProcess = new TestProcess();
    const address = await testProcess.start(type(machine({ context: ({ input }: { input: Json }) => ({ input }) })), {
      deep: [1],
    });
    expect((await testProcess.row(address)).context).toEqual({ input: { deep: [1] } });
  },

  after: async () => {
    const config = { initial: 'a', states: { a: { after: { 1000: 'b' } }, b: {} } };
    const { testProcess, address } = await played(config);
    await testProcess.advance(600);
    await testProcess.resume(type(machine(config)));
    await testProcess.advance(400);
    expect((await testProcess.row(address)).state).toBe('b');
  },
  'named delays': async () => {
    const { testProcess, address } = await played(
      { context: { n: 3 }, initial: 'a', states: { a: { after: { soon: 'b' } }, b: {} } },
      [],
      { delays: { soon: ({ context }: { context: { n: number } }) => context.n * 100 } },
    );
    await testProcess.advance(299);
    expect((await testProcess.row(address)).state).toBe('a');
    await testProcess.advance(1);
    expect((await testProcess.row(address)).state).toBe('b');
  },
  'delays that are not declared': () => {
    refused(
      { initial: 'a', states: { a: { after: { soon: 'b' } }, b: {} } },
      {},
      'definition',
      'the delay "soon" is not declared',
    );
    refused(
      { entry: raise({ type: 'x' }, { delay: 'soon' } as never) },
      {},
      'definition',
      'the delay "soon" is not declared',
    );
    refused(
      { entry: 'later' },
      { actions: { later: sendTo('kid', { type: 'x' }, { delay: 'soon' } as never) } },
      'definition',
      'action "later": the delay "soon" is not declared',
    );
  },
  'delays that are no time': async () =>
    expect(
      await played({ initial: 'a', states: { a: { after: { never: 'b' } }, b: {} } }, [], { delays: { never: NaN } }),
    ).toMatchObject({ status: 'failed', failure: { kind: 'definition' } }),
  'raise with a delay': async () => {
    const { testProcess, address } = await played(
      { initial: 'a', states: { a: { on: { x: { actions: 'later' }, rung: 'b' } }, b: {} } },
      ['x'],
      { actions: { later: raise({ type: 'rung' }, { delay: 100, id: 'l' }) } },
    );
    await testProcess.advance(60);
    await testProcess.signal(address, { type: 'x' });
    await testProcess.advance(60);
    expect((await testProcess.row(address)).state).toBe('a');
    await testProcess.advance(40);
    expect((await testProcess.row(address)).state).toBe('b');
  },
  'sendTo with a delay': async () => {
    const { testProcess } = await played(parentConfig({ x: { actions: 'later' } }), ['x'], {
      actors: { kid: kid() },
      actions: { later: sendTo('kid', { type: 'hear' }, { delay: 100 }) },
    });
    await testProcess.advance(99);
    expect((await kidOf(testProcess)).context).toEqual({ received: 0 });
    await testProcess.advance(1);
    expect((await kidOf(testProcess)).context).toEqual({ received: 1 });
  },
  cancel: async () => {
    const actions = { later: raise({ type: 'rung' }, { delay: 100, id: 'l' }), never: cancel('l') };
    const { testProcess, address } = await played(
      { initial: 'a', states: { a: { on: { x: { actions: 'later' }, y: { actions: 'never' }, rung: 'b' } }, b: {} } },
      ['x', 'y'],
      { actions },
    );
    await testProcess.advance(200);
    expect((await testProcess.row(address)).state).toBe('a');
  },

  'invoke of a machine': async () => {
    const { testProcess, address } = await played(parentConfig(), [], { actors: { kid: kid() } });
    const child = await testProcess.find('kid/');
    await testProcess.signal(child, { type: 'finish' });
    expect([(await testProcess.row(child)).status, (await testProcess.row(address)).state]).toEqual(['done', 'done']);
  },
  'invoke of an effect': async () =>
    expect(await stateOf(invoking(effect(async () => 1))[0], [], invoking(effect(async () => 1))[1])).toBe('done'),
  'output of an effect': async () => {
    for (const [output, state] of [
      [{ at: new Date(0) }, 'lost'],
      [[undefined], 'lost'],
      [{ at: undefined }, 'done'],
    ] as const) {
      const [config, parts] = invoking(effect(async () => output));
      expect(await stateOf(config, [], parts)).toBe(state);
    }
  },
  fromPromise: async () => {
    const [config, parts] = invoking(fromPromise(async () => 1));
    expect(await stateOf(config, [], parts)).toBe('done');
    const [other, broken] = invoking(fromPromise(() => Promise.reject(new Error('no'))));
    expect(await stateOf(other, [], broken)).toBe('lost');
  },
  'invoke without onError': async () => {
    const config = { initial: 'on', states: { on: { invoke: { src: 'work', id: 'work' } } } };
    expect(await played(config, [], { actors: { work: effect(() => Promise.reject(new Error('no'))) } })).toMatchObject(
      { status: 'failed', failure: { message: 'Error: no' } },
    );
  },
  'invoke without a name': () =>
    refused(
      { invoke: { src: fromPromise(async () => 1), id: 'work' } },
      {},
      'definition',
      'what "work" invokes has no name',
    ),
  'empty slots': () =>
    refused(
      { invoke: { src: 'work', id: 'work' } },
      { actors: { work: slot('work') } },
      'definition',
      'the slot "work" is empty',
    ),
  spawnChild: async () => {
    const { testProcess } = await played({ on: { x: { actions: 'spawn' } } }, ['x'], {
      actors: { kid: kid() },
      actions: { spawn: spawnChild('kid', { id: 'one' }) },
    });
    expect((await kidOf(testProcess)).status).toBe('active');
  },
  'spawnChild without an id': async () => {
    refused(
      { entry: 'spawn' },
      { actors: { kid: kid() }, actions: { spawn: spawnChild('kid') } },
      'definition',
      'spawns "kid" without an id',
    );
    const hidden = { spawn: enqueueActions(({ enqueue }) => enqueue.spawnChild('kid' as never)) };
    await expect(
      played({ on: { x: { actions: 'spawn' } } }, ['x'], { actors: { kid: kid() }, actions: hidden }),
    ).rejects.toMatchObject({ kind: 'unsupported', message: expect.stringContaining('without an id') as string });
  },
  'spawnChild of inline logic': async () => {
    refused(
      { entry: spawnChild(kid() as never, { id: 'one' } as never) },
      {},
      'definition',
      'what it spawns has no name',
    );
    const hidden = {
      spawn: enqueueActions(({ enqueue }) => enqueue.spawnChild(kid() as never, { id: 'one' } as never)),
    };
    await expect(played({ on: { x: { actions: 'spawn' } } }, ['x'], { actions: hidden })).rejects.toMatchObject({
      kind: 'unsupported',
    });
  },
  'spawn in assign': async () => {
    const spawning = (options: object) => ({
      spawn: assign({
        ref: ({ spawn }: { spawn: (src: string, options: object) => unknown }) => spawn('kid', options),
      } as never),
    });
    const config = { context: { ref: null }, on: { x: { actions: 'spawn' } } };
    const { testProcess } = await played(config, ['x'], { actors: { kid: kid() }, actions: spawning({ id: 'one' }) });
    expect((await kidOf(testProcess)).status).toBe('active');
    await expect(played(config, ['x'], { actors: { kid: kid() }, actions: spawning({}) })).rejects.toMatchObject({
      kind: 'unsupported',
      message: expect.stringContaining('without an id') as string,
    });
    await expect(
      played(config, ['x'], { actors: { kid: kid() }, actions: spawning({ id: 'one', systemId: 's' }) }),
    ).rejects.toMatchObject({ kind: 'unsupported', message: expect.stringContaining('systemId') as string });
  },
  stopChild: async () => {
    const { testProcess } = await played(parentConfig({ x: { actions: 'stop' } }), ['x'], {
      actors: { kid: kid() },
      actions: { stop: stopChild('kid') },
    });
    expect((await kidOf(testProcess)).status).toBe('stopped');
  },
  "a parent's end": async () => {
    const { testProcess } = await played(
      {
        invoke: ['a', 'b', 'c'].map((id) => ({ src: 'kid', id })),
        initial: 'on',
        states: { on: { on: { x: 'off' } }, off: { type: 'final' } },
      },
      ['x'],
      { actors: { kid: kid() } },
    );
    expect(
      testProcess
        .commits('kid/')
        .filter(({ status }) => status === 'stopped')
        .map(({ actor }) => actor.split('.')[1]!.slice(0, 1)),
    ).toEqual(['c', 'b', 'a']);
  },
  'stopChild by reference': async () => {
    const config = {
      context: ({ spawn }: { spawn: (src: string, options: object) => unknown }) => ({
        ref: spawn('kid', { id: 'one' }),
      }),
      on: { x: { actions: 'stop' } },
    };
    const stop = stopChild(({ context }: { context: { ref: AnyActorRef } }) => context.ref);
    const parts = { actors: { kid: kid() }, actions: { stop } };
    const { testProcess, address } = await played(config, [], parts);
    await testProcess.resume(type(machine(config, parts)));
    await testProcess.signal(address, { type: 'x' });
    expect((await kidOf(testProcess)).status).toBe('stopped');
  },
  'references in events': async () => {
    const calling = kid(
      { entry: 'call', on: { answer: { actions: 'count' } } },
      {
        actions: {
          call: sendParent(({ self }: { self: AnyActorRef }) => ({ type: 'called', by: [{ who: self }] })),
          count: kidCount,
        },
      },
    );
    const answer = sendTo(
      (({ event }: { event: { by: [{ who: AnyActorRef }] } }) => event.by[0].who) as never,
      {
        type: 'answer',
      } as never,
    );
    const { testProcess } = await played(parentConfig({ called: { actions: 'answer' } }), [], {
      actors: { kid: calling },
      actions: { answer },
    });
    expect((await kidOf(testProcess)).context).toEqual({ received: 1 });
    const [called] = testProcess.commits('m/').filter(({ event }) => event.type === 'called');
    expect(called!.event.body).toEqual({
      type: 'called',
      by: [{ who: { id: '#self', address: await testProcess.find('kid/') } }],
    });
  },
  'references in delayed events': async () => {
    const call = raise(({ self }: { self: AnyActorRef }) => ({ type: 'y', who: self }), { delay: 10 });
    const go = sendTo((({ event }: { event: { who: AnyActorRef } }) => event.who) as never, { type: 'z' } as never);
    const config = {
      initial: 'a',
      states: { a: { on: { x: { actions: 'call' }, y: { actions: 'go' }, z: 'b' } }, b: {} },
    };
    const { testProcess, address } = await played(config, ['x'], { actions: { call, go } });
    await testProcess.resume(type(machine(config, { actions: { call, go } })));
    await testProcess.advance(10);
    expect((await testProcess.row(address)).state).toBe('b');
  },
  'references in input': async () => {
    const calling = kid(
      { context: ({ input }: { input: object }) => ({ received: 0, ...input }), entry: 'call' },
      {
        actions: {
          call: sendTo(({ context }: { context: { boss: AnyActorRef } }) => context.boss, { type: 'called' }),
          count: kidCount,
        },
      },
    );
    const input = ({ self }: { self: AnyActorRef }) => ({ boss: self });
    expect(await stateOf(parentConfig({ called: 'done' }, { input }), [], { actors: { kid: calling } })).toBe('done');
    const spawn = spawnChild('kid' as never, { id: 'kid', input } as never);
    const config = { initial: 'in', states: { in: { on: { called: 'done' } }, done: {} }, entry: 'spawn' };
    expect(await stateOf(config, [], { actors: { kid: calling }, actions: { spawn } })).toBe('done');
  },
  'references in output': async () => {
    const ended = await played({
      initial: 'over',
      states: { over: { type: 'final' } },
      output: ({ self }: { self: AnyActorRef }) => ({ who: self }),
    });
    expect(ended).toMatchObject({ status: 'done', output: { who: { address: 'm/r1' } } });
  },
  'references in the context': async () => {
    const config = {
      context: ({ self, spawn }: { self: AnyActorRef; spawn: (src: string, options: object) => unknown }) => ({
        me: self,
        kid: spawn('kid', { id: 'one' }),
      }),
      initial: 'a',
      states: { a: { on: { x: { actions: ['me', 'kid'] }, y: 'b' } }, b: {} },
    };
    const parts = {
      actors: { kid: kid() },
      actions: {
        me: sendTo(({ context }: { context: { me: AnyActorRef } }) => context.me, { type: 'y' }),
        kid: sendTo(({ context }: { context: { kid: AnyActorRef } }) => context.kid, { type: 'hear' }),
      },
    };
    const { testProcess, address } = await played(config, [], parts);
    await testProcess.resume(type(machine(config, parts)));
    await testProcess.signal(address, { type: 'x' });
    expect((await testProcess.row(address)).state).toBe('b');
    expect((await kidOf(testProcess)).context).toEqual({ received: 1 });
  },
  'sendTo an address': async () => {
    const tell = sendTo(() => ({ address: 'm/r1' }) as never, { type: 'y' } as never);
    const config = { initial: 'a', states: { a: { on: { x: { actions: 'tell' }, y: 'b' } }, b: {} } };
    expect(await stateOf(config, ['x'], { actions: { tell } })).toBe('b');
  },
  'sendTo a child that ends with the step': async () => {
    const { testProcess } = await played(
      {
        initial: 'in',
        states: { in: { invoke: { src: 'kid', id: 'kid', onError: 'out' }, exit: 'tell', on: { x: 'out' } }, out: {} },
      },
      ['x'],
      { actors: { kid: kid() }, actions: { tell: sendTo('kid', { type: 'hear' }) } },
    );
    expect(await kidOf(testProcess)).toMatchObject({ status: 'stopped', context: { received: 0 } });
    expect(testProcess.deadLetters()).toMatchObject([{ message: { type: 'hear' } }]);
  },
  'system.get': async () => {
    const tell = sendTo(({ system }: { system: { get(id: string): AnyActorRef } }) => system.get('boss'), {
      type: 'y',
    });
    await expect(played({ on: { x: { actions: 'tell' } } }, ['x'], { actions: { tell } })).rejects.toMatchObject({
      kind: 'unsupported',
      message: expect.stringContaining('system.get()') as string,
    });
  },
  'self.getSnapshot': async () => {
    const keep = assign({ n: ({ self }: { self: AnyActorRef }) => self.getSnapshot() as number });
    await expect(
      played({ context: { n: 0 }, on: { x: { actions: 'keep' } } }, ['x'], { actions: { keep } }),
    ).rejects.toMatchObject({ kind: 'unsupported', message: expect.stringContaining('getSnapshot()') as string });
  },
  'sendTo a child': async () => {
    const { testProcess } = await played(parentConfig({ x: { actions: 'tell' } }), ['x'], {
      actors: { kid: kid() },
      actions: { tell: sendTo('kid', { type: 'hear' }) },
    });
    expect((await kidOf(testProcess)).context).toEqual({ received: 1 });
  },
  'sendTo a child spawned by the same step': async () => {
    const { testProcess } = await played(
      {
        ...parentConfig(),
        entry: [],
        initial: 'out',
        states: { out: { on: { x: 'in' } }, in: { entry: 'tell', invoke: { src: 'kid', id: 'kid', onError: 'out' } } },
      },
      ['x'],
      { actors: { kid: kid() }, actions: { tell: sendTo('kid', { type: 'hear' }) } },
    );
    expect((await kidOf(testProcess)).context).toEqual({ received: 1 });
  },
  sendParent: async () => {
    const calling = kid({ entry: 'call' }, { actions: { call: sendParent({ type: 'called' }), count } });
    expect(await stateOf(parentConfig({ called: 'done' }), [], { actors: { kid: calling } })).toBe('done');
  },
  'sendTo oneself': async () =>
    expect(
      await stateOf({ initial: 'a', states: { a: { on: { x: { actions: 'tell' }, y: 'b' } }, b: {} } }, ['x'], {
        actions: { tell: sendTo(({ self }) => self, { type: 'y' }) },
      }),
    ).toBe('b'),
  forwardTo: async () => {
    const { testProcess } = await played(parentConfig({ hear: { actions: 'pass' } }), ['hear'], {
      actors: { kid: kid() },
      actions: { pass: forwardTo('kid') },
    });
    expect((await kidOf(testProcess)).context).toEqual({ received: 1 });
  },
  'sendTo an effect': async () => {
    const [{ states, ...config }, parts] = invoking(effect(() => new Promise<Json>(() => {})));
    const { testProcess } = await played({ ...config, states, on: { x: { actions: 'tell' } } }, ['x'], {
      ...parts,
      actions: { tell: sendTo('work', { type: 'hello' }) },
    });
    expect(testProcess.deadLetters()).toMatchObject([
      { message: { type: 'hello' }, failure: { kind: 'unknown_recipient' } },
    ]);
  },
  emit: async () => {
    const testProcess = new TestProcess();
    const received: unknown[] = [];
    testProcess.transport.subscribe('m.r1.news', ({ body }) => received.push(body));
    await played(
      { on: { x: { actions: 'tell' } } },
      ['x'],
      { actions: { tell: emit({ type: 'news', n: 1 } as never) } },
      testProcess,
    );
    expect(received).toEqual([{ type: 'news', n: 1 }]);
  },
  systemId: async () => {
    refused(
      { invoke: { src: 'kid', id: 'kid', systemId: 'boss' } },
      { actors: { kid: kid() } },
      'unsupported',
      'systemId ("boss") is not supported',
    );
    refused(
      { entry: 'spawn' },
      { actors: { kid: kid() }, actions: { spawn: spawnChild('kid', { id: 'a', systemId: 'boss' } as never) } },
      'unsupported',
      'systemId ("boss") is not supported',
    );
    const hidden = {
      spawn: enqueueActions(({ enqueue }) =>
        enqueue.spawnChild('kid' as never, { id: 'a', systemId: 'boss' } as never),
      ),
    };
    await expect(
      played({ on: { x: { actions: 'spawn' } } }, ['x'], { actors: { kid: kid() }, actions: hidden }),
    ).rejects.toMatchObject({ kind: 'unsupported', message: expect.stringContaining('systemId') as string });
  },
  onSnapshot: () =>
    refused(
      { invoke: { src: 'kid', id: 'kid', onSnapshot: {} } },
      { actors: { kid: kid() } },
      'unsupported',
      'onSnapshot of "kid" is not supported',
    ),
  syncSnapshot: () =>
    refused(
      { entry: 'spawn' },
      { actors: { kid: kid() }, actions: { spawn: spawnChild('kid', { id: 'a', syncSnapshot: true } as never) } },
      'unsupported',
      'syncSnapshot is not supported',
    ),
  fromCallback: () =>
    refused(...invoking(fromCallback(() => {})), 'unsupported', 'the actor "work" is made with fromCallback'),
  fromObservable: () =>
    refused(
      ...invoking(fromObservable(() => ({}) as never)),
      'unsupported',
      'the actor "work" is made with fromObservable',
    ),
  fromEventObservable: () =>
    refused(
      ...invoking(fromEventObservable(() => ({}) as never)),
      'unsupported',
      'the actor "work" is made with fromEventObservable',
    ),
  fromTransition: () =>
    refused(
      ...invoking(fromTransition((state: number) => state, 0)),
      'unsupported',
      'the actor "work" is made with fromTransition',
    ),

  assign: async () =>
    expect(
      (
        await played({ context: { n: 0, kept: 'x' }, on: { x: { actions: 'count' } } }, ['x', 'x'], {
          actions: { count },
        })
      ).context,
    ).toEqual({ n: 2, kept: 'x' }),
  raise: async () =>
    expect(
      await stateOf({ initial: 'a', states: { a: { on: { x: { actions: 'go' }, y: 'b' } }, b: {} } }, ['x'], {
        actions: { go: raise({ type: 'y' }) },
      }),
    ).toBe('b'),
  enqueueActions: async () => {
    const go = enqueueActions(({ enqueue, check }) => {
      if (check('yes' as never)) enqueue.assign({ n: 5 } as never);
      enqueue.raise({ type: 'y' } as never);
    });
    expect(
      await played(
        { context: { n: 0 }, initial: 'a', states: { a: { on: { x: { actions: 'go' }, y: 'b' } }, b: {} } },
        ['x'],
        { actions: { go }, guards: { yes: () => true } },
      ),
    ).toMatchObject({ state: 'b', context: { n: 5 } });
  },
  log: async () => {
    const { testProcess } = await played({ on: { x: { actions: 'say' } } }, ['x'], {
      actions: { say: log('hello', 'greeting') },
    });
    expect(testProcess.inspections).toContainEqual(
      expect.objectContaining({ type: 'progress', key: 'log', note: { label: 'greeting', value: 'hello' } }),
    );
  },
  'named actions': async () => {
    const testProcess = new TestProcess();
    const seen: number[] = [];
    const { address } = await played(
      { on: { x: { actions: 'act' } } },
      ['x'],
      { actions: { act: () => void seen.push(testProcess.commits('m/').length) } },
      testProcess,
    );
    await testProcess.resume(
      type(machine({ on: { x: { actions: 'act' } } }, { actions: { act: () => void seen.push(-1) } })),
    );
    expect({ address, seen }).toEqual({ address: 'm/r1', seen: [2] });

    const broken = new TestProcess();
    const throws = () => {
      throw new Error('no printer');
    };
    expect((await played({ on: { x: { actions: 'act' } } }, ['x'], { actions: { act: throws } }, broken)).status).toBe(
      'active',
    );
    expect(broken.inspections).toContainEqual(
      expect.objectContaining({
        type: 'progress',
        note: expect.objectContaining({
          type: 'warning',
          message: expect.stringContaining('no printer') as string,
        }) as unknown,
      }),
    );
  },
  'action params': async () => {
    const got: unknown[] = [];
    await played(
      { on: { x: { actions: { type: 'act', params: ({ event }: { event: { n: number } }) => ({ n: event.n }) } } } },
      [{ type: 'x', n: 7 }],
      { actions: { act: (_: unknown, params: unknown) => void got.push(params) } },
    );
    expect(got).toEqual([{ n: 7 }]);
  },
  'inline actions': () => refused({ entry: () => {} }, {}, 'definition', 'an action has no name'),
  'actions that are not declared': async () => {
    refused(
      { initial: { target: 'a', actions: 'lost' }, states: { a: {} } },
      {},
      'definition',
      'the action "lost" is not declared',
    );
    const hidden = { go: enqueueActions(({ enqueue }) => enqueue({ type: 'lost' } as never)) };
    await expect(played({ on: { x: { actions: 'go' } } }, ['x'], { actions: hidden })).rejects.toMatchObject({
      kind: 'definition',
      message: expect.stringContaining('"lost", which is not declared') as string,
    });
  },
  'self.send in an action': async () => {
    const { testProcess, state } = await played(
      { initial: 'a', states: { a: { on: { x: { actions: 'act' }, y: 'b' } }, b: {} } },
      ['x'],
      { actions: { act: ({ self }: { self: { send(event: object): void } }) => self.send({ type: 'y' }) } },
    );
    expect(state).toBe('a');
    expect(testProcess.inspections).toContainEqual(
      expect.objectContaining({
        type: 'progress',
        note: expect.objectContaining({
          failure: expect.objectContaining({ kind: 'unsupported' }) as unknown,
        }) as unknown,
      }),
    );
  },
  'named guards': async () => {
    const config = {
      initial: 'a',
      states: { a: { on: { x: { guard: { type: 'atLeast', params: { n: 3 } }, target: 'b' } } }, b: {} },
    };
    const guards = { atLeast: ({ event }: { event: { n: number } }, params: { n: number }) => event.n >= params.n };
    await expect(stateOf(config, [{ type: 'x', n: 2 }], { guards })).rejects.toMatchObject({ kind: 'unknown_message' });
    expect(await stateOf(config, [{ type: 'x', n: 3 }], { guards })).toBe('b');
  },
  'and, or, not': async () => {
    const guards = { yes: () => true, no: () => false, both: and(['yes', not('no')] as never) };
    expect(
      await stateOf(
        {
          initial: 'a',
          states: {
            a: { on: { x: { guard: and([or(['no', 'yes']), not('no'), 'both'] as never), target: 'b' } } },
            b: {},
          },
        },
        ['x'],
        { guards },
      ),
    ).toBe('b');
    refused(
      { on: { x: { guard: and(['yes', not('lost')] as never), target: undefined } } },
      { guards },
      'definition',
      'the guard "lost" is not declared',
    );
    refused(
      {},
      { guards: { bad: or(['lost'] as never) } },
      'definition',
      'guard "bad": the guard "lost" is not declared',
    );
  },
  stateIn: async () =>
    expect(
      await stateOf(
        {
          type: 'parallel',
          states: {
            a: { initial: 'x', states: { x: { on: { go: { guard: stateIn({ b: 'x' }), target: 'y' } } }, y: {} } },
            b: { initial: 'x', states: { x: {} } },
          },
        },
        ['go'],
      ),
    ).toBe('a.y|b.x'),
  'inline guards': () =>
    refused({ on: { x: { guard: () => true, target: undefined } } }, {}, 'definition', 'a guard has no name'),
  'guards that are not declared': () =>
    refused(
      { initial: 'a', states: { a: { on: { x: { guard: 'lost', target: 'b' } } }, b: {} } },
      {},
      'definition',
      'state "m.a": the guard "lost" is not declared',
    ),
  'a throw in a step': async () => {
    const bad = assign(() => {
      throw new Error('broken');
    });
    const { testProcess, address } = await played(
      { initial: 'a', states: { a: { on: { x: { actions: 'bad', target: 'b' }, y: 'b' } }, b: {} } },
      [],
      { actions: { bad } },
    );
    await expect(testProcess.signal(address, { type: 'x' })).rejects.toMatchObject({ kind: 'internal' });
    await testProcess.signal(address, { type: 'y' });
    expect((await testProcess.row(address)).state).toBe('b');
  },
  'context that is not JSON': async () => {
    for (const [value, text] of [
      [new Date(0), 'is a Date'],
      [new Map(), 'is a Map'],
      [NaN, 'is NaN'],
      [() => {}, 'is a function'],
      [[undefined], 'is undefined'],
    ] as const) {
      const keep = assign({ list: () => [{ deep: value }] });
      await expect(
        played({ context: { list: [] }, on: { x: { actions: 'keep' } } }, ['x'], { actions: { keep } }),
      ).rejects.toMatchObject({
        kind: 'definition',
        message: expect.stringMatching(`"list\\[0\\]\\.deep.*" ${text}`) as string,
      });
    }
  },
  'context made from input': async () =>
    expect((await played({ context: ({ input }: { input: Json }) => ({ input, n: 1 }) })).context).toEqual({
      input: null,
      n: 1,
    }),

  provide: async () => {
    const base = machine(invoking(slot('work'))[0], { actors: { work: slot('work') } });
    const testProcess = new TestProcess();
    const address = await testProcess.start(
      type(base.provide({ actors: { work: effect(async () => 1) as AnyActorLogic } })),
    );
    expect((await testProcess.row(address)).state).toBe('done');
  },
  'persisted snapshots': async () => {
    const { testProcess, address } = await played({ initial: 'a', states: { a: {} } });
    expect((await testProcess.journal.load(address))!.snapshot).toMatchObject({
      format: 1,
      machine: 'm',
      hash: expect.stringMatching(/^[0-9a-f]{16}$/) as string,
      state: { value: 'a', status: 'active' },
    });
  },
  inspection: async () => {
    const { testProcess, address } = await played(
      { initial: 'a', states: { a: { on: { x: 'b' } }, b: { always: 'c' }, c: {} } },
      ['x'],
    );
    expect(testProcess.inspections.filter(({ type: kind }) => kind === 'commit')).toMatchObject([
      { actor: address, state: 'a' },
      { state: 'c', event: { type: 'x', from: 'person/ann' } },
    ]);
  },
};

test.each(Object.entries(rows))('%s', async (_, row) => {
  await row();
});

test('every row of the table has its test, and every test its row', () => {
  const table = readFileSync(new URL('../../docs/xstate.md', import.meta.url), 'utf8');
  const named = [...table.matchAll(/^\| ([^|]+?) \| (supported|differs|refused) \|/gm)].map(([, name]) => name!);
  expect(named.sort()).toEqual(Object.keys(rows).sort());
});
