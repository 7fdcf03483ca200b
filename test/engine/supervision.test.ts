/** Supervision: which siblings are restarted with a failed child, how a child is restarted, and when its parent fails. */
import { expect, test } from 'vitest';
import { assign, setup } from 'xstate';
import type { Supervision } from '../../src/core/actorType.ts';
import { Supervisor } from '../../src/core/supervisor.ts';
import type { Signal } from './machines.ts';
import { engineActions } from '../../machines/slot.ts';
import { settle, Stage, type } from './testProcess.ts';

const kid = setup({
  types: {} as { context: { n: number }; events: Signal },
  actions: {
    count: assign({ n: ({ context }) => context.n + 1 }),
    break: assign(() => {
      throw new Error('broken on purpose');
    }),
  },
}).createMachine({ id: 'kid', context: { n: 0 }, on: { count: { actions: 'count' }, break: { actions: 'break' } } });

const trio = (supervise: Partial<Supervision>) =>
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
  const stage = new Stage();
  const root = await stage.start(trio(supervise));
  const kids = await Promise.all(['one', 'two', 'three'].map((id) => stage.find(`kid/r1.${id}-`)));
  for (const address of kids) await stage.signal(address, { type: 'count' });
  for (let time = 0; time < times; time++) await stage.signal(kids[1]!, { type: 'break' }).catch(() => {});
  return {
    stage,
    root: await stage.row(root),
    counts: await Promise.all(kids.map(async (address) => (await stage.row(address)).context.n)),
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
  expect(broken.stage.seen.filter(({ type }) => type === 'restarted')).toHaveLength(
    counts.filter((n) => n === 0).length,
  );
});

test('restart: resume continues the actor from its last commit, without the message that made it fail', async () => {
  const { counts, stage, kids } = await afterBreaking({ strategy: 'one-for-all', restart: 'resume' });
  expect(counts).toEqual([1, 1, 1]);
  await stage.signal(kids[1]!, { type: 'count' });
  expect((await stage.row(kids[1]!)).context).toEqual({ n: 2 });
});

test('a child that fails more often than the limit allows stays failed, and its parent gets the error', async () => {
  expect((await afterBreaking({ maxRestarts: 2 }, 2)).root.state).toBe('together');
  const tooOften = await afterBreaking({ maxRestarts: 2 }, 3);
  expect(tooOften.root.state).toBe('apart');
  expect((await tooOften.stage.row(tooOften.kids[1]!)).status).toBe('failed');
});

test('restarts outside the time window do not count', async () => {
  const { stage, kids, root } = await afterBreaking({ maxRestarts: 2, within: 1_000 }, 2);
  await stage.advance(1_001);
  await stage.signal(kids[1]!, { type: 'break' }).catch(() => {});
  expect(root.state).toBe('together');
  expect((await stage.row(kids[1]!)).status).toBe('active');
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
  const stage = new Stage();
  const root = await stage.start(careless);
  await stage.signal(await stage.find('kid/'), { type: 'break' }).catch(() => {});
  expect(await stage.row(root)).toMatchObject({ status: 'failed', failure: { message: 'Error: broken on purpose' } });
  expect(stage.host.owns('r1')).toBe(false);
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
  const house = type(
    setup({ actors: { busy } }).createMachine({
      id: 'house',
      initial: 'on',
      states: { on: { invoke: { src: 'busy', id: 'busy' } } },
    }),
    { supervise: { restart: 'fresh' } },
  );
  const stage = new Stage();
  await stage.start(house);
  const address = await stage.find('busy/');
  await stage.signal(address, { type: 'go' });
  await stage.signal(address, { type: 'break' }).catch(() => {});
  expect((await stage.row(address)).state).toBe('idle');
  expect((await stage.row(await stage.find('kid/'))).status).toBe('stopped');
  await stage.advance(5_000);
  expect((await stage.row(address)).state).toBe('idle');
});

test('a child that its parent has stopped is not restarted, and restarts no siblings', () => {
  const supervisor = new Supervisor({ strategy: 'rest-for-one', maxRestarts: 9, within: 1_000, restart: 'fresh' });
  expect(supervisor.decide('kid/gone', ['kid/a', 'kid/b'], 0, true)).toEqual({
    escalate: false,
    restart: 'fresh',
    who: [],
  });
});

test('a stop is final: a restart after it does nothing', async () => {
  const stage = new Stage();
  await stage.start(trio({ restart: 'fresh', strategy: 'one-for-all' }));
  const two = await stage.find('kid/r1.two-');
  stage.host.stopChild(two, 'its parent let it go');
  stage.host.restart(two, 'trio/r1', { kind: 'internal', message: 'broke', retryable: false });
  await settle();
  expect((await stage.row(two)).status).toBe('stopped');
});

test('a fresh restart begins with empty lists; the lists of the previous incarnation stay as they were', async () => {
  const diary = setup({
    types: {} as { events: Signal },
    actions: { ...engineActions },
  }).createMachine({
    id: 'diary',
    on: {
      count: { actions: { type: 'append', params: { list: 'days', entry: 'a day' } } },
    },
  });
  const stage = new Stage();
  const address = await stage.start(type(diary));
  await stage.signal(address, { type: 'count' });
  stage.host.restart(address, 'system', { kind: 'internal', message: 'broke', retryable: false });
  await settle();
  await stage.signal(address, { type: 'count' });
  await stage.signal(address, { type: 'count' });
  expect(await stage.host.actor(address)!.state.list('days')).toEqual(['a day', 'a day']);
  await stage.resume(type(diary));
  expect(await stage.host.actor(address)!.state.list('days')).toEqual(['a day', 'a day']);
  expect(await stage.journal.list(address, 'days')).toEqual(['a day']);
});
