/** `crashEverywhere`: after a crash at any point a run continues, has the same result, and performs nothing twice (E5). */
import { expect, test } from 'vitest';
import { assign, setup } from 'xstate';
import { z } from 'zod';
import { agent, effect, machine, tool, type Json } from 'troupe';
import { crashEverywhere, expectSurvival, scriptedModel, type CrashOptions, type MakeScenario } from 'troupe/testing';
import { overrideMethods } from '../../src/testing/world/intercept.ts';
import type { ProcessParts } from '../../src/testing/world/crashPoints.ts';
import { stepByStep } from '../engine/journals.ts';
import { pair, reference } from '../engine/reference.ts';
import { counting, rounds } from '../engine/scenarios.ts';

const subjects: Record<string, MakeScenario> = {
  'an agent with reads, writes, a timer and a person': reference,
  'a team of two': pair,
  'a machine whose child sends it signals': counting,
  'a machine whose children work one after the other': rounds,
};

/** Whether what one event causes is stored together, or each step by itself: the least number of points that a run then has. */
const stored = {
  'stored together': { fault: (parts: ProcessParts) => parts, least: 4 },
  'each step stored by itself': {
    fault: (parts: ProcessParts) => ({ ...parts, journal: stepByStep(parts.journal) }),
    least: 11,
  },
};

test.each(
  Object.entries(subjects).flatMap(([name, make]) =>
    Object.entries(stored).map(([how, { fault, least }]) => ({ name, make, how, fault, least })),
  ),
)(
  '$name, $how, has the same result after a crash before and after every commit, message, result and acknowledgement',
  async ({ make, fault, least }) => {
    const { points, crashes, partial, took } = expectSurvival(await crashEverywhere(make, { fault }));
    console.log(`${points} points, ${crashes} crashes, ${took} ms`);
    expect(points).toBeGreaterThanOrEqual(least);
    expect([crashes, partial]).toEqual([points * 2, false]);
  },
);

/** Performs one write that is not idempotent, and answers with its result. */
const teller = (tell: (key: string) => void, options: { idempotent?: boolean } = {}) =>
  machine(
    setup({
      types: {} as { context: { said: string | null }; output: string | null },
      actors: {
        tell: effect<string, null>(async (_, { key }) => (tell(key), 'told'), { kind: 'write', ...options }),
      },
      actions: {
        keep: assign({ said: (_, said: string) => said }),
        keepFailure: assign({ said: (_, error: unknown) => (error as { kind: string }).kind }),
      },
    }).createMachine({
      id: 'teller',
      context: { said: null },
      initial: 'telling',
      states: {
        telling: {
          invoke: {
            src: 'tell',
            id: 'tell',
            input: null,
            onDone: { target: 'over', actions: { type: 'keep', params: ({ event }) => event.output } },
            onError: {
              target: 'over',
              actions: { type: 'keepFailure', params: ({ event }: { event: { error: unknown } }) => event.error },
            },
          },
        },
        over: { type: 'final' },
      },
      output: ({ context }) => context.said,
    }),
  );

test('a write that is not idempotent is performed at most once, and is otherwise reported as uncertain', async () => {
  let most = 0;
  const report = expectSurvival(
    await crashEverywhere(() => {
      let times = 0;
      return { subject: teller(() => (most = Math.max(most, ++times))), input: null };
    }),
  );
  expect(most).toBe(1);
  expect(report.surfaced).toBeGreaterThan(0);
});

/** A tool that claims to be idempotent and uses another key each time: a defect of the tool. */
const forgetful: MakeScenario = () => {
  const told = new Set<string>();
  let calls = 0;
  return {
    subject: teller((key) => told.add(`${key} ${calls++}`), { idempotent: true }),
    input: null,
    world: () => told.size,
  };
};

test('a violation names the point, the broken promise, the steps around it and how to repeat it', async () => {
  const { violations, points } = await crashEverywhere(forgetful);
  expect(violations).toEqual([
    {
      point: '2 before',
      at: 'commit 2 of teller/crash (xstate.done.actor.tell)',
      problem: 'the world is 2, undisturbed 1',
      trace: [
        'process 1: commit 1 of teller/crash (xstate.init)',
        'process 1: begins "tell" under teller/crash/1/0',
        'process 1: commit 2 of teller/crash (xstate.done.actor.tell)',
        'process 1 is killed before that, and process 2 goes on',
        'process 2: begins "tell" under teller/crash/1/0',
        'process 2: commit 2 of teller/crash (xstate.done.actor.tell)',
      ],
      again: "crashEverywhere(…, { only: ['2 before'] })",
    },
  ]);
  expect(points).toBe(2);
  const again = await crashEverywhere(forgetful, { only: ['2 before'] });
  expect(again).toMatchObject({ crashes: 1, partial: true, violations });
  expect(() => expectSurvival(again)).toThrow(
    /^1 violations? in 1 crash.*\n\n2 before, at commit 2 .*: the world is 2, undisturbed 1\n {4}process 1: commit 1/,
  );
});

/** Loses the results that are put in the ledger: what was done is done again. */
const fault: CrashOptions['fault'] = ({ journal, transport }) => ({
  journal: overrideMethods(journal, {
    commit: (commit) => journal.commit({ ...commit, event: { ...commit.event, inbox: false } }),
  }),
  transport: { ...transport, send: async (envelope) => (await transport.send(envelope), transport.send(envelope)) },
});
const uneven: MakeScenario = (clock) => {
  const told = new Set<string>();
  return {
    subject: teller((key) => told.add(`${key} ${clock.random()}`), { idempotent: true }),
    input: null,
    world: () => told.size,
  };
};

