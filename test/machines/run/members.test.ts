/** Members of a run: nested teams, and long-lived supervisors. */
import { describe, expect, test } from 'vitest';
import { fromPromise, type AnyEventObject } from 'xstate';
import { maxNestingDepth, type MemberKind } from '../../../machines/member.ts';
import { defaultRunSettings } from '../../../machines/run/settings.ts';
import { runWith } from '../../../machines/run/run.ts';
import type { RunOutput } from '../../../src/contracts/run.ts';
import { after, done, failed, appendedEntries, startedActors, type Played } from '../../../src/testing/play.ts';
import { playEvents } from '../playEvents.ts';
import { fault, used } from '../effectResults.ts';

const member = fromPromise(() => Promise.resolve(null));
const members: Record<string, MemberKind> = {
  desk: { kind: 'standing' },
  newsroom: { kind: 'team', takes: 'brief', gives: 'article' },
};
/** What the treasurer grants for the nth request: an equal share of ten steps. */
const granted = (n: number, among: number) => ({
  type: 'treasury.granted',
  id: `lease/${n}`,
  budget: { steps: Math.floor(10 / among) },
});
/** Sends the events, and grants every requested lease. */
const withLeases = (events: readonly AnyEventObject[]) => {
  let asked = 0;
  return events.flatMap((event) => {
    const { send } = (event as { output?: { send?: readonly unknown[] } }).output ?? {};
    return send ? [event, granted(asked++, send.length)] : [event];
  });
};
const story = (...events: AnyEventObject[]) =>
  playEvents(
    runWith({ ...defaultRunSettings, budget: { steps: 10 }, members }).provide({
      actors: { desk: member, newsroom: member } as never,
    }),
    { type: 'brief', body: {} },
    withLeases(events),
  );
const output = ({ snapshot }: Played) => snapshot.output as RunOutput | undefined;
const sent = ({ actions }: Played) =>
  actions
    .filter(({ type }) => type === 'xstate.sendTo')
    .map(({ params }) => params as { targetId: string; event: AnyEventObject })
    .filter(({ targetId }) => targetId !== 'treasurer')
    .map(({ targetId, event }) => [targetId, event]);
const spawned = (played: Played) => startedActors(played).filter(({ src }) => src !== 'route' && src !== 'treasurer');
const send = (...to: string[]) =>
  done('route', { send: to.map((name) => ({ to: name, type: 'draft', body: { by: name } })) });
const answers = (id: string) => ({
  type: 'work.done',
  id,
  output: { status: 'completed', answer: { type: 'article', body: {} }, evidence: [], usage: used },
});
const cancel = { type: 'run.cancel', reason: 'enough' };

describe('a long-lived supervisor', () => {
  test('is started once and gets one piece of work after another, each with its slot', () => {
    const played = story(send('desk', 'desk'), answers('1'), send('desk'));
    expect(spawned(played).map(({ src, id }) => [src, id])).toEqual([['desk', 'standing.desk']]);
    expect(sent(played)).toMatchObject([
      ['standing.desk', { type: 'work', id: '0', message: { type: 'draft', body: { by: 'desk' } }, attempt: 1 }],
      ['standing.desk', { type: 'work', id: '1', allowance: { steps: 5 } }],
      ['standing.desk', { type: 'work', id: '1', allowance: { steps: 10 } }],
    ]);
    expect(appendedEntries(played, 'messages').at(-1)).toMatchObject({
      type: 'article',
      from: 'desk',
      turn: 1,
      usage: used,
    });
  });

  test('fails the run with the refusal that it answers', () => {
    const refused = { status: 'failed', failure: fault('denied'), phase: 'execution', evidence: [], usage: used };
    expect(output(story(send('desk'), { type: 'work.done', id: '0', output: refused }))).toMatchObject({
      status: 'failed',
      failure: { kind: 'denied' },
      member: 'desk',
      usage: { steps: 1 },
    });
  });

  test('that answers for work it does not have is ignored', () => {
    const played = story(send('newsroom'), answers('0'), answers('7'));
    expect(appendedEntries(played, 'messages')).toHaveLength(1);
    expect(output(played)).toBeUndefined();
  });

  test('that fails fails all its work, and is started again when it had none', () => {
    const busy = story(send('desk', 'desk'), failed('standing.desk', fault('restarts')));
    expect(output(busy)).toMatchObject({ status: 'failed', failure: { kind: 'restarts' }, member: 'desk' });
    expect(output(story(send('desk'), done('standing.desk', null)))).toMatchObject({
      failure: { kind: 'internal', message: expect.stringContaining('must stand') as string },
    });
    const idle = story(send('desk'), answers('0'), failed('standing.desk', fault('restarts')), send('desk'));
    expect(spawned(idle)).toHaveLength(2);
  });

  test('gets a pause and a cancel for each slot, and is stopped when it does not end', () => {
    const played = story(send('desk'), { type: 'run.pause' }, { type: 'run.resume' }, cancel);
    expect(sent(played).slice(1)).toEqual([
      ['standing.desk', { type: 'work.pause', id: '0' }],
      ['standing.desk', { type: 'work.resume', id: '0' }],
      ['standing.desk', { type: 'work.cancel', id: '0', reason: 'enough' }],
    ]);
    expect(output(story(send('desk'), cancel, answers('0')))).toMatchObject({ status: 'cancelled', usage: used });
    expect(output(story(send('desk', 'desk'), cancel, failed('standing.desk', fault('restarts'))))).toBeDefined();
    const silent = story(send('desk', 'desk'), cancel, after('grace', 'run.active.lifecycle.stopping.waiting'));
    const stopped = silent.actions
      .filter(({ type }) => type === 'xstate.stopChild')
      .map(({ params }) => (params as { id: string }).id);
    expect(stopped.filter((id) => id !== 'route' && id !== 'treasurer')).toEqual(['standing.desk']);
    expect(output(silent)).toMatchObject({ status: 'cancelled' });
  });
});

describe('a team within a team', () => {
  test('gets its message under its own message type, its share of the budget, and its nesting depth', () => {
    const played = story(send('newsroom'));
    expect(spawned(played)).toMatchObject([
      {
        src: 'newsroom',
        id: 'member.0',
        input: { type: 'brief', body: { by: 'newsroom' }, budget: { steps: 10 }, depth: 1 },
      },
    ]);
  });

  test('its result is its answer, under the message type of the outer team; its usage is counted', () => {
    const result = { status: 'completed', result: { text: 'tea' }, turns: 3, usage: used };
    const played = story(send('newsroom'), done('member.0', result));
    expect(appendedEntries(played, 'messages').at(-1)).toMatchObject({
      type: 'article',
      body: { text: 'tea' },
      from: 'newsroom',
    });
    const over = { status: 'cancelled', reason: 'enough', turns: 3, usage: used };
    expect(output(story(send('newsroom'), done('member.0', over)))).toMatchObject({
      failure: { kind: 'cancelled' },
      usage: used,
    });
  });

  test('gets control events under its own names', () => {
    expect(sent(story(send('newsroom'), { type: 'run.pause' }, cancel))).toEqual([
      ['member.0', { type: 'run.pause' }],
      ['member.0', { type: 'run.cancel', reason: 'enough' }],
    ]);
  });

  test('that is nested too deeply is refused, and starts no member', () => {
    const played = playEvents(runWith(defaultRunSettings), { type: 'brief', body: {}, depth: maxNestingDepth }, []);
    expect(output(played)).toMatchObject({
      status: 'failed',
      failure: { kind: 'denied', data: { refusedBy: 'depth', depth: 9 } },
    });
    expect(startedActors(played)).toEqual([]);
  });
});
