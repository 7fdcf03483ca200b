/** Supervision: which siblings are restarted with a failed child, how a child is restarted, and when its parent fails. */
import { expect, test } from 'vitest';
import { assign, setup } from 'xstate';
import type { Supervision } from '../../src/core/actorType.ts';
import { Supervisor } from '../../src/core/supervisor.ts';
import type { Signal } from './machines.ts';
import { engineActions } from '../../machines/slot.ts';
import { settle, TestProcess, type } from './testProcess.ts';

const kid = setup({
  types: {} as { context: { n: number }; events: Signal },
  actions: {
    count: assign({ n: ({ context }) => context.n + 1 }),
    break: assign(() => {
      throw new Error('broken on purpose');
    }),
  },
}).createMachine({ id: 'kid', context: { n: 0 }, on: { count: { actions: 'count' }, break: { actions: 'break' } } });

const threeChildren = (supervise: Partial<Supervision>) =>
  type(
    setup({ actors: { kid } }).createMachine({
      id: 'trio',
      initial: 'together',
      states: {
        together: {
          invoke: ['one', 'two', 'three'].map((id) => ({ src: 'kid' as const, id, onError: 'apart', onDone: 'apart' })),
        },
        apart: {},
      },
    }),
    { supervise },
  );

/** Sends one event to each child, breaks the second one so many times, and gives the count of each since it started. */
async function afterBreaking(supervise: Partial<Supervision>, times = 1) {
  const testProcess = new TestProcess();
  const root = await testProcess.start(threeChildren(supervise));
  const kids = await Promise.all(['one', 'two', 'three'].map((id) => testProcess.find(`kid/r1.${id}-`)));
  for (const address of kids) await testProcess.signal(address, { type: 'count' });
  for (let time = 0; time < times; time++) await testProcess.signal(kids[1]!, { type: 'break' }).catch(() => {});
  return {
    testProcess,
    root: await testProcess.row(root),
    counts: await Promise.all(kids.map(async (address) => (await testProcess.row(address)).context.n)),
    kids,
  };
}

test.each([
  ['one-for-one', [1, 0, 1]],
  ['one-for-all', [0, 0, 0]],
  ['rest-for-one', [1, 0, 0]],
] as const)('%s, restart: fresh', async (strategy, counts) => {
  const broken = await afterBreaking({ strategy, restart: 'fresh' });
  expect(broken.counts).toEqual(counts);
  expect(broken.root.state).toBe('together');
  expect(broken.testProcess.inspections.filter(({ type }) => type === 'restarted')).toHaveLength(
    counts.filter((n) => n === 0).length,
  );
});

test('restart: resume continues the actor from its last commit, without the message that made it fail', async () => {
  const { counts, testProcess, kids } = await afterBreaking({ strategy: 'one-for-all', restart: 'resume' });
  expect(counts).toEqual([1, 1, 1]);
  await testProcess.signal(kids[1]!, { type: 'count' });
  expect((await testProcess.row(kids[1]!)).context).toEqual({ n: 2 });
});

test('a child that fails more often than the limit allows stays failed, and its parent gets the error', async () => {
  expect((await afterBreaking({ maxRestarts: 2 }, 2)).root.state).toBe('together');
  const tooOften = await afterBreaking({ maxRestarts: 2 }, 3);
  expect(tooOften.root.state).toBe('apart');
  expect((await tooOften.testProcess.row(tooOften.kids[1]!)).status).toBe('failed');
});

test('restarts outside the time window do not count', async () => {
  const { testProcess, kids, root } = await afterBreaking({ maxRestarts: 2, within: 1_000 }, 2);
  await testProcess.advance(1_001);
  await testProcess.signal(kids[1]!, { type: 'break' }).catch(() => {});
  expect(root.state).toBe('together');
  expect((await testProcess.row(kids[1]!)).status).toBe('active');
});

