/** `check` explores every reachable state, and reports a finding with its shortest trace and a test to paste. */
import { describe, expect, test } from 'vitest';
import { agent, machine, protocol, team, tool, TroupeError, type Runnable } from 'troupe';
import { check, type CheckOptions, type FindingKind } from 'troupe/check';
import { assign, setup } from 'xstate';
import { z } from 'zod';
import newsroom from '../../examples/demo/index.ts';
import * as machines from './checkMachines.ts';
import * as teams from './checkTeams.ts';
import { paste } from './paste.ts';

interface Defect {
  readonly kind: FindingKind;
  readonly subject: Runnable;
  readonly mended: Runnable;
  readonly options?: CheckOptions;
  readonly trace: readonly string[];
  readonly says: string;
}

/** Without the fault of an effect that never answers. */
const reliable: CheckOptions = { faults: { drop: 0 } };

const defects: Record<string, Defect> = {
  'a clerk and an archive that each wait for the other': {
    kind: 'deadlock',
    subject: machines.circularWait(),
    mended: machines.circularWait(true),
    trace: [],
    says: 'clerk in "waiting", clerk.archive in "listening"',
  },
  'a fetcher that retries for ever': {
    kind: 'livelock',
    subject: machines.endlessRetry(),
    mended: machines.endlessRetry(true),
    options: reliable,
    trace: ['and then, over and over:', '  fetch → fetcher: fetch fails: transient'],
    says: 'It can go round for ever without getting on.',
  },
  'a state that does not handle a message which can arrive': {
    kind: 'unhandled',
    subject: machines.ignoredMessage(),
    mended: machines.ignoredMessage(true),
    trace: ['kitchen: time is up: evening', 'cook: time is up: minute', 'kitchen → cook: stop'],
    says: `Nobody handles "stop" from "kitchen": in "washing" it means nothing to "cook".`,
  },
  'a shop that does not answer an order it cannot send': {
    kind: 'unanswered',
    subject: machines.unansweredFailure(),
    mended: machines.unansweredFailure(true),
    trace: ['client → shop: order "text"', 'pack → shop: pack fails: transient'],
    says: '"order" was taken, and nobody will ever answer it',
  },
  'a stall that loses its first order': {
    kind: 'unanswered',
    subject: machines.lostRequest(),
    mended: machines.lostRequest(true),
    trace: ['client → stall: order "text"', '[dup] client → stall: order "text" once more', 'stall: time is up: hour'],
    says: '"order" was taken, and nobody will ever answer it: stall in "open"',
  },
  'an invoice that waits for a payment without a timeout': {
    kind: 'hang',
    subject: machines.waitWithoutTimeout(),
    mended: machines.waitWithoutTimeout(true),
    trace: ['[drop] client → invoice: paid is lost on its way'],
    says: 'Set a time',
  },
  'a permit that does not handle an expired ticket': {
    kind: 'expiry',
    subject: machines.unhandledExpiry(),
    mended: machines.unhandledExpiry(true),
    trace: ['wait: nobody answers in time', 'wait → permit: ends with {"status":"expired"}'],
    says: 'When nobody answers the question in time',
  },
  'a review with an unreachable state': {
    kind: 'unreachable',
    subject: machines.unreachableState(),
    mended: machines.unreachableState(true),
    options: { faults: { drop: 0 } },
    trace: [],
    says: 'Nothing leads to the state "review.second".',
  },
  'a map that reads a missing output': {
    kind: 'broken',
    subject: machines.uncheckedOutput(),
    mended: machines.uncheckedOutput(true),
    options: { ...reliable, samples: { locate: [{ address: { city: 'Paris' } }, {}] } },
    trace: ['locate → map: locate gives {}'],
    says: "Cannot read properties of undefined (reading 'city')",
  },
  'a postman that repeats an uncertain write after a crash': {
    kind: 'deadlock',
    subject: machines.repeatedWrite(),
    mended: machines.repeatedWrite(true),
    options: reliable,
    trace: ['[crash] process: it dies, and another goes on', 'send → postman: send may or may not have happened'],
    says: 'postman in "doubting"',
  },
  'a team that waits for a third draft of two': {
    kind: 'deadlock',
    subject: teams.waitsForThird(3),
    mended: teams.waitsForThird(2),
    trace: [
      'desk → writer: brief, brief',
      'writer: answers article',
      'writer 2: answers article',
      'writer → desk: article',
      'writer → desk: article',
      'desk: sends nothing',
    ],
    says: 'The route sent nothing and finished nothing',
  },
  'a team that reworks for ever': {
    kind: 'livelock',
    subject: teams.endlessRework,
    mended: teams.correctTeam,
    trace: [
      'and then, over and over:',
      '  desk → writer: brief',
      '  writer: answers article',
      '  writer → desk: article',
      '  desk → critic: review',
      '  critic: answers rework',
      '  critic → desk: rework',
    ],
    says: 'It can go round for ever without getting on.',
  },
  'a team without a deadline': {
    kind: 'hang',
    subject: teams.withoutDeadline,
    mended: teams.correctTeam,
    trace: ['desk → writer: brief', '[drop] writer: the answer of writer is lost'],
    says: 'Once a message is lost, nothing can happen any more',
  },
  'a team whose route sends the critic a message that it does not handle': {
    kind: 'unhandled',
    subject: teams.wrongRecipient,
    mended: teams.correctTeam,
    trace: [
      'desk → writer: brief',
      'writer: answers article',
      'writer → desk: article',
      'desk → critic: review',
      'critic: answers rework',
      'critic → desk: rework',
      'desk: route fails: unknown_message',
    ],
    says: '"critic" handles review; the route of team "desk" sent it "brief".',
  },
  'a team with a member that never receives a message': {
    kind: 'unreachable',
    subject: teams.unusedMember,
    mended: teams.correctTeam,
    trace: [],
    says: 'never sends "review" to "critic"',
  },
  'a team that reads a draft before it exists': {
    kind: 'broken',
    subject: teams.readsTooEarly,
    mended: teams.correctTeam,
    trace: ['desk: route fails: definition'],
    says: 'asks for the last "article", and there was none yet',
  },
};

