import { describe, expect, test } from 'vitest';
import { fromPromise, type AnyEventObject } from 'xstate';
import type { AgentOutput } from '../../../src/contracts/agent.ts';
import type { RunOutput } from '../../../src/contracts/run.ts';
import { runWith } from '../../../machines/run/run.ts';
import { defaultRunLimits, type RunSettings } from '../../../machines/run/settings.ts';
import { after, done, failed, appendedEntries, startedActors, type Played } from '../../../src/testing/play.ts';
import { playEvents } from '../playEvents.ts';
import { playWithTreasurer } from '../treasurerDouble.ts';
import { fault, used } from '../effectResults.ts';

const members = ['writer', 'critic'];
const member = fromPromise(() => Promise.resolve(null));
const story = (
  settings: { limits?: Partial<RunSettings['limits']>; budget?: RunSettings['budget'] },
  ...events: AnyEventObject[]
) => {
  const machine = runWith({ limits: { ...defaultRunLimits, ...settings.limits }, budget: settings.budget ?? {} });
  return playWithTreasurer(
    machine.provide({ actors: { writer: member, critic: member } as never }),
    { type: 'brief', body: { topic: 'actors' } },
    events,
  );
};
const output = ({ snapshot }: Played) => snapshot.output as RunOutput | undefined;
const stateOf = ({ snapshot: { value } }: Played) =>
  JSON.stringify(typeof value === 'string' ? value : (value as { active: { lifecycle: unknown } }).active.lifecycle);
const sentTo = ({ actions }: Played) =>
  actions
    .filter(({ type }) => type === 'xstate.sendTo')
    .map(({ params }) => params as { targetId: string; event: { type: string } })
    .map(({ targetId, event }) => `${event.type} ${targetId}`);

const send = (...to: string[]) =>
  done('route', { send: to.map((name) => ({ to: name, type: 'draft', body: { by: name } })) });
const finish = done('route', { finish: { title: 'Actors' } });
const answer = (place: number, type = 'article'): AnyEventObject =>
  done(`member.${place}`, {
    status: 'completed',
    answer: { type, body: { place } },
    evidence: [],
    usage: used,
  } satisfies AgentOutput);
const failedMember = (place: number) =>
  done(`member.${place}`, {
    status: 'failed',
    failure: fault('model'),
    phase: 'execution',
    evidence: [],
    usage: used,
  } satisfies AgentOutput);

test('routes every message, starts the named members, and ends with the result of the route', () => {
  const played = story({}, send('writer'), answer(0), finish);
  expect(startedActors(played).map(({ src, id }) => [src, id])).toEqual([
    ['route', 'route'],
    ['writer', 'member.0'],
    ['route', 'route'],
  ]);
  expect(appendedEntries(played, 'messages')).toEqual([
    { type: 'brief', body: { topic: 'actors' }, at: 0 },
    { type: 'article', body: { place: 0 }, from: 'writer', turn: 0, usage: used, at: 0 },
  ]);
  expect(output(played)).toMatchObject({
    status: 'completed',
    result: { title: 'Actors' },
    turns: 1,
    usage: { steps: 1, usd: 0.001 },
  });
});

test('several members work in parallel; their answers are routed one by one, in the order they came', () => {
  const played = story({}, send('writer', 'critic'), answer(1, 'review'), answer(0));
  const routed = startedActors(played).filter(({ src }) => src === 'route');
  expect(routed.map(({ input }) => input)).toEqual([{ index: 0 }, { index: 1 }]);
  const all = story({}, send('writer', 'critic'), answer(1, 'review'), answer(0), send(), finish);
  expect(
    startedActors(all)
      .filter(({ src }) => src === 'route')
      .at(-1)?.input,
  ).toEqual({ index: 2 });
  expect(output(all)).toMatchObject({ status: 'completed', turns: 2, usage: { steps: 2 } });
});

