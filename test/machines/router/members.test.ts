/** Members of a router: teams and long-lived supervisors; and a router that is a member itself. */
import { describe, expect, test } from 'vitest';
import { fromPromise, type AnyEventObject } from 'xstate';
import { routerWith } from '../../../machines/router/router.ts';
import { defaultRouterSettings, type RouterSettings } from '../../../machines/router/settings.ts';
import { done, failed, startedActors, type Played } from '../../../src/testing/play.ts';
import { playEvents } from '../playEvents.ts';
import { fault, used } from '../effectResults.ts';

const member = fromPromise(() => Promise.resolve(null));
const machine = (settings: Partial<RouterSettings> = {}) =>
  routerWith({
    ...defaultRouterSettings,
    members: [
      { id: 'pool', who: { kind: 'standing' }, steps: 5, takes: ['task'] },
      { id: 'desk', who: { kind: 'team', gives: 'article' }, steps: 50, takes: ['task'] },
      { id: 'ada', steps: 5, takes: ['task'] },
    ],
    strategy: { kind: 'direct' },
    ...settings,
  }).provide({ actors: { pool: member, desk: member, ada: member } as never });
const given = (to: string, more: object = {}) => ({ tasks: [{ input: 'Go.', agentId: to, ...more }], shape: 'one' });
const story = (input: object, events: readonly AnyEventObject[] = [], settings: Partial<RouterSettings> = {}) =>
  playEvents(machine(settings), input, events);
const sent = ({ actions }: Played) =>
  actions
    .filter(({ type }) => type === 'xstate.sendTo')
    .map(({ params }) => params as { targetId?: string; event: AnyEventObject })
    .map(({ targetId = 'parent', event }) => [targetId, event]);
const answer = { status: 'completed', answer: { type: 'text', body: 'done' }, evidence: [], usage: used };
const failing = { status: 'failed', failure: fault('transient'), phase: 'execution', evidence: [], usage: used };
const cancel = { type: 'orchestra.cancel', reason: 'enough' };
const results = (played: Played) =>
  played.actions
    .filter(({ type }) => type === 'append')
    .map(({ params }) => params as { list: string; entry: { result: object } })
    .filter(({ list }) => list === 'results')
    .map(({ entry }) => entry.result);

describe('a team in an orchestrator', () => {
  test('gets its message, its nesting depth, and its steps as a budget', () => {
    expect(startedActors(story(given('desk', { maxSteps: 9 })))).toMatchObject([
      { src: 'desk', id: 'task.0', input: { type: 'task', body: 'Go.', budget: { steps: 9 }, depth: 1 } },
    ]);
  });
  test('its result is the output of its task, under its message type; and it gets control events under its own names', () => {
    const over = story(given('desk'), [done('task.0', { status: 'completed', result: 1, turns: 2, usage: used })]);
    expect(results(over)).toMatchObject([{ output: { type: 'article', body: 1 }, stepsUsed: used.steps }]);
    const pause = [{ type: 'orchestra.pause' }, { type: 'orchestra.resume' }, cancel];
    expect(sent(story(given('desk'), pause))).toEqual([
      ['task.0', { type: 'run.pause' }],
      ['task.0', { type: 'run.resume' }],
      ['task.0', { type: 'run.cancel', reason: 'enough' }],
    ]);
  });
});

describe('a long-lived supervisor in an orchestrator', () => {
  const two = { tasks: ['1', '2'].map((input) => ({ input, agentId: 'pool' })), shape: 'many' };
  test('is started once, and gets one task after another', () => {
    const played = story(two);
    expect(startedActors(played)).toMatchObject([{ src: 'pool', id: 'standing.pool', input: { standing: true } }]);
    expect(sent(played)).toMatchObject([
      ['standing.pool', { type: 'work', id: '0.0.1', message: { type: 'task', body: '1' }, depth: 1 }],
      ['standing.pool', { type: 'work', id: '1.0.1' }],
    ]);
    expect(results(story(two, [{ type: 'work.done', id: '1.0.1', output: answer }]))).toMatchObject([
      { taskId: 'task-2', success: true },
    ]);
  });
  test('that fails fails its tasks, and is started again when it is needed', () => {
    const afterFailure = story({ ...two, standing: true }, [failed('standing.pool', fault('restarts'))]);
    expect(results(afterFailure)).toMatchObject([
      { success: false, failure: { kind: 'environment' } },
      { success: false, failure: { kind: 'environment' } },
    ]);
    const again = { type: 'orchestra.task', task: { input: '3', agentId: 'pool' } };
    const back = story({ ...two, standing: true }, [done('standing.pool', null), again]);
    expect(startedActors(back).filter(({ src }) => src === 'pool')).toHaveLength(2);
    expect(results(story({ ...two, standing: true }, [done('standing.nobody', null)]))).toEqual([]);
  });
});

