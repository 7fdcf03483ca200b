/** The circuit breaker of a guardrail, and events that come too late to count. */
import { expect, test } from 'vitest';
import { fromPromise } from 'xstate';
import { guardrailWith } from '../../machines/guardrail/guardrail.ts';
import { defaultGuardrailSettings, type GuardrailSettings } from '../../machines/guardrail/settings.ts';
import { after, done, failed, type PlayedAction } from '../../src/testing/play.ts';
import { playEvents } from './playEvents.ts';
import { fault, used } from './effectResults.ts';

const machine = (settings: Partial<GuardrailSettings> = {}) =>
  guardrailWith({ ...defaultGuardrailSettings, supervised: { clerk: 'agent' }, ...settings }).provide({
    actors: Object.fromEntries(
      ['clerk', 'pool', 'desk'].map((name) => [name, fromPromise(() => Promise.resolve(null))]),
    ) as never,
  });
const work = (id: string, more: object = {}) => ({
  type: 'work',
  id,
  message: { type: 'task', body: 'Go.' },
  attempt: 1,
  facts: {},
  ...more,
});
const completes = (place: number) =>
  done(`task.${place}`, { status: 'completed', answer: { type: 'text', body: 'Done.' }, evidence: [], usage: used });
const fails = (place: number) =>
  done(`task.${place}`, { status: 'failed', failure: fault('tool'), phase: 'execution', evidence: [], usage: used });
const cancels = (place: number) => done(`task.${place}`, { status: 'cancelled', reason: 'over', usage: used });
const restOver = after('rest', 'guardrail.active.door.open');

const breaker = machine({ trip: { after: 1, rest: 1_000 } });
type Event = { readonly type: string } & Record<string, unknown>;
const story = (events: readonly Event[], of = breaker) => playEvents(of, { standing: true }, events);
const breakerState = (events: readonly Event[], of = breaker) =>
  (story(events, of).snapshot.value as { active: { door: unknown } }).active.door;
const answered = ({ actions }: { actions: readonly PlayedAction[] }) =>
  actions
    .filter(({ type }) => type === 'xstate.sendTo')
    .map(({ params }) => (params as { event: { type: string; id?: string } }).event)
    .filter(({ type }) => type === 'work.done')
    .map(({ id }) => id);

test('the result of work that started before the breaker opened does not change the breaker', () => {
  const open = [work('old'), work('b'), fails(1), restOver];
  expect(breakerState(open)).toEqual({ halfOpen: 'ready' });
  expect(breakerState([...open, fails(0)])).toEqual({ halfOpen: 'ready' });
  const halfOpen = [work('old'), work('older'), work('b'), fails(2), restOver, work('trial')];
  expect(breakerState(halfOpen)).toEqual({ halfOpen: 'trying' });
  for (const late of [completes(0), fails(0), cancels(0)])
    expect(breakerState([...halfOpen, late])).toEqual({ halfOpen: 'trying' });
  const reset = [work('old'), work('older'), work('b'), fails(2), { type: 'guardrail.reset' }];
  expect(breakerState([...reset, fails(0)])).toBe('closed');
  expect(breakerState([...reset, completes(1)])).toBe('closed');
  expect(breakerState([...reset, work('new'), fails(2)])).toBe('open');
});

test('when half open, only one piece of work is let through, and its result decides', () => {
  const halfOpen = [work('b'), fails(0), restOver, work('trial')];
  expect(answered(story([...halfOpen, work('c')]))).toEqual(['b', 'c']);
  expect(breakerState([...halfOpen, completes(0)])).toBe('closed');
  expect(breakerState([...halfOpen, fails(0)])).toBe('open');
  expect(breakerState([...halfOpen, cancels(0)])).toEqual({ halfOpen: 'ready' });
});

test('a success resets the count of failures', () => {
  const twice = machine({ trip: { after: 2, rest: 1_000 } });
  expect(breakerState([work('a'), fails(0), work('b'), completes(0), work('c'), fails(0)], twice)).toBe('closed');
  expect(breakerState([work('a'), fails(0), work('c'), fails(0)], twice)).toBe('open');
});

test('a timer, a check or an answer that comes after its work has ended changes nothing', () => {
  const late = [
    { type: 'check.late', place: 0 },
    { type: 'watch.due', place: 0 },
    { type: 'work.late', place: 0 },
    { type: 'grace.over', place: 0 },
    { type: 'work.done', id: 'a', output: {} },
  ];
  for (const event of late) {
    const before = story([work('a'), completes(0)]);
    const afterwards = story([work('a'), completes(0), event]);
    expect(afterwards.snapshot.context).toEqual(before.snapshot.context);
    expect(answered(afterwards)).toEqual(['a']);
  }
});

