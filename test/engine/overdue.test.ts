/** Deadlines are judged before what comes late: after a time when nobody ran a run, what was due happens in the order of its times, and what came later afterwards. */
import { describe, expect, test } from 'vitest';
import { assign, sendParent, setup } from 'xstate';
import { effect } from '../../actors/effect.ts';
import { virtualClock } from '../../src/testing/clock.ts';
import type { Json } from '../../src/values/json.ts';
import { deferred } from '../deferred.ts';
import { journals, type JournalKind } from './journals.ts';
import { acting, type Signal } from './machines.ts';
import { settle, TestProcess, type } from './testProcess.ts';

const kinds = Object.keys(journals) as JournalKind[];
const minute = 60_000;

/** Resolves when the run has caught up, and nothing of it is under way. */
async function idle({ host }: TestProcess) {
  while (!host.isIdle('r1')) await settle();
}

async function processOn(kind: JournalKind) {
  const clock = virtualClock();
  return new TestProcess({ clock, journal: await journals[kind](clock) });
}

/** A child that tells its parent its name when its time has come. */
const teller = setup({
  types: {} as { context: { name: string; after: number }; input: { name: string; after: number }; events: Signal },
  delays: { wait: ({ context }) => context.after },
  actions: acting({
    tell: sendParent(({ context }: { context: { name: string } }) => ({ type: 'told', by: context.name })),
  }),
}).createMachine({
  id: 'teller',
  context: ({ input }) => input,
  initial: 'waiting',
  states: { waiting: { after: { wait: { target: 'over', actions: 'tell' } } }, over: { type: 'final' } },
});

const listener = type(
  // XState cannot infer the states of an untyped config.
  setup({
    types: {} as { context: { heard: string[] }; events: Signal },
    actors: { teller },
    delays: { first: minute, third: 3 * minute },
    actions: acting({
      hear: assign({
        heard: ({ context, event }: { context: { heard: string[] }; event: Signal }) => [
          ...context.heard,
          String(event.by),
        ],
      }),
      note: assign({
        heard: ({ context }: { context: { heard: string[] } }, by: string) => [...context.heard, by],
      }),
    }),
  }).createMachine({
    id: 'listener',
    context: { heard: [] },
    type: 'parallel',
    on: { told: { actions: 'hear' } },
    invoke: [
      { src: 'teller', id: 'four', input: { name: 'child at 4', after: 4 * minute } },
      { src: 'teller', id: 'two', input: { name: 'child at 2', after: 2 * minute } },
    ],
    states: {
      third: {
        initial: 'waiting',
        states: {
          waiting: { after: { third: { target: 'over', actions: { type: 'note', params: 'own at 3' } } } },
          over: {},
        },
      },
      first: {
        initial: 'waiting',
        states: {
          waiting: { after: { first: { target: 'over', actions: { type: 'note', params: 'own at 1' } } } },
          over: {},
        },
      },
    },
  } as never) as never,
);

describe.each(kinds)('%s', (kind) => {
  test('timers of a parent and of its children happen in the order in which they were due, with all that follows from each', async () => {
    const process = await processOn(kind);
    const address = await process.start(listener);
    process.host.abandon();
    await process.advance(60 * minute);
    await process.resume(listener);
    await idle(process);
    expect((await process.row(address)).context).toEqual({
      heard: ['own at 1', 'child at 2', 'own at 3', 'child at 4'],
    });
  });

  test.each([
    ['in time', 2.5 * minute, ['own at 1', 'child at 2', 'a person', 'own at 3', 'child at 4']],
    ['at the moment of a deadline', 3 * minute, ['own at 1', 'child at 2', 'own at 3', 'a person', 'child at 4']],
    ['after all deadlines', 10 * minute, ['own at 1', 'child at 2', 'own at 3', 'child at 4', 'a person']],
  ] as const)('a message that was left %s, while nobody was there, is taken at its place', async (_, at, heard) => {
    const process = await processOn(kind);
    const address = await process.start(listener);
    process.host.abandon();
    await process.advance(at);
    await process.startProcess().host.post(process.envelope(address, { type: 'told', by: 'a person' }));
    await process.advance(60 * minute);
    await process.resume(listener);
    await idle(process);
    expect((await process.row(address)).context).toEqual({ heard });
  });

  test('work whose time is up is not begun again', async () => {
    let begun = 0;
    const worker = type(
      setup({
        types: {} as { events: Signal },
        actors: { work: effect(() => (begun++, new Promise<Json>(() => {}))) },
        delays: { limit: minute },
      }).createMachine({
        id: 'worker',
        initial: 'working',
        states: {
          working: { invoke: { src: 'work', id: 'work', onDone: 'done', onError: 'done' }, after: { limit: 'late' } },
          done: {},
          late: {},
        },
      }),
    );
    const process = await processOn(kind);
    const address = await process.start(worker);
    process.host.abandon();
    await process.advance(2 * minute);
    await process.resume(worker);
    await idle(process);
    expect([(await process.row(address)).state, begun]).toEqual(['late', 1]);
  });

  test('a run whose deadline passed ends as expired, whatever was said to it later', async () => {
    const process = await processOn(kind);
    const deadline = process.clock.now() + minute / 2;
    const address = await process.host.start(listener, { run: 'r1', input: null, deadline });
    await settle();
    process.host.abandon();
    await process.advance(2 * minute);
    await process.startProcess().host.post(process.envelope(address, { type: 'told', by: 'a person' }));
    await process.resume(listener);
    await idle(process);
    expect(await process.row(address)).toMatchObject({
      status: 'failed',
      failure: { kind: 'expired' },
      context: { heard: [] },
    });
    expect(process.host.isIdle('r1')).toBe(true);
  });
});

describe('a process that was suspended', () => {
  /** A clock that can jump without waking anybody. */
  function suspended() {
    const inner = virtualClock();
    let asleep = 0;
    return { clock: { ...inner, now: () => inner.now() + asleep }, sleep: (ms: number) => void (asleep += ms), inner };
  }

  test('takes what was due before what reaches it when it goes on', async () => {
    const { clock, sleep } = suspended();
    const process = new TestProcess({ clock });
    const address = await process.start(listener);
    sleep(60 * minute);
    await process.signal(address, { type: 'told', by: 'a person' }, { from: 'door/ann' });
    await settle();
    expect((await process.row(address)).context).toEqual({
      heard: ['own at 1', 'child at 2', 'own at 3', 'child at 4', 'a person'],
    });
  });

  test('takes the result of an effect after the deadline for it', async () => {
    const { clock, sleep } = suspended();
    const { promise, resolve } = deferred<Json>();
    const worker = type(
      setup({
        types: {} as { events: Signal },
        actors: { work: effect(() => promise) },
        delays: { limit: minute },
      }).createMachine({
        id: 'worker',
        initial: 'working',
        states: {
          working: { invoke: { src: 'work', id: 'work', onDone: 'done', onError: 'done' }, after: { limit: 'late' } },
          done: {},
          late: {},
        },
      }),
    );
    const process = new TestProcess({ clock });
    const address = await process.start(worker);
    sleep(2 * minute);
    resolve('at last');
    await settle();
    expect((await process.row(address)).state).toBe('late');
  });
});