describe.each(Object.entries(defects))('%s', (_, { kind, subject, mended: isFixed, options, trace, says }) => {
  test(`is found as ${kind}, with the shortest trace, and the corrected definition has no finding`, async () => {
    const { findings, proved } = await check(subject, options);
    expect(findings.map((finding) => finding.kind)).toEqual([kind]);
    expect(findings[0]!.trace).toEqual(trace);
    expect(findings[0]!.says).toContain(says);
    expect(proved.join()).not.toContain(`no ${kind}`);
    expect((await check(isFixed, options)).findings).toEqual([]);
  });

  test('can be pasted as a story that passes today', async () => {
    const [finding] = (await check(subject, options)).findings;
    if (finding!.kind === 'unreachable') expect(finding!.story).toBe('');
    else await paste(finding!.story, subject);
  });
});

test('a finding of an agent can be pasted too, with the options of the check', async () => {
  const hello = agent({ name: 'hello', model: 'test:model' });
  const [finding] = (await check(hello, { faults: { dup: 0 } })).findings;
  expect(finding!.story).toContain('await check(hello, { faults: {"dup":0} })');
  await paste(finding!.story, hello);
});

test('a finding is drawn as a sequence diagram', async () => {
  const [finding] = (await check(teams.withoutDeadline)).findings;
  expect(finding!.mermaid.split('\n')).toEqual([
    'sequenceDiagram',
    '  participant p0 as desk',
    '  participant p1 as writer',
    '  p0->>p1: brief',
    '  Note over p1: drop: the answer of writer is lost',
    '  Note over p0,p1: hang',
  ]);
});

test('a cycle through a state tagged "progress" is not a finding', async () => {
  const { findings } = await check(machines.progressLoop(false));
  expect(findings.map(({ kind, says }) => [kind, says.includes('nothing else can happen')])).toEqual([
    ['livelock', true],
  ]);
  expect((await check(machines.progressLoop(true))).findings).toEqual([]);
});

