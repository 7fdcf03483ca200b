/** Stories of a machine, and the messages of failed expectations. */
import { describe, expect, test } from 'vitest';
import { assign, fromPromise, sendParent, setup } from 'xstate';
import { z } from 'zod';
import { agent, machine, tool } from 'troupe';
import { play, scriptedModel, story, testRuntime } from 'troupe/testing';
// oxlint-disable-next-line import/no-unassigned-import -- as users do
import 'troupe/testing/vitest';

const errand = setup({
  types: {} as {
    context: { tries: number };
    input: { what: string };
    events: { type: 'go' } | { type: 'stop'; why: string };
    output: number;
  },
  actors: { fetch: fromPromise<number, { what: string }>(async () => 1), review: fromPromise(async () => null) },
  actions: {
    append: (_, _params: { list: string; entry: string }) => {},
    count: assign({ tries: ({ context }) => context.tries + 1 }),
  },
  delays: { backoff: 1_000 },
}).createMachine({
  id: 'errand',
  context: { tries: 0 },
  initial: 'idle',
  output: ({ context }) => context.tries,
  states: {
    idle: { on: { go: 'working' } },
    working: {
      on: { stop: 'stopped' },
      initial: 'fetching',
      states: {
        fetching: {
          entry: 'count',
          invoke: {
            src: 'fetch',
            id: 'fetch',
            input: { what: 'tea' },
            onDone: { target: 'reviewing', actions: { type: 'append', params: { list: 'log', entry: 'got it' } } },
            onError: 'waiting',
          },
        },
        waiting: { after: { backoff: 'fetching' } },
        reviewing: { invoke: { src: 'review', id: 'review', onDone: '#errand.done' } },
      },
    },
    stopped: { type: 'final' },
    done: { type: 'final' },
  },
});
const going = story(errand, { what: 'tea' }).send({ type: 'go' });