test('a free slot is used again', () => {
  const played = story({}, send('writer'), answer(0), send('critic'), answer(0), send('writer'));
  expect(
    startedActors(played)
      .filter(({ id }) => id.startsWith('member'))
      .map(({ id }) => id),
  ).toEqual(['member.0', 'member.0', 'member.0']);
  expect(Object.keys(played.snapshot.children)).toEqual(['member.0']);
});

test('a member that fails its task fails the run, with its failure and the answers so far', () => {
  const played = story({}, send('writer'), answer(0), send('critic'), failedMember(0));
  expect(output(played)).toMatchObject({
    status: 'failed',
    failure: { kind: 'model' },
    member: 'critic',
    partial: { type: 'article' },
  });
});

test('a member that exceeded its restarts fails the run', () => {
  expect(output(story({}, send('writer'), failed('member.0', fault('restarts'))))).toMatchObject({
    status: 'failed',
    failure: { kind: 'restarts' },
    member: 'writer',
  });
});

test('a route that names no next message, or throws, fails the run with an explanation', () => {
  expect(output(story({}, send()))).toMatchObject({ status: 'failed', failure: { kind: 'definition' } });
  expect(output(story({}, failed('route', fault('definition', 'says nothing about "draft"'))))).toMatchObject({
    failure: { message: 'says nothing about "draft"' },
  });
});

test('a pause that comes while a message is routed starts no member; the message is routed again on resume', () => {
  const paused = story({}, { type: 'run.pause' }, send('writer'));
  expect(startedActors(paused).map(({ src }) => src)).toEqual(['route']);
  expect(stateOf(paused)).toBe('{"working":"held"}');
  const resumed = story({}, { type: 'run.pause' }, send('writer'), { type: 'run.resume' }, send('writer'));
  expect(startedActors(resumed).map(({ src }) => src)).toEqual(['route', 'route', 'writer']);
});

