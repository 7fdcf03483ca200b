/** A supervised team gives work again when a member fails, in every form of team. */
import { expect, test } from 'vitest';
import {
  agent,
  debate,
  guarded,
  guardrails,
  handoff,
  mapReduce,
  orchestrator,
  pipeline,
  protocol,
  roundRobin,
  selector,
  supervisorTeam,
  team,
  until,
  type Budget,
  type Runnable,
} from 'troupe';
import { crashEverywhere, expectSurvival, scriptedModel, testRuntime } from 'troupe/testing';
import { z } from 'zod';

type Supervise = NonNullable<Parameters<typeof pipeline>[0]['supervise']>;
interface Given {
  readonly supervise?: Supervise;
  readonly budget?: Budget;
}

/** An agent whose first `times` attempts at every text fail, and which then repeats the beginning of the text. */
function failing(times: number, name = 'ada', kind = { status: 400, message: 'Not today.' }) {
  const tries = new Map<string, number>();
  let calls = 0;
  const model = scriptedModel(({ messages, tools }) => {
    calls++;
    const text = JSON.stringify(messages[0]);
    const tried = tries.get(text) ?? 0;
    tries.set(text, tried + 1);
    if (tried < times) return { error: kind };
    const isHandoff = tools.some((each) => each.name === 'answer_handoff');
    return isHandoff ? { calls: [{ name: 'answer_reply', input: { value: 'done' } }] } : { text: 'done' };
  });
  return { subject: agent({ name, model, limits: { maxRecoveries: 0 } }), calls: () => calls };
}
type Member = ReturnType<typeof failing>['subject'];
const steady = () => failing(0, 'bob').subject;

const presets: [string, (member: Member, more: Given) => Runnable][] = [
  ['a pipeline', (member, more) => pipeline({ name: 'desk', stages: [member, steady()], ...more })],
  [
    'a round robin',
    (member, more) => roundRobin({ name: 'desk', members: [member, steady()], until: until.maxTurns(3), ...more }),
  ],
  [
    'a selector',
    (member, more) =>
      selector({ name: 'desk', members: [member, steady()], choose: () => 'ada', until: until.maxTurns(2), ...more }),
  ],
  ['a handoff', (member, more) => handoff({ name: 'desk', members: [member, steady()], start: 'ada', ...more })],
  [
    'a map-reduce',
    (member, more) =>
      mapReduce({
        name: 'desk',
        split: (text: string) => [text, `${text}!`, `${text}?`],
        map: member,
        reduce: (all) => all.join(' '),
        concurrency: 2,
        ...more,
      }),
  ],
  [
    'a debate',
    (member, more) =>
      debate({ name: 'desk', debaters: [member, steady()], judge: failing(0, 'eve').subject, rounds: 2, ...more }),
  ],
  [
    'a supervisor team',
    (member, more) => supervisorTeam({ name: 'desk', supervisor: member, workers: [steady()], ...more }),
  ],
  [
    'a pipeline of guarded members',
    (member, more) =>
      pipeline({ name: 'desk', stages: [guarded(member, [guardrails.timeout({ max: '2h' })])], ...more }),
  ],
  [
    'a pipeline of orchestrators',
    (member, more) =>
      pipeline({
        name: 'desk',
        stages: [orchestrator({ name: 'ada', members: [member], retry: { maxRetries: 0 } })],
        ...more,
      }),
  ],
  [
    'a pipeline of pipelines',
    (member, more) => pipeline({ name: 'desk', stages: [pipeline({ name: 'ada', stages: [member] })], ...more }),
  ],
];

async function outcomeOf(subject: Runnable) {
  await using runtime = await testRuntime();
  const run = await runtime.start(subject, 'Go.' as never);
  await runtime.advance('20m');
  return run.outcome();
}

const budgets: [string, Given][] = [
  ['without a budget', {}],
  ['with one', { budget: { steps: 200, usd: 5 } }],
];
const cases = presets.flatMap(([what, make]) => budgets.map(([how, more]) => [what, how, make, more] as const));
test.each(cases)(
  '%s %s: a member that fails twice and then works is supervised to the end',
  async (_, __, make, more) => {
    expect(await outcomeOf(make(failing(2).subject, { supervise: { maxRestarts: 2 }, ...more }))).toMatchObject({
      status: 'done',
    });
  },
);