describe('a router that is a member', () => {
  const work = (id: string, more: object = {}) => ({
    type: 'work',
    id,
    to: 'ada',
    message: { type: 'task', body: 'Go.' },
    attempt: 1,
    facts: {},
    allowance: { usd: 4 },
    lease: 'lease/1',
    depth: 3,
    ...more,
  });
  const playService = (...events: AnyEventObject[]) => story({ standing: true }, events);
  const ends = (output: object, place = 0) => done(`task.${place}`, output);

  test('passes its nesting depth on, and refuses work that is nested too deeply', () => {
    expect(startedActors(playService(work('w')))).toMatchObject([
      { input: { depth: 4, lease: 'lease/1', allowance: { usd: 4 } } },
    ]);
    expect(sent(playService(work('w', { depth: 8 })))).toMatchObject([
      [
        'parent',
        { type: 'work.done', output: { failure: { kind: 'denied', data: { refusedBy: 'depth', depth: 9 } } } },
      ],
    ]);
  });

  test('work that is paused before it started does not start until it is resumed', () => {
    const paused = story({ standing: true }, [work('a'), work('b'), { type: 'work.pause', id: 'b' }, ends(answer)], {
      members: [{ id: 'ada', steps: 5, capacity: 1, takes: ['task'] }],
    });
    expect(startedActors(paused)).toHaveLength(1);
    const gone = story(
      { standing: true },
      [work('a'), work('b'), { type: 'work.pause', id: 'b' }, ends(answer), { type: 'work.resume', id: 'b' }],
      { members: [{ id: 'ada', steps: 5, capacity: 1, takes: ['task'] }] },
    );
    expect(startedActors(gone)).toHaveLength(2);
  });

  test('its deadline applies to each piece of work, and does not end the router', () => {
    const { snapshot } = story({ standing: true }, [work('a')], { deadline: 5_000 });
    expect((snapshot.context as { jobs: { task: object }[] }).jobs[0]!.task).toMatchObject({ deadline: 5_000 });
    expect(snapshot.value).toMatchObject({ active: { clock: 'unbounded' } });
  });

  test('a second attempt gets what the first one left of the lease, and requests for both go to the parent', () => {
    const again = story({ standing: true }, [work('w'), ends({ ...failing, usage: { ...used, usd: 1 } })], {
      retry: { maxRetries: 1, backoff: 0, condition: 'always' },
    });
    expect(startedActors(again).at(-1)).toMatchObject({ input: { allowance: { usd: 3 } } });
    const more = story(
      { standing: true },
      [
        work('w'),
        ends({ ...failing, usage: { ...used, usd: 1 } }),
        { type: 'treasury.lease', id: 'lease/1', wants: { usd: 5 }, used: { usd: 2 } },
        { type: 'treasury.granted', id: 'lease/1', budget: { usd: 8 } },
      ],
      { retry: { maxRetries: 1, backoff: 0, condition: 'always' } },
    );
    expect(sent(more)).toMatchObject([
      ['parent', { type: 'treasury.lease', id: 'lease/1', wants: { usd: 6 }, used: { usd: 3 } }],
      ['task.0', { type: 'treasury.granted', id: 'lease/1', budget: { usd: 7 } }],
    ]);
  });

  test('a request that its own limits do not allow is refused at once, without asking the parent', () => {
    const asks = { type: 'treasury.lease', id: 'lease/1', wants: { steps: 6 } };
    expect(sent(playService(work('w', { allowance: { steps: 2 } }), asks))).toMatchObject([
      ['task.0', { type: 'treasury.refused', failure: { kind: 'budget', data: { what: 'steps', limit: 5 } } }],
    ]);
    expect(sent(playService(work('w', { allowance: { steps: 2 } }), { ...asks, wants: { steps: 3 } }))).toMatchObject([
      ['parent', { wants: { steps: 3 } }],
    ]);
    const no = { type: 'treasury.refused', id: 'lease/1', failure: fault('budget') };
    expect(sent(playService(work('w'), no))).toEqual([['task.0', no]]);
    expect(sent(playService(work('w'), { ...no, id: 'lease/9' }, { ...asks, id: 'lease/9' }))).toEqual([]);
  });

  test('several members that answer the same task share its lease, and cannot request more', () => {
    const all = story({ standing: true }, [work('w', { to: undefined, allowance: { usd: 6, steps: 9 } })], {
      strategy: { kind: 'broadcast' },
    });
    expect(startedActors(all).map(({ input }) => input)).toMatchObject([
      { standing: true },
      { budget: { usd: 2, steps: 3 } },
      { allowance: { usd: 2, steps: 3 } },
    ]);
    expect(startedActors(all).some(({ input }) => 'lease' in (input as object))).toBe(false);
  });
});