describe('bounds:', () => {
  test('turns', () => {
    expect(output(story({ limits: { maxTurns: 1 } }, send('writer'), answer(0), send('critic')))).toMatchObject({
      status: 'failed',
      failure: { kind: 'budget', data: { turns: 1 } },
    });
  });

  test('money: what is left is shared, and with nothing left no member is started', () => {
    const two = story({ budget: { usd: 4, steps: 10 } }, send('writer', 'critic'));
    expect(
      startedActors(two)
        .filter(({ src }) => members.includes(src))
        .map(({ input }) => input),
    ).toMatchObject([{ allowance: { usd: 2, steps: 5 } }, { allowance: { usd: 2, steps: 5 } }]);
    // A share that may be too small for a call is asked for before the first one.
    const small = story({ budget: { usd: 0.004, steps: 10 } }, send('writer', 'critic'));
    expect(startedActors(small).map(({ input }) => (input as { allowance?: object }).allowance)).toEqual(
      expect.arrayContaining([
        { usd: 0, steps: 5 },
        { usd: 0, steps: 5 },
      ]),
    );
    const spent = story({ budget: { usd: 0.001 } }, send('writer'), answer(0), send('critic'));
    expect(output(spent)).toMatchObject({ status: 'failed', failure: { kind: 'budget' } });
  });

  test('money: what working members were granted is not granted again, and what they leave unused is', () => {
    const given = (played: Played) =>
      startedActors(played)
        .filter(({ src }) => members.includes(src))
        .map(({ input }) => (input as { allowance: { usd: number } }).allowance.usd);
    const busy = [send('writer', 'critic'), answer(0), send('writer')];
    const played = story({ budget: { usd: 10 } }, ...busy);
    expect(given(played)).toEqual([5, 5, expect.closeTo(4.999, 6)]);
    const exhausted = story({ budget: { usd: 10 } }, ...busy, answer(0), send('writer'), answer(0), send('writer'));
    expect(given(exhausted).at(-1)).toBeCloseTo(4.997, 6);
  });

  test('money: a message waits while members hold all that is left, and is handed out with what they return', () => {
    const costly = (slot: number) =>
      done(`member.${slot}`, {
        status: 'completed',
        answer: { type: 'article', body: {} },
        evidence: [],
        usage: { ...used, usd: 1 },
      });
    const busy = [send('writer', 'critic'), costly(0), send('writer')];
    const held = story({ budget: { usd: 2 } }, ...busy);
    expect(stateOf(held)).toBe('{"working":"leasing"}');
    expect(startedActors(held).filter(({ src }) => src === 'writer')).toHaveLength(1);
    const noCost = { ...used, usd: 0 };
    const back = done('member.1', {
      status: 'completed',
      answer: { type: 'review', body: {} },
      evidence: [],
      usage: noCost,
    });
    const afterReturn = story({ budget: { usd: 2 } }, ...busy, back, send('writer'));
    expect(startedActors(afterReturn).filter(({ src }) => src === 'writer')).toHaveLength(2);
    expect(output(story({ budget: { usd: 2 } }, ...busy, costly(1), send('writer')))).toMatchObject({
      status: 'failed',
      failure: { kind: 'budget' },
    });
  });

  test('money: an answer about another request starts no member', () => {
    const machine = runWith({ limits: defaultRunLimits, budget: { steps: 4 } });
    const input = { type: 'brief', body: { topic: 'actors' } };
    for (const type of ['treasury.granted', 'treasury.refused']) {
      const stray = { type, id: 'lease/7', budget: { steps: 4 }, failure: fault('budget') };
      const played = playEvents(machine.provide({ actors: { writer: member } as never }), input, [
        send('writer'),
        stray,
      ]);
      expect(stateOf(played)).toBe('{"working":"leasing"}');
      expect(startedActors(played).map(({ src }) => src)).not.toContain('writer');
    }
  });

  test('time: members get a cancel, and the run ends when they have ended', () => {
    const late = story({}, send('writer'), after('deadline', 'run.active.clock.ticking'));
    expect(sentTo(late)).toEqual(['agent.cancel member.0']);
    expect(output(late)).toBeUndefined();
    expect(
      output(story({}, send('writer'), after('deadline', 'run.active.clock.ticking'), failedMember(0))),
    ).toMatchObject({
      status: 'failed',
      failure: { data: { what: 'time' } },
    });
  });
});

describe('from outside:', () => {
  const cancel = { type: 'run.cancel', reason: 'enough' };

  test('cancel reaches every member, and waits only for the grace period', () => {
    const played = story({}, send('writer', 'critic'), cancel);
    expect(sentTo(played)).toEqual(['agent.cancel member.0', 'agent.cancel member.1']);
    expect(stateOf(played)).toContain('waiting');
    const grace = after('grace', 'run.active.lifecycle.stopping.waiting');
    expect(output(story({}, send('writer', 'critic'), cancel, failedMember(0), grace))).toMatchObject({
      status: 'cancelled',
      reason: 'enough',
    });
  });

  test('an answer of a member after the cancel does not complete the run', () => {
    expect(output(story({}, send('writer'), cancel, answer(0)))).toMatchObject({
      status: 'cancelled',
      partial: { type: 'article' },
    });
  });

  test('pause reaches every member, and no member is started until resume', () => {
    const paused = story({}, send('writer'), { type: 'run.pause' }, answer(0));
    expect(sentTo(paused)).toEqual(['agent.pause member.0']);
    expect(startedActors(paused).filter(({ src }) => src === 'route')).toHaveLength(1);
    const resumed = story({}, send('writer', 'critic'), { type: 'run.pause' }, answer(0), { type: 'run.resume' });
    expect(sentTo(resumed)).toEqual(['agent.pause member.0', 'agent.pause member.1', 'agent.resume member.1']);
    expect(stateOf(resumed)).toContain('routing');
  });
});