test('every piece of work is answered once, also when it is sent twice', () => {
  expect(answered(story([work('a'), work('a'), work('b'), completes(0), completes(1)]))).toEqual(['a', 'b']);
});

test('cancelled work is answered when it has ended, or when the grace period is over', () => {
  const stopping = [work('a'), { type: 'work.cancel', id: 'a', reason: 'over' }];
  expect(answered(story(stopping))).toEqual([]);
  expect(answered(story([...stopping, cancels(0)]))).toEqual(['a']);
  expect(answered(story([...stopping, { type: 'grace.over', place: 0 }]))).toEqual(['a']);
});

test('when the guardrail is stopped, all work under way is answered', () => {
  const ended = story([work('a'), work('b'), { type: 'guardrail.stop', reason: 'over' }]);
  expect(answered(ended)).toEqual(['a', 'b']);
  expect(ended.snapshot.status).toBe('done');
});

const pools = machine({ supervised: { pool: 'work', desk: 'run' } });
const sent = ({ actions }: { actions: readonly PlayedAction[] }) =>
  actions
    .filter(({ type }) => type === 'xstate.sendTo')
    .map(({ params }) => params as { targetId?: string; event: Event })
    .map(({ targetId = 'parent', event }) => [targetId, event]);

test('a service behind the guardrail is started once, gets one piece of work after another, and is addressed by its name', () => {
  const played = story(
    [work('a', { to: 'pool' }), work('b', { to: 'pool' }), { type: 'work.cancel', id: 'b', reason: 'over' }],
    pools,
  );
  expect(sent(played)).toEqual([
    ['standing.pool', work('a')],
    ['standing.pool', work('b')],
    ['standing.pool', { type: 'work.cancel', id: 'b', reason: 'over' }],
  ]);
  expect(played.actions.filter(({ type }) => type === 'xstate.spawnChild')).toHaveLength(1);
});

test('a service that fails behind the guardrail fails its own work, and no other', () => {
  const works = [work('a', { to: 'pool' }), work('b', { to: 'desk' })];
  const afterFailure = story([...works, failed('standing.pool', fault('restarts'))], pools);
  expect(sent(afterFailure).at(-1)).toMatchObject([
    'parent',
    { id: 'a', output: { failure: { kind: 'environment' } } },
  ]);
  expect(answered(afterFailure)).toEqual(['a']);
  const back = story([...works, done('standing.pool', null), work('c', { to: 'pool' })], pools);
  expect(back.actions.filter(({ params }) => (params as { id?: string }).id === 'standing.pool')).toHaveLength(2);
});

test('a request above the guardrail’s own budget is refused at once, and a grant is reduced to that budget', () => {
  const withBudget = machine({
    rule: { kind: 'budget', limits: { usd: 2 }, requireExplicit: false, allowExhausted: false },
  });
  const leased = work('a', { allowance: { usd: 1 }, lease: 'lease/1' });
  const asks = (usd: number) => ({ type: 'treasury.lease', id: 'lease/1', wants: { usd } });
  expect(sent(story([leased, asks(3)], withBudget))).toMatchObject([
    ['task.0', { type: 'treasury.refused', failure: { kind: 'budget', data: { what: 'usd', limit: 2 } } }],
  ]);
  const granted = { type: 'treasury.granted', id: 'lease/1', budget: { usd: 9, steps: 4 } };
  expect(sent(story([leased, asks(1.5), granted], withBudget))).toEqual([
    ['parent', asks(1.5)],
    ['task.0', { ...granted, budget: { usd: 2, steps: 4 } }],
  ]);
  expect(sent(story([leased, { ...granted, id: 'lease/9' }, { ...asks(1), id: 'lease/9' }], withBudget))).toEqual([]);
});

test('a check whose time passed while nobody ran it is asked again, and refused when it is silent again and again', () => {
  const checked = machine({ asks: ['pre'], patience: 30_000 });
  const silent = (at: number) => ({ type: 'check.late', place: 0, at });
  const asks = ({ actions }: ReturnType<typeof story>) =>
    actions.filter(
      ({ type, params }) => type === 'xstate.spawnChild' && (params as { src?: string }).src === 'checkWork',
    ).length;
  const given = { ...work('a'), at: 1_000 };
  // In time: the check itself was silent.
  expect(answered(story([given, silent(31_000)], checked))).toEqual(['a']);
  // A minute later: nobody was there.
  const away = [given, silent(91_000)];
  expect([answered(story(away, checked)), asks(story(away, checked))]).toEqual([[], 2]);
  expect(answered(story([...away, silent(121_000)], checked))).toEqual(['a']);
  const again = [...away, silent(200_000), silent(300_000)];
  expect([answered(story(again, checked)), asks(story(again, checked))]).toEqual([['a'], 3]);
});
