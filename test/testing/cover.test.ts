/** The coverage of a machine: its states, its transitions, and both outcomes of every guard. */
import { expect, test } from 'vitest';
import { and, assign, not, or, setup, stateIn, type AnyEventObject } from 'xstate';
import { machine } from 'troupe';
import { coverage, done, play, testRuntime } from 'troupe/testing';

const said = (...events: AnyEventObject[]) => events;

test('every guard inside and, or and not is covered separately', () => {
  const machine = setup({
    types: {} as { events: { type: 'go'; a: boolean; b: boolean; c: boolean } },
    guards: {
      a: ({ event }) => event.a,
      b: ({ event }) => event.b,
      c: ({ event }) => event.c,
      both: and(['a', 'b']),
    },
  }).createMachine({
    id: 'logic',
    initial: 'off',
    states: {
      off: {
        on: {
          go: [
            { guard: and(['a', or(['b', not('c')])]), target: 'on' },
            { guard: 'both', target: 'on' },
          ],
        },
      },
      on: { type: 'final' },
    },
  });
  const go = (a: boolean, b: boolean, c: boolean) => ({ type: 'go', a, b, c });
  using seen = coverage();
  play(machine, undefined, [go(false, true, true), go(true, true, true)]);
  expect(seen.report().machines).toMatchObject([{ guards: { covered: 4, total: 8 } }]);
  play(machine, undefined, [go(true, false, true), go(true, false, false)]);
  expect(seen.report().missing).toEqual([
    'transition logic.off, go [both] to logic.on was never taken',
    'guard both (logic.off, go to logic.on) never said yes',
  ]);
});

test('transient states, their guards, and events between regions are covered', () => {
  const machine = setup({
    types: {} as { context: { n: number } },
    guards: { isMany: ({ context }) => context.n >= 2, isLit: stateIn({ lamp: 'lit' }) },
    actions: { count: assign({ n: ({ context }) => context.n + 1 }) },
  }).createMachine({
    id: 'house',
    context: { n: 0 },
    type: 'parallel',
    states: {
      door: {
        initial: 'choosing',
        states: {
          choosing: { always: [{ guard: 'isMany', target: 'shut' }, { target: 'open' }] },
          open: { on: { knock: { target: 'choosing', actions: 'count' } } },
          shut: { on: { knock: [{ guard: 'isLit', target: 'open' }, {}] } },
        },
      },
      lamp: { initial: 'dark', states: { dark: { on: { light: 'lit' } }, lit: {} } },
    },
  });
  using seen = coverage();
  const knock = { type: 'knock' };
  play(machine, undefined, [knock, knock, knock]);
  expect(seen.report().missing).toEqual([
    'transition house.door.shut, knock [isLit] to house.door.open was never taken',
    'guard isLit (house.door.shut, knock to house.door.open) never said yes',
    'transition house.lamp.dark, light to house.lamp.lit was never taken',
    'state house.lamp.lit was never entered',
  ]);
  play(machine, undefined, [knock, knock, { type: 'light' }, knock]);
  expect(seen.report().missing).toEqual([]);
});

test('the target of a history state is covered; the history state itself needs no coverage', () => {
  const machine = setup({}).createMachine({
    id: 'work',
    initial: 'busy',
    states: {
      busy: {
        initial: 'first',
        states: { first: { on: { next: 'second' } }, second: { on: { next: 'first' } }, was: { type: 'history' } },
        on: { pause: 'paused' },
      },
      paused: { on: { resume: 'busy.was' } },
    },
  });
  using seen = coverage();
  const story = ['next', 'pause', 'resume', 'next'].map((type) => ({ type }));
  expect(play(machine, undefined, story).at(-1)).toEqual({ busy: 'first' });
  expect(seen.report()).toMatchObject({ missing: [], machines: [{ states: { total: 5 }, strays: 0 }] });
});

test('a runtime is covered like a story, with its children, until recording stops', async () => {
  const kid = setup({}).createMachine({ id: 'kid', initial: 'end', states: { end: { type: 'final' } } });
  const family = machine(
    setup({ actors: { kid } }).createMachine({
      id: 'family',
      initial: 'waiting',
      states: {
        waiting: { invoke: { src: 'kid', id: 'kid', onDone: 'over', onError: 'sad' } },
        over: { type: 'final' },
        sad: { type: 'final' },
      },
    }),
  );
  const seen = coverage();
  const start = async () => {
    await using runtime = await testRuntime();
    const run = await runtime.start(family, null);
    await runtime.settle();
    expect(await run.outcome()).toMatchObject({ status: 'done' });
  };
  await start();
  const { machines, missing } = seen.report();
  expect(machines.map(({ id, steps }) => [id, steps])).toEqual([
    ['family', 2],
    ['kid', 1],
  ]);
  expect(missing).toEqual([
    'transition family.waiting, kid failed to family.sad was never taken',
    'state family.sad was never entered',
  ]);
  seen[Symbol.dispose]();
  await start();
  expect(seen.report().machines).toEqual(machines);
});

test('machines with the same structure share their coverage, whatever their options; another structure does not', () => {
  const made = (limit: number, end: string) =>
    setup({
      types: {} as { context: { n: number } },
      guards: { isEnough: ({ context }) => context.n >= limit },
    }).createMachine({
      id: 'made',
      context: { n: 1 },
      initial: 'on',
      states: { on: { always: { guard: 'isEnough', target: end } }, [end]: { type: 'final' } },
    });
  using seen = coverage();
  for (const limit of [1, 2]) play(made(limit, 'off'), undefined, []);
  expect(seen.report()).toMatchObject({ machines: [{ id: 'made', steps: 2 }], missing: [] });
  play(made(1, 'out'), undefined, []);
  expect(seen.report().machines).toMatchObject([{ steps: 2 }, { steps: 1 }]);
});

test('a guard with two results for the same state is not counted, and is reported', () => {
  let asked = 0;
  const machine = setup({ guards: { isOdd: () => ++asked % 2 === 1 } }).createMachine({
    id: 'moody',
    initial: 'here',
    states: { here: { on: { go: { guard: 'isOdd', target: 'there' } } }, there: {} },
  });
  using seen = coverage();
  play(machine, undefined, [{ type: 'go' }]);
  expect(seen.report().machines).toMatchObject([{ steps: 2, strays: 1, transitions: { covered: 0 } }]);
});

test('a step that throws has the same error with and without coverage', () => {
  const machine = setup({
    types: {} as { context: { n: number } },
    actions: {
      burst: assign(() => {
        throw new Error('burst');
      }),
    },
  }).createMachine({ id: 'bubble', context: { n: 0 }, on: { touch: { actions: 'burst' } } });
  using seen = coverage();
  expect(() => play(machine, undefined, said({ type: 'touch' }, done('x')))).toThrow('burst');
  expect(seen.report().missing).toEqual(['transition bubble, touch, staying was never taken']);
});