test.each(cases)(
  '%s %s: a member that fails once too often fails the team, with its reason',
  async (_, __, make, more) => {
    const { subject, calls } = failing(9);
    const outcome = await outcomeOf(make(subject, { supervise: { maxRestarts: 2 }, ...more }));
    expect(outcome).toMatchObject({
      status: 'failed',
      failure: {
        message: expect.stringMatching(/Not today.*tried 3 times/) as string,
        data: { member: 'ada', ended: 'failed' },
      },
    });
    expect(calls()).toBeGreaterThanOrEqual(3);
  },
);

test('without `supervise`, or with no restarts, the first failure ends the team', async () => {
  for (const more of [{}, { supervise: { maxRestarts: 0 } }]) {
    const { subject, calls } = failing(1);
    expect(await outcomeOf(pipeline({ name: 'desk', stages: [subject], ...more }))).toMatchObject({ status: 'failed' });
    expect(calls()).toBe(1);
  }
});

test('a failure that another attempt would only repeat is final', async () => {
  const { subject, calls } = failing(9, 'ada', { status: 401, message: 'Who are you?' });
  const outcome = await outcomeOf(pipeline({ name: 'desk', stages: [subject], supervise: { maxRestarts: 5 } }));
  expect(outcome).toMatchObject({ status: 'failed', failure: { kind: 'auth' } });
  expect(calls()).toBe(1);
});

test("attempts do not count among the turns of a route of one's own, and the route does not see them", async () => {
  const Desk = protocol({
    brief: { body: z.string(), replies: ['note'] },
    note: { body: z.string() },
  });
  const tried = { times: 0 };
  const member = agent({
    name: 'ada',
    protocol: Desk,
    handles: ['brief'],
    limits: { maxRecoveries: 0 },
    model: scriptedModel(() =>
      ++tried.times % 3 === 0
        ? { calls: [{ name: 'answer_note', input: { value: 'well' } }] }
        : { error: { status: 400 } },
    ),
  });
  const seen: string[] = [];
  const desk = team({
    name: 'desk',
    protocol: Desk,
    members: { ada: member },
    accepts: 'brief',
    returns: 'note',
    maxTurns: 2,
    supervise: { maxRestarts: 2 },
    route: {
      brief: ({ body }, { to }) => to('ada', 'brief', body),
      note: ({ body }, { to, finish, said, count }) => {
        seen.push(said.map(({ type, turn }) => `${type} ${turn ?? ''}`.trim()).join(', '));
        return count('note') < 2 ? to('ada', 'brief', body) : finish(body);
      },
    },
  });
  expect(await outcomeOf(desk)).toMatchObject({ status: 'done', output: 'well' });
  expect(new Set(seen)).toEqual(new Set(['brief, note 0', 'brief, note 0, note 1']));
  expect(tried.times).toBe(6);
});

test('a map-reduce with `maxFailures` leaves an item out after the attempts of `supervise` as well', async () => {
  const attempts: string[] = [];
  const bad = agent({
    name: 'worker',
    limits: { maxRecoveries: 0 },
    model: scriptedModel(({ messages }) => {
      const text = JSON.stringify(messages[0]);
      attempts.push(text);
      return text.includes('bad') ? { error: { status: 400 } } : { text: 'ok' };
    }),
  });
  const subject = mapReduce({
    name: 'desk',
    split: (text: string) => text.split(' '),
    map: bad,
    reduce: (all) => all.join(' '),
    maxFailures: 1,
    supervise: { maxRestarts: 1 },
  });
  await using runtime = await testRuntime();
  const run = await runtime.start(subject, 'a bad b');
  await runtime.advance('20m');
  expect(await run.outcome()).toMatchObject({ status: 'done', output: 'ok ok' });
  expect(attempts.filter((text) => text.includes('bad'))).toHaveLength(2);
});

test('attempts are the same after a crash at any of a sample of points', async () => {
  // Which attempt it is cannot be seen by a model, so every attempt fails: the run ends the same way, after as many of them.
  const bad = agent({
    name: 'ada',
    limits: { maxRecoveries: 0 },
    model: scriptedModel(() => ({ error: { status: 400 } })),
  });
  const subject = pipeline({ name: 'desk', stages: [steady(), bad], supervise: { maxRestarts: 2 } });
  expectSurvival(await crashEverywhere(() => ({ subject, input: 'Go.' }), { sample: 6 }));
});