test('the demo team has no finding with a lost message, a repeated ask and a killed process', async () => {
  const { findings, bound, proved, faults } = await check(newsroom({ folder: '.', model: 'test:model' }));
  expect(findings).toEqual([]);
  expect(bound).toBeUndefined();
  expect(faults).toEqual({ drop: 1, dup: 1, crash: 1 });
  expect(proved[0]).toMatch(/^no deadlock up to 1 fault \(1 drop\), [\d,]+ states$/);
});

describe('an agent', () => {
  const shape = { description: 'x', input: z.object({}), output: z.string(), run: () => 'done' };
  const send = tool({ ...shape, name: 'send', effect: 'write', approval: true });
  const clerk = (deadline?: '5m') =>
    agent({ name: 'clerk', model: 'test:model', tools: [send], ...(deadline ? { deadline } : {}) });

  test('is explored through its phases: answers, failures, approvals, a pause, a crash in the middle of a write', async () => {
    const { findings, proved, states } = await check(clerk('5m'));
    expect(findings).toEqual([]);
    expect(
      proved.some((line) =>
        line.startsWith('no question that can expire without a way on up to 2 faults (1 drop, 1 crash)'),
      ),
    ).toBe(true);
    expect(states).toBeGreaterThan(500);
  });

  test('without a deadline waits for a day when its model never answers', async () => {
    const { findings } = await check(agent({ name: 'hello', model: 'test:model' }));
    expect(findings.map(({ kind, trace }) => [kind, trace])).toEqual([
      ['hang', ['[drop] callModel → hello: the answer of callModel is lost']],
    ]);
  });
});

describe.each<[string, Runnable, string, readonly string[]]>([
  [
    'a client that is ready too early',
    machines.earlyClient(),
    '"ready" can come before "host" waits for it',
    ['client → host: ready, which changes nothing yet', 'fetch → host: fetch gives null'],
  ],
  [
    'a child that is ready too early',
    machines.earlyChild(),
    '"ready" can come before "host" waits for it',
    ['guest → host: ready', 'fetch → host: fetch gives null'],
  ],
  [
    'an effect that ends before the other',
    machines.earlyEffect(),
    '"xstate.done.actor.second" can come before "host" waits for it',
    ['second → host: second gives null', 'first → host: first gives null'],
  ],
  [
    'an order that comes before the cook is free',
    machines.earlyOrder(),
    '"order" can come before "kitchen.cook" waits for it',
    ['kitchen: time is up: minute', 'kitchen → cook: order', 'cook: time is up: minute'],
  ],
])('%s', (_, subject, says, trace) => {
  test.each([0, 1])(
    'is told as a race that needs no lost message, with the shortest trace (drop: %i)',
    async (drop) => {
      const { findings, proved } = await check(subject, { faults: { drop } });
      const [race] = findings;
      expect([race!.kind, race!.trace]).toEqual(['deadlock', trace]);
      expect(race!.says).toMatch(/^A race: /);
      expect(race!.says).toContain(says);
      expect(proved.join()).not.toContain('no deadlock');
      await paste(race!.story, subject);
    },
  );
});

test('a machine that keeps what comes too early has no race', async () => {
  expect((await check(machines.earlyChild(true), { faults: { drop: 0 } })).findings).toEqual([]);
});

test('of a range both ends are tried, and the neighbours of the constants in guards; what is not tried is said', async () => {
  const { findings, proved, unproven } = await check(machines.largeOrders(), { faults: { drop: 0 } });
  expect(findings).toEqual([]);
  expect(proved.join()).toContain('no state that is not reached');
  expect(unproven).toContainEqual(
    expect.stringMatching(/other numbers than those .*\(from 1 to 1000: 1, 1000, 10, 9, 11, 500, 499, 501, 7, 6, 8\)/),
  );
});

test('of texts and lists those are tried that guards compare with, and their lengths; what is not tried is said', async () => {
  const { findings, proved, unproven } = await check(machines.chosenWords(), { faults: { drop: 0 } });
  expect(findings).toEqual([]);
  expect(proved.join()).toContain('no state that is not reached');
  expect(unproven).toContainEqual(
    expect.stringMatching(/other texts than those .*"text".*"yes".*"no".*"urgent".*"x{20}"/),
  );
});

