/** Replays of a recorded run: offline, on the same path, or with the first difference. */
import { beforeAll, expect, test } from 'vitest';
import { assign, setup } from 'xstate';
import { effect, machine, openRuntime } from 'troupe';
import { cassette, cassetteText, exportRun, virtualClock, type Cassette, type Drift } from 'troupe/testing';
import { memory } from '../../../src/journal/memory/memory.ts';
import { desk, folder, unavailableModel, recorded, tape, type DeskOptions } from './fixtures/runs.ts';

let whole: Cassette;
beforeAll(async () => {
  whole = (await recorded()).cassette;
});

test('the replay of a team takes the same path, without any effect being performed', async () => {
  using dir = folder();
  const asked: string[] = [];
  const file = dir.file('x.json', cassetteText(whole));
  const { outcome, drift } = await cassette(file).replay(desk({ asked, model: unavailableModel }));
  expect(drift).toEqual([]);
  expect(outcome).toEqual({ status: 'done', output: { to: 'ada' } });
  expect(asked).toEqual([]);
});

test('a recording has the effects in the order of their ends, the answers of people, and every actor', () => {
  expect(
    whole.ledger.filter(({ name }) => name === 'runTool').map(({ input }) => (input as { input: object }).input),
  ).toEqual([{ n: 2 }, { n: 1 }, { to: 'ada' }]);
  expect(whole.steps.flatMap(({ event }) => (event.body === undefined ? [] : [event]))).toMatchObject([
    { type: 'wait.answer', body: { answer: { approved: true }, by: 'person/grace' } },
  ]);
  expect(whole.actors.map(({ type }) => type)).toContain('wait');
});

test('a run in progress is recorded up to its current state, and its replay ends there', async () => {
  using dir = folder();
  const { cassette: open } = await recorded([], 'the question');
  expect(open.end).toBeUndefined();
  const file = dir.file('x.json', cassetteText(open));
  expect(await cassette(file).replay(desk({ model: unavailableModel }))).toEqual({
    outcome: { status: 'open', state: expect.any(String) as string },
    drift: [],
  });
});

const driftOf = async (change: NonNullable<DeskOptions['change']>, mode: 'strict' | 'lenient' = 'lenient') => {
  using dir = folder();
  return await cassette(dir.file('x.json', cassetteText(whole))).replay(
    desk({ change, model: unavailableModel }),
    mode,
  );
};

test('a changed route is computed again, and is the first difference', async () => {
  const { drift } = await driftOf('straight on');
  expect(drift[0]).toMatchObject({
    kind: 'outcome',
    actor: 'run/job-42',
    difference: expect.stringContaining('"finish"') as string,
  });
  expect(drift.at(-1)).toMatchObject({
    kind: 'end',
    difference: expect.stringContaining('-     "to": "ada"') as string,
  });
});

test('strict: a replay that leaves the recording fails, and names the place', async () => {
  await expect(driftOf('topic', 'strict')).rejects.toMatchObject({
    kind: 'conflict',
    message: expect.stringMatching(
      /was recorded on another path:\n1\. run\/job-42, .*step \d+: "route" is pure, .*\n +- +"topic": "actors"\n +\+ +"topic": "machines"/s,
    ) as string,
  });
});

