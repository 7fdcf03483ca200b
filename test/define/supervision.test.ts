/** Supervision in a team: which members are restarted together, when the limit is reached, and how the failure is reported. */
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { agent, openRuntime, protocol, team, type Runtime } from 'troupe';
import { scriptedModel, virtualClock } from 'troupe/testing';
import { endingOf, memberFailure } from '../../src/contracts/ending.ts';
import type { Failure } from '../../src/values/failure.ts';
import { memory } from '../../src/journal/memory/memory.ts';
import type { ActorType } from '../../src/core/actorType.ts';
import { untilQuiet } from '../../src/testing/untilQuiet.ts';

const Talk = protocol({
  ask: { body: z.string(), replies: ['tell'] },
  tell: { body: z.string() },
});
type Supervise = NonNullable<Parameters<typeof team>[0]['supervise']>;
const silent = () => scriptedModel(() => ({ hang: true }));
const desk = (supervise: Supervise = {}, model: () => ReturnType<typeof silent> = silent, options = {}) => {
  const member = (name: string) => agent({ name, protocol: Talk, handles: ['ask'], model: model(), ...options });
  return team({
    name: 'desk',
    protocol: Talk,
    members: { first: member('first'), second: member('second'), third: member('third') },
    accepts: 'ask',
    returns: 'tell',
    supervise,
    route: {
      ask: ({ body }) => ({ send: ['first', 'second', 'third'].map((to) => ({ to, type: 'ask', body })) }),
      tell: ({ body }, { finish }) => finish(body),
    },
  });
};

/** Makes the chart of a member throw at the input "break": a defect, which none of our charts has. */
const breakable = (type: ActorType): ActorType => ({
  ...type,
  child(source) {
    const child = type.child(source);
    if (!child || child.chart.machine.id !== 'agent') return child;
    const { chart } = child;
    const step: typeof chart.step = (snapshot, event) => {
      if ((event as { text?: unknown }).text === 'break') throw new Error('broken on purpose');
      return chart.step(snapshot, event);
    };
    return { ...child, chart: { ...chart, step, ignores: (...args) => chart.ignores(...args) } };
  },
});

async function startTeam(supervise: Supervise) {
  const clock = virtualClock();
  const journal = memory();
  const runtime = await openRuntime({ journal, clock, env: {}, prepare: breakable });
  const handle = await runtime.start(desk(supervise), 'Go.', { key: 'r1' });
  await untilIdle();
  const members = async () => {
    const rows = await Promise.all(
      ['first', 'second', 'third'].map(async (type) => (await journal.find({ run: 'r1', type }))[0]!),
    );
    return rows;
  };
  const crashMember = async (place: number, on: Runtime = runtime) => {
    await on.signal((await members())[place]!.actor, { type: 'agent.input', text: 'break' });
    await untilIdle();
  };
  return { clock, journal, runtime, handle, members, breaks: crashMember };
}
const untilIdle = () => untilQuiet(() => 0);
const restartsOf = (rows: readonly { meta: unknown }[]) =>
  rows.map(({ meta }) => (meta as { life?: number }).life ?? 0);

describe('a member that crashes', () => {
  test.each([
    ['one-for-one', [0, 1, 0]],
    ['rest-for-one', [0, 1, 1]],
    ['one-for-all', [1, 1, 1]],
  ] as const)('is restarted from its initial state, %s', async (strategy, lives) => {
    const { runtime, members, breaks: crashMember } = await startTeam({ strategy, restart: 'fresh' });
    await crashMember(1);
    expect(restartsOf(await members())).toEqual(lives);
    await runtime.close();
  });

  test('resumes from its last state, without the event that crashed it', async () => {
    const { runtime, members, breaks: crashMember } = await startTeam({ restart: 'resume', strategy: 'one-for-all' });
    await crashMember(1);
    expect(restartsOf(await members())).toEqual([0, 0, 0]);
    expect((await members()).map(({ status }) => status)).toEqual(['active', 'active', 'active']);
    await runtime.close();
  });

  test('more often than allowed fails the run, with the member and the cause in the failure', async () => {
    const { runtime, handle, breaks: crashMember } = await startTeam({ maxRestarts: 1, restart: 'fresh' });
    await crashMember(1);
    await crashMember(1);
    expect(await handle.outcome()).toMatchObject({
      status: 'failed',
      failure: {
        kind: 'restarts',
        message: expect.stringContaining('broken on purpose') as string,
        data: { member: 'second', ended: 'restarts', times: 2, maxRestarts: 1 },
      },
    });
    await runtime.close();
  });

  test('keeps its count of restarts in another process', async () => {
    const { clock, journal, runtime, breaks: crashMember } = await startTeam({ maxRestarts: 1, restart: 'fresh' });
    await crashMember(0);
    await runtime.close();
    const next = await openRuntime({ journal, clock, env: {}, prepare: breakable });
    const handle = await next.resume('r1', desk({ maxRestarts: 1, restart: 'fresh' }));
    await untilIdle();
    await crashMember(0, next);
    expect(await handle.outcome()).toMatchObject({ status: 'failed', failure: { data: { ended: 'restarts' } } });
    await next.close();
  });
});

test.each([
  [
    'its budget is used up',
    { budget: { steps: 0 } },
    { kind: 'budget', data: { ended: 'over-budget', what: 'steps' } },
  ],
  [
    'its deadline has passed',
    { deadline: '5s' as const },
    { kind: 'budget', data: { ended: 'timed-out', what: 'time' } },
  ],
  [
    'its key is refused',
    { model: scriptedModel(() => ({ error: { kind: 'auth' } })) },
    { kind: 'auth', data: { ended: 'failed' } },
  ],
])('a member that fails because %s is named in the failure of its run', async (_, options, failure) => {
  const clock = virtualClock();
  await using runtime = await openRuntime({ db: 'memory', clock, env: {} });
  const handle = await runtime.start(desk({}, silent, options), 'Go.');
  await untilIdle();
  clock.advance(6_000);
  const { data, ...rest } = failure;
  const member = expect.stringMatching(/^(first|second|third)$/) as string;
  expect(await handle.outcome()).toMatchObject({
    status: 'failed',
    failure: { ...rest, data: { ...data, member, phase: expect.any(String) as string } },
  });
});

describe('the reason why a child ended', () => {
  const failure = (kind: Failure['kind'], data?: Failure['data']): Failure => ({
    kind,
    message: 'm',
    retryable: false,
    ...(data === undefined ? {} : { data }),
  });
  test.each([
    ['timeout', 'timed-out'],
    ['expired', 'timed-out'],
    ['cancelled', 'cancelled'],
    ['budget', 'over-budget'],
    ['unknown_recipient', 'dead-lettered'],
    ['mailbox_full', 'dead-lettered'],
    ['restarts', 'restarts'],
    ['tool', 'failed'],
    ['internal', 'failed'],
  ] as const)('is, for a failure of kind "%s", "%s"', (kind, ended) => expect(endingOf(failure(kind))).toBe(ended));

  test('keeps the data of the failure', () => {
    const denied = failure('denied', { refusedBy: 'input', reason: 'no' });
    expect(memberFailure(denied, { member: 'a', phase: 'execution' }).data).toEqual({
      refusedBy: 'input',
      reason: 'no',
      member: 'a',
      ended: 'failed',
      phase: 'execution',
    });
    expect(memberFailure(failure('capability', ['mail']), { member: 'a' }).data).toEqual({
      facts: ['mail'],
      member: 'a',
      ended: 'failed',
    });
  });
});