test.each<[7 | 'no', string]>([
  [7, 'a route that compares a number'],
  ['no', 'a route that compares a text'],
])('%j: a dead end behind %s is found', async (from, _) => {
  const { findings } = await check(machines.pickyTeam(from), { faults: { drop: 0 } });
  expect(findings.map(({ kind }) => kind)).toContain('broken');
});

describe('what is not told apart', () => {
  test.each([
    ['a step that throws at the 7th message', machines.breaksAt(7), 'broken', 7],
    ['a step that throws at the 200th message', machines.breaksAt(200), 'broken', 200],
    ['a deadlock in round 70', machines.stuckInRound(70), 'deadlock', 70],
  ])('is explored further: %s is found', async (_, subject, kind, length) => {
    const { findings } = await check(subject, { faults: { drop: 0 } });
    expect(findings.map((finding) => [finding.kind, finding.trace.length])).toContainEqual([kind, length]);
  });

  test('is counted where the exploration ends: large numbers', async () => {
    const { merged, proved, unproven, bound } = await check(machines.endlessCounter(), { faults: { drop: 0 } });
    expect([bound, merged]).toEqual([undefined, { large: 1, vague: 0, upTo: 1024 }]);
    expect(proved[0]).toBe('no deadlock without faults, 1,026 states (1 situation taken for one of them)');
    expect(unproven).toContainEqual(
      expect.stringMatching(/^what depends on numbers above 1,024, or on longer lists: 1 situation /),
    );
  });

  test('is counted where the exploration ends: long texts', async () => {
    const bodies = [60, 70, 80].map((length) => 'x'.repeat(length));
    const { merged, unproven } = await check(machines.longTexts(), { samples: { note: bodies } });
    expect(merged).toEqual({ large: 0, vague: 2, upTo: 4 });
    expect(unproven).toContainEqual(expect.stringMatching(/^what depends on long texts.*: 2 situations /));
  });

  test('is nothing when every situation is explored by itself', async () => {
    const { merged, proved } = await check(machines.circularWait(true));
    expect(merged).toBeUndefined();
    expect(proved.join()).not.toContain('situation');
  });
});

test.each([
  ['a child that tells its parent something, with eventless transitions', machines.heardReporter(true)],
  ['the same without eventless transitions in the child', machines.heardReporter(false)],
  ['a child of a child that tells its parent something', machines.heardGrandchild()],
  ['a child that has ended when a delayed message for it is due', machines.lateReminder()],
])('a correct machine is judged as the engine runs it: %s', async (_, subject) => {
  const { findings, bound, proved } = await check(subject, { faults: { drop: 0 } });
  expect([findings, bound]).toEqual([[], undefined]);
  expect(proved.join()).toContain('no step that throws');
});

test('a step that breaks whatever an effect answers is a finding, and no reason to ask for samples', async () => {
  const { findings } = await check(machines.brokenAnyway(), { faults: { drop: 0 } });
  expect(findings.map(({ kind, says }) => [kind, says])).toContainEqual([
    'broken',
    expect.stringContaining('it always breaks here') as string,
  ]);
});

test('a message without replies needs no answer, and a service may wait for the next message', async () => {
  const { findings, states } = await check(machines.withoutReplies());
  expect([findings, states]).toEqual([[], 3]);
});

test('an ask that is not repeated is answered', async () => {
  expect((await check(machines.lostRequest(), { faults: { dup: 0 } })).findings).toEqual([]);
});

test('only the allowed faults are made, and the report claims only what was explored', async () => {
  const { findings, proved, unproven } = await check(teams.withoutDeadline, { faults: { drop: 0, dup: 0, crash: 0 } });
  expect(findings).toEqual([]);
  expect(proved).toContainEqual(expect.stringMatching(/^no deadlock without faults, [\d,]+ states$/));
  expect(proved.join()).not.toContain('no hang');
  expect(unproven).toEqual([expect.stringContaining('whether it hangs when a message is lost')]);
});