/** The message of a failed expectation, without colours. */
const failureMessage = (expectation: () => unknown): string => {
  try {
    expectation();
  } catch (thrown) {
    // oxlint-disable-next-line no-control-regex -- colours
    return (thrown as Error).message.replace(/\u001b\[\d+m/g, '');
  }
  throw new Error('It did not fail.');
};

test('a machine that is made to be a child can be stepped by itself: what it tells its parent is no failure', () => {
  const child = setup({ actions: { tell: sendParent({ type: 'told' }) } }).createMachine({
    id: 'child',
    initial: 'on',
    states: { on: { on: { go: { target: 'passing', actions: 'tell' } } }, passing: { always: 'off' }, off: {} },
  });
  const told = story(child).send({ type: 'go' });
  expect(told).toRestIn('off');
});

test('a story uses the states, events and effects of the machine', () => {
  const result = going.failed('fetch').after('backoff').done('fetch', 3).done('review');
  expect(result).toHaveEnded({ status: 'done', output: 2 });
  expect(result).toHaveRequested('fetch', { what: 'tea' });
  expect(result).toHaveAppended('log', 'got it');
  expect(result).not.toHaveAppended('log', 'lost it');
});

test('the same story as a list returns its stable states', () => {
  expect(play(errand, { what: 'tea' }, [{ type: 'go' }, { type: 'stop', why: 'late' }])).toEqual([
    'idle',
    { working: 'fetching' },
    'stopped',
  ]);
});

test('a story can branch: a later event does not change the earlier story', () => {
  going.send({ type: 'stop', why: 'late' });
  expect(going).toRestIn('working.fetching');
  expect(going).toRestIn('working');
  expect(going).toRestIn('fetching');
  expect(going).not.toRestIn('stopped');
});

describe('a story that the machine cannot follow is refused', () => {
  test('an effect that is not running cannot end', () => {
    expect(() => going.done('review')).toThrow(
      /Nothing called "review" is running, so it cannot end; running: fetch\.\nThe story so far:\n {2}\(start\) +-> idle\n {2}go +-> working\.fetching/,
    );
  });
  test('a delay that is not running cannot elapse', () => {
    expect(() => going.after('backoff')).toThrow(/No active state waits for "backoff"; waited for: nothing/);
    expect(() => going.failed('fetch').after(5)).toThrow(/waited for: backoff in errand\.working\.waiting/);
  });
});

describe('a failing test reports', () => {
  test('where the machine is, the path it took, and the event that led away', () => {
    const result = going.failed('fetch', new Error('no tea')).send({ type: 'go' }).send({ type: 'stop', why: 'late' });
    expect(failureMessage(() => expect(result).toRestIn('waiting'))).toBe(
      `expected "errand" to rest in "waiting"; it rests in "stopped"
  (start)                  -> idle
  go                       -> working.fetching
  "fetch" failed: "no tea" -> working.waiting
  go                       -> (it meant nothing)
  stop: {"why":"late"}     -> stopped   <- led away from "waiting"`,
    );
  });
  test('that the state was never entered', () => {
    expect(failureMessage(() => expect(going).toRestIn('reviewing'))).toContain(
      'it rests in "working.fetching", and was never there\n  (start)',
    );
  });
  test('a state that was only transient, and the step that passed it', () => {
    const hasty = setup({}).createMachine({
      id: 'hasty',
      initial: 'a',
      states: { a: { on: { go: 'b' } }, b: { always: 'c' }, c: {} },
    });
    expect(failureMessage(() => expect(story(hasty).send({ type: 'go' })).toRestIn('b'))).toMatch(
      /go +-> b -> c {3}<- led away from "b"/,
    );
  });
  test('an unknown state, also with not', () => {
    expect(failureMessage(() => expect(going).not.toRestIn('fetchin'))).toMatch(
      /"errand" has no state "fetchin"; it has idle, working, working\.fetching/,
    );
  });
  test('what was requested instead, and the difference', () => {
    expect(failureMessage(() => expect(going).toHaveRequested('review'))).toMatch(
      /to have requested "review"; it requested: fetch\n/,
    );
    expect(failureMessage(() => expect(going).toHaveRequested('fetch', { what: 'milk' }))).toMatch(
      /It did so once:\n[^]*- +"what": "milk",\n\+ +"what": "tea",/,
    );
    expect(failureMessage(() => expect(going).toHaveAppended('log'))).toContain('it appended nothing to that list');
  });
  test('that it has not ended, or with which output it ended instead', () => {
    expect(failureMessage(() => expect(going).toHaveEnded())).toMatch(
      /to have ended; it rests in "working\.fetching"\n {2}\(start\)/,
    );
    const ended = going.done('fetch', 1).done('review');
    expect(failureMessage(() => expect(ended).toHaveEnded({ output: 7 }))).toMatch(
      /it ended in "done"\n[^]*- +"output": 7,\n\+ +"output": 1,/,
    );
  });
  test('a value that is not a story', () => {
    expect(failureMessage(() => expect('idle').toRestIn('idle'))).toMatch(
      /toRestIn looks at a story: .*; got a string of 4 characters/,
    );
    expect(failureMessage(() => expect(4).toHaveEnded())).toMatch(/a story, a run or an outcome; got number 4/);
  });
});

test('parallel regions are compared one by one', () => {
  const both = setup({}).createMachine({
    id: 'both',
    type: 'parallel',
    states: { a: { initial: 'x', states: { x: {}, y: {} } }, b: {} },
  });
  expect(story(both)).toRestIn('a.x');
  expect(story(both)).toRestIn('b');
  expect(story(both)).not.toRestIn('y');
});

test('the matchers report how a run ended, and which ticket it waits for', async () => {
  await using runtime = await testRuntime();
  const mail = tool({
    name: 'mail',
    description: 'Sends.',
    effect: 'write',
    approval: true,
    input: z.object({}),
    output: z.null(),
    run: () => null,
  });
  const clerk = agent({
    name: 'clerk',
    tools: [mail],
    model: scriptedModel(({ messages }) => (messages.length === 1 ? { calls: [{ name: 'mail' }] } : { text: 'ok' })),
  });
  const run = await runtime.start(clerk, 'Mail.');
  await runtime.settle();
  await expect(expect(run).toHaveEnded({ status: 'done' })).rejects.toThrow(/it waits for wait\/.*May/s);
  await runtime.advance('1d');
  await expect(run).toHaveEnded({ status: 'done', output: 'ok' });
  expect(await run.outcome()).toHaveEnded();
  const quick = await runtime.start(machine(errand), {});
  await runtime.signal(quick.root, { type: 'go' });
  await runtime.settle();
  await expect(quick).toHaveEnded({ status: 'done', output: 1 });
});

test('a machine in a story must be pure: it cannot read the time', () => {
  const clock = setup({
    types: {} as { context: { at: number } },
    actions: { look: assign({ at: () => Date.now() }) },
  }).createMachine({ id: 'clock', context: { at: 0 }, on: { tick: { actions: 'look' } } });
  expect(() => story(clock).send({ type: 'tick' })).toThrow(
    /"clock" reached for Date\.now\(\)\..*test\/testing\/stories\.test\.ts:\d+/s,
  );
});