test('a decision by a recorded answer of the model is not made again, and the difference is named', async () => {
  const { drift, outcome } = await driftOf('no approval');
  // The recorded answer requires an approval, and the machine follows it, although the tool no longer needs one.
  expect(drift).toMatchObject([
    {
      kind: 'tool',
      message: expect.stringMatching(/"mail" needed a person's yes when it was recorded, and does not now/),
    },
  ]);
  expect(outcome).toMatchObject({ status: 'done' });
});

/** A machine with two effects, a wait between them, and a signal. */
const clerk = (
  change: Partial<{ q: string; ask: string; pause: number; twice: boolean; deaf: boolean }> = {},
  asked: string[] = [],
) =>
  machine(
    setup({
      types: {} as { context: { got: string }; events: { type: 'stamp' } | { type: 'never' }; output: string },
      actors: {
        look: effect<string, { q: string }>(async ({ q }) => (asked.push(q), `${q}!`)),
        peek: effect<string, { q: string }>(async ({ q }) => (asked.push(q), `${q}?`)),
      },
      actions: {
        keep: assign({
          got: ({ context, event }) => `${context.got}${String((event as unknown as { output: unknown }).output)}`,
        }),
      },
      delays: { pause: change.pause ?? 10_000 },
    }).createMachine({
      id: 'clerk',
      context: { got: '' },
      initial: 'looking',
      output: ({ context }) => context.got,
      states: {
        looking: {
          invoke: {
            src: (change.ask ?? 'look') as 'look',
            id: 'look',
            input: { q: change.q ?? 'one' },
            onDone: { target: 'pausing', actions: 'keep' },
            onError: 'failed',
          },
        },
        pausing: { after: { pause: change.twice === false ? 'waiting' : 'again' } },
        again: {
          invoke: {
            src: 'look',
            id: 'again',
            input: { q: 'two' },
            onDone: { target: 'waiting', actions: 'keep' },
            onError: 'failed',
          },
        },
        waiting: { on: { [change.deaf ? 'never' : 'stamp']: 'done' }, after: { 86400000: 'failed' } },
        done: { type: 'final' },
        failed: { type: 'final' },
      },
    }),
  );

const clerksRun = (dir: ReturnType<typeof folder>) =>
  tape(dir, clerk(), null, async (runtime, root) => {
    await runtime.advance('1h');
    await runtime.signal(root, { type: 'stamp' });
    await runtime.settle();
  });

test.each<[string, Parameters<typeof clerk>[0], Partial<Drift>[]]>([
  ['nothing changed', {}, []],
  [
    'an effect has another input',
    { q: 'uno' },
    [{ kind: 'input', phase: 'looking', seq: 1, difference: '  {\n-   "q": "one"\n+   "q": "uno"\n  }' }],
  ],
  [
    'an effect was not recorded',
    { ask: 'peek' },
    [{ kind: 'unrecorded', phase: 'looking', message: expect.stringContaining('{"q":"one"}') as string }],
  ],
  ['a recorded effect is not requested any more', { twice: false }, [{ kind: 'path', phase: 'pausing', seq: 3 }]],
  [
    'a delay is longer, and the signal comes first',
    { pause: 7_200_000 },
    [{ kind: 'unheard', phase: 'pausing', seq: 2 }],
  ],
  ['a delay is shorter, and still elapses first', { pause: 5_000 }, []],
  [
    'a signal is not handled any more',
    { deaf: true },
    [
      {
        kind: 'unheard',
        phase: 'waiting',
        seq: 4,
        message: expect.stringContaining('no actor accepted "stamp"') as string,
      },
    ],
  ],
])('when %s, that is the first difference', async (_, change, first) => {
  using dir = folder();
  const asked: string[] = [];
  const { drift } = await cassette(await clerksRun(dir)).replay(clerk(change, asked), 'lenient');
  expect(drift.slice(0, 1)).toMatchObject(first);
  expect(asked).toEqual([]);
});

test('lenient: the replay continues with the nearest outcome of that name, and ends', async () => {
  using dir = folder();
  const { outcome, drift } = await cassette(await clerksRun(dir)).replay(clerk({ q: 'uno' }), 'lenient');
  expect(outcome).toEqual({ status: 'done', output: 'one!two!' });
  expect(drift).toHaveLength(1);
});

test('lenient: an effect without any recorded outcome fails, and the machine handles the failure', async () => {
  using dir = folder();
  const { outcome, drift } = await cassette(await clerksRun(dir)).replay(clerk({ ask: 'peek' }), 'lenient');
  expect(outcome).toEqual({ status: 'done', output: '' });
  expect(drift.map(({ kind }) => kind)).toEqual(['unrecorded', 'end']);
});

test('strict: after a difference no outcome is invented', async () => {
  using dir = folder();
  await expect(cassette(await clerksRun(dir)).replay(clerk({ ask: 'peek' }))).rejects.toThrow(
    /1\. clerk\/job-42, in "looking", step 1: "peek" was asked.*\n2\. clerk\/job-42, step 1: the run job-42 did not come to its end/s,
  );
});

test('concurrent effects end in the recorded order', async () => {
  const race = (asked: string[] = []) =>
    machine(
      setup({
        types: {} as { context: { order: string[] }; output: string[] },
        actors: {
          wait: effect<string, { name: string; ms: number }>(async ({ name, ms }, { clock }) => {
            asked.push(name);
            await new Promise<void>((done) => void clock.wake(clock.now() + ms, done));
            return name;
          }),
        },
        actions: {
          note: assign({
            order: ({ context, event }) => [...context.order, (event as unknown as { output: string }).output],
          }),
        },
      }).createMachine({
        id: 'race',
        type: 'parallel',
        context: { order: [] },
        output: ({ context }) => context.order,
        states: Object.fromEntries(
          [['slow', 9] as const, ['quick', 2] as const, ['middling', 9] as const].map(([name, ms]) => [
            name,
            {
              initial: 'going',
              states: {
                going: {
                  invoke: {
                    src: 'wait' as const,
                    id: name,
                    input: { name, ms },
                    onDone: { target: 'over', actions: 'note' as const },
                  },
                },
                over: { type: 'final' as const },
              },
            },
          ]),
        ),
      }),
    );
  using dir = folder();
  const file = await tape(dir, race(), null, (runtime) => runtime.advance('1m'));
  expect(await cassette(file).replay(race())).toEqual({
    outcome: { status: 'done', output: ['quick', 'slow', 'middling'] },
    drift: [],
  });
});

test('a timer that fired late fires in the recorded order', async () => {
  const clock = virtualClock();
  const late = { ...clock, wake: (at: number, call: () => void) => clock.wake(at + 3, call) };
  const race = machine(
    setup({
      types: {} as { context: { order: string[] }; output: string[] },
      actors: {
        look: effect<string, undefined>(
          () => new Promise((done) => void clock.wake(clock.now() + 1_001, () => done('look'))),
        ),
      },
      actions: { note: assign({ order: ({ context }, { what }: { what: string }) => [...context.order, what] }) },
      delays: { pause: 1_000 },
    }).createMachine({
      id: 'race',
      type: 'parallel',
      context: { order: [] },
      output: ({ context }) => context.order,
      states: {
        looking: {
          initial: 'a',
          states: {
            a: {
              invoke: {
                src: 'look',
                onDone: { target: 'b', actions: { type: 'note', params: { what: 'look' } } },
                onError: 'b',
              },
            },
            b: { type: 'final' },
          },
        },
        pausing: {
          initial: 'a',
          states: {
            a: { after: { pause: { target: 'b', actions: { type: 'note', params: { what: 'pause' } } } } },
            b: { type: 'final' },
          },
        },
      },
    }),
  );
  await using runtime = await openRuntime({ clock: late, journal: memory(), env: {}, poll: 86_400_000 });
  const run = await runtime.start(race, null);
  const outcome = run.outcome();
  for (let ms = 0; ms < 1_010; ms++) {
    clock.advance(1);
    await new Promise((next) => void setImmediate(next));
  }
  expect(await outcome).toMatchObject({ output: ['look', 'pause'] });
  using dir = folder();
  const file = dir.file('x.json', cassetteText(await exportRun(runtime.journal, run.id, { env: {} })));
  expect(await cassette(file).replay(race)).toEqual({
    outcome: { status: 'done', output: ['look', 'pause'] },
    drift: [],
  });
});