describe('a check that reaches a bound', () => {
  /** Keeps a text that grows with every message. */
  const chatty = machine(
    setup({
      types: {} as { context: { log: string; seen: boolean }; events: { type: 'said' } },
      actions: { keep: assign({ log: ({ context }) => `${context.log}x`, seen: true }) },
    }).createMachine({ id: 'diary', context: { log: '', seen: false }, on: { said: { actions: 'keep' } } }),
  );

  test('reports no proof, and says what is unexplored and what grows', async () => {
    const report = await check(chatty, { maxStates: 20, context: { diary: ({ log }: { log: string }) => log } });
    expect(report.bound).toEqual({ what: 'states', at: 20, grows: '"log" in the context of "diary" (20 values)' });
    expect(report.proved).toEqual([]);
    expect(report.unproven[0]).toContain('it stopped at 20 states; what grows is "log"');
  });

  test('can be limited to a number of events', async () => {
    const { bound, proved } = await check(teams.correctTeam, { maxDepth: 3 });
    expect(bound).toMatchObject({ what: 'depth', at: 3 });
    expect(proved).toEqual([]);
  });

  test('ends when a projection keeps only the relevant part of the context', async () => {
    const report = await check(chatty, { context: { diary: ({ seen }: { seen: boolean }) => seen } });
    expect([report.states, report.bound]).toEqual([2, undefined]);
  });
});

describe('a definition that cannot be checked is refused', () => {
  const refusals: [string, () => Promise<unknown>, { kind: string; message: RegExp }][] = [
    ['no subject', () => check({} as never), { kind: 'definition', message: /takes an agent/ }],
    [
      'an unknown fault',
      () => check(teams.correctTeam, { faults: { fire: 1 } as never }),
      { kind: 'invalid', message: /drop, dup, crash; got "fire"/ },
    ],
    [
      'a fault less than never',
      () => check(teams.correctTeam, { faults: { drop: -1 } }),
      { kind: 'invalid', message: /from 0 to 9; "drop" is -1/ },
    ],
    [
      'no states at all',
      () => check(teams.correctTeam, { maxStates: 0 }),
      { kind: 'invalid', message: /maxStates is a whole number/ },
    ],
    [
      'an empty list of samples',
      () => check(teams.correctTeam, { samples: { article: [] } }),
      { kind: 'invalid', message: /samples of "article"/ },
    ],
    [
      'a sample that does not fit',
      () => check(teams.correctTeam, { samples: { article: [{ title: 1 }] } }),
      { kind: 'invalid', message: /The body of "article" does not fit/ },
    ],
    [
      'an effect without samples of its output',
      () => check(machines.uncheckedOutput()),
      { kind: 'definition', message: /samples: \{ "locate": \[ … \] \}/ },
    ],
  ];
  test.each(refusals)('%s', async (_, attempt, { kind, message }) => {
    const thrown = await attempt().then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(thrown).toBeInstanceOf(TroupeError);
    expect(thrown).toMatchObject({ kind, message: expect.stringMatching(message) as string });
  });
});

test.each([
  ['that refers to itself', z.lazy(() => tree)],
  ['that is two together', z.intersection(z.object({ name: z.string() }), z.object({ size: z.enum(['s', 'l']) }))],
])('a message %s needs no samples of the user', async (_, body) => {
  const Talk = protocol({ ask: { body, replies: ['said'] }, said: { body: z.string() } });
  const clerk = agent({ name: 'clerk', protocol: Talk, handles: ['ask'], model: 'offline' });
  const desk = team({
    name: 'desk',
    protocol: Talk,
    members: { clerk },
    accepts: 'ask',
    returns: 'said',
    route: { ask: ({ body }, { to }) => to('clerk', 'ask', body), said: ({ body }, { finish }) => finish(body) },
  });
  expect((await check(desk, { maxStates: 300 })).states).toBeGreaterThan(1);
});

const tree: z.ZodType = z.object({ name: z.string(), left: z.lazy(() => tree).nullable() });