test('a failure that no parent handles fails the root of the run', async () => {
  const careless = type(
    setup({ actors: { kid } }).createMachine({
      id: 'careless',
      initial: 'on',
      states: { on: { invoke: { src: 'kid', id: 'kid' } } },
    }),
    { supervise: { maxRestarts: 0 } },
  );
  const testProcess = new TestProcess();
  const root = await testProcess.start(careless);
  await testProcess.signal(await testProcess.find('kid/'), { type: 'break' }).catch(() => {});
  expect(await testProcess.row(root)).toMatchObject({
    status: 'failed',
    failure: { message: 'Error: broken on purpose' },
  });
  await settle();
  expect(testProcess.host.owns('r1')).toBe(false);
});

test('a fresh restart stops the timers, effects and children of the actor', async () => {
  const busy = setup({
    types: {} as { events: Signal },
    actors: { kid },
    delays: { soon: 1_000 },
    actions: {
      break: assign(() => {
        throw new Error('broken on purpose');
      }),
    },
  }).createMachine({
    id: 'busy',
    initial: 'idle',
    states: {
      idle: { on: { go: 'on' } },
      on: { invoke: { src: 'kid', id: 'kid' }, after: { soon: 'late' }, on: { break: { actions: 'break' } } },
      late: {},
    },
  });
  const parentType = type(
    setup({ actors: { busy } }).createMachine({
      id: 'house',
      initial: 'on',
      states: { on: { invoke: { src: 'busy', id: 'busy' } } },
    }),
    { supervise: { restart: 'fresh' } },
  );
  const testProcess = new TestProcess();
  await testProcess.start(parentType);
  const address = await testProcess.find('busy/');
  await testProcess.signal(address, { type: 'go' });
  await testProcess.signal(address, { type: 'break' }).catch(() => {});
  expect((await testProcess.row(address)).state).toBe('idle');
  expect((await testProcess.row(await testProcess.find('kid/'))).status).toBe('stopped');
  await testProcess.advance(5_000);
  expect((await testProcess.row(address)).state).toBe('idle');
});

test('a child that its parent has stopped is not restarted, and restarts no siblings', () => {
  const supervisor = new Supervisor({ strategy: 'rest-for-one', maxRestarts: 9, within: 1_000, restart: 'fresh' });
  expect(supervisor.decide('kid/gone', ['kid/a', 'kid/b'], 0, true)).toEqual({
    escalate: false,
    restart: 'fresh',
    who: [],
  });
});

test('a restart counts for as long as the window, and not at its end', () => {
  const decide = (second: number) => {
    const supervisor = new Supervisor({ strategy: 'one-for-one', maxRestarts: 1, within: 1_000, restart: 'fresh' });
    return [0, second].map((now) => supervisor.decide('kid/a', ['kid/a'], now, true).escalate);
  };
  expect([decide(999), decide(1_000)]).toEqual([
    [false, true],
    [false, false],
  ]);
});

test('a stop is final: a restart after it does nothing', async () => {
  const testProcess = new TestProcess();
  await testProcess.start(threeChildren({ restart: 'fresh', strategy: 'one-for-all' }));
  const two = await testProcess.find('kid/r1.two-');
  const actor = testProcess.host.actor(two);
  actor?.stop('its parent let it go');
  actor?.restart('trio/r1', { kind: 'internal', message: 'broke', retryable: false });
  await settle();
  expect((await testProcess.row(two)).status).toBe('stopped');
});

test('a fresh restart begins with empty lists; the lists of the previous incarnation stay as they were', async () => {
  const listWriter = setup({
    types: {} as { events: Signal },
    actions: { ...engineActions },
  }).createMachine({
    id: 'diary',
    on: {
      count: { actions: { type: 'append', params: { list: 'days', entry: 'a day' } } },
    },
  });
  const testProcess = new TestProcess();
  const address = await testProcess.start(type(listWriter));
  await testProcess.signal(address, { type: 'count' });
  testProcess.host.actor(address)?.restart('system', { kind: 'internal', message: 'broke', retryable: false });
  await settle();
  await testProcess.signal(address, { type: 'count' });
  await testProcess.signal(address, { type: 'count' });
  expect(await testProcess.host.actor(address)!.state.list('days')).toEqual(['a day', 'a day']);
  await testProcess.resume(type(listWriter));
  expect(await testProcess.host.actor(address)!.state.list('days')).toEqual(['a day', 'a day']);
  expect(await testProcess.journal.list(address, 'days')).toEqual(['a day']);
});