test.each<[string, MakeScenario, CrashOptions]>([
  ['by its point', forgetful, {}],
  ['with the seed and the patience of the call', uneven, { seed: 12, patience: 40 }],
  ['with a planted defect', counting, { fault, sample: 6, seed: 2 }],
])('the line that repeats a crash, %s, has the same violations', async (_, make, options) => {
  const { violations } = await crashEverywhere(make, options);
  expect(violations.length).toBeGreaterThan(0);
  for (const { again } of violations) {
    // oxlint-disable-next-line typescript/no-implied-eval -- The line is a call that a user would paste.
    const call = new Function('crashEverywhere', 'make', 'fault', `return ${again.replace('…', 'make')}`);
    const repeated = await (call(crashEverywhere, make, fault) as ReturnType<typeof crashEverywhere>);
    expect(repeated.violations).toEqual(violations.filter((violation) => violation.again === again));
  }
});

test('a sample of crashes is the same for the same seed, and the report says that it is partial', async () => {
  const draw = (seed: number) => crashEverywhere(counting, { sample: 7, seed });
  const { crashes, partial, seed } = await draw(3);
  expect({ crashes, partial, seed }).toEqual({ crashes: 7, partial: true, seed: 3 });
});

const waiting = machine(
  setup({ types: {} as { events: { type: 'go' } } }).createMachine({
    id: 'patient',
    initial: 'waiting',
    states: { waiting: { on: { go: 'gone' } }, gone: { type: 'final' } },
  }),
);
const ticking = machine(
  setup({ delays: { pause: 10 } }).createMachine({
    id: 'ticking',
    initial: 'on',
    states: { on: { after: { pause: { target: 'on', reenter: true } } } },
  }),
);

test('a machine that waits for a signal receives it, in every process', async () => {
  const { points } = expectSurvival(
    await crashEverywhere(() => ({ subject: waiting, input: null, signals: [{ type: 'go' }] })),
  );
  expect(points).toBeGreaterThan(2);
});

let shared = 0;
test.each<[string, MakeScenario, CrashOptions, RegExp]>([
  [
    'that waits for ever',
    () => ({ subject: waiting, input: null }),
    {},
    /does not end: patient\/crash is in waiting.*signals/,
  ],
  ['that loops for ever', () => ({ subject: ticking, input: null }), {}, /does not end: ticking\/crash is in on, at/],
  [
    'whose world keeps its state',
    () => ({ subject: teller(() => shared++), input: null, world: () => shared }),
    {},
    /fresh world: it was 0 .* and 1/,
  ],
  [
    'that is not deterministic',
    () => ({ subject: teller(() => {}), input: null, world: () => (calls++ > 2 ? 'odd' : calls % 2) }),
    {},
    /not the same each time|fresh world/,
  ],
  [
    'crashed at an unknown point',
    forgetful,
    { only: ['9 after', '1 before'] },
    /no point "9 after"\. This run has 2 points/,
  ],
  ['crashed a fraction of a time', forgetful, { sample: 0.5 }, /whole number from 1 on; it is 0\.5/],
  ['with a seed out of range', forgetful, { seed: 0 }, /seed .* from 1 to 4294967295; it is 0/],
  ['with input that does not fit', () => ({ ...reference(), input: { n: 1 } }), {}, /takes a text; got an object/],
  [
    'whose world throws',
    () => ({ ...reference(), world: () => JSON.parse('{') as Json }),
    {},
    /world\(\) .* it threw: /,
  ],
  ['with an answer that does not fit', () => ({ ...reference(), answer: () => 'Sure!' }), {}, /does not fit/],
  ['with an unknown signal', () => ({ subject: waiting, input: null, signals: [{ type: '' }] }), {}, /needs a type/],
])('a scenario %s is refused, and the message says what to do', async (_, make, options, words) => {
  await expect(crashEverywhere(make, options)).rejects.toMatchObject({
    kind: 'invalid',
    message: expect.stringMatching(words) as string,
  });
});
let calls = 0;

test('a subject of the wrong type is refused with its type', async () => {
  await expect(crashEverywhere(() => ({ subject: { name: 'x' } as never, input: null }))).rejects.toMatchObject({
    kind: 'definition',
    message: expect.stringContaining('subject is an agent({ … }), a team({ … }) or a machine(chart)') as string,
  });
});

test('a tool that takes real time is waited for, and its time limit does not advance meanwhile', async () => {
  const slow = tool({
    name: 'slow',
    description: 'Takes its time.',
    input: z.object({}),
    output: z.string(),
    run: async () => (await new Promise((done) => setTimeout(done, 20)), 'rested'),
  });
  const model = () =>
    scriptedModel(({ messages }) =>
      messages.length === 1
        ? { calls: [{ name: 'slow' }] }
        : { text: JSON.stringify(messages.at(-1)).includes('rested') ? 'Slept.' : 'Too slow.' },
    );
  const make = () => ({ subject: agent({ name: 'sleeper', tools: [slow], model: model() }), input: 'Sleep.' });
  const { crashes } = expectSurvival(await crashEverywhere(make));
  expect(crashes).toBeGreaterThan(5);
});
