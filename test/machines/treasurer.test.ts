/** What holds for the budget of a run, for any order of requests. */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { AnyEventObject } from 'xstate';
import type { Budget } from '../../src/contracts/agent.ts';
import type { TreasuryAnswer } from '../../src/contracts/treasury.ts';
import { budgetKinds, type Ledger } from '../../machines/treasury/ledger.ts';
import { treasurerMachine } from '../../machines/treasury/treasurer.ts';
import type { TreasuryContext, TreasuryInput } from '../../machines/treasury/context.ts';
import { runMachine } from '../../machines/run/run.ts';
import { done, failed, playNext, playStart, type Played } from '../../src/testing/play.ts';
import { playEvents } from './playEvents.ts';
import { imbalance } from '../../src/testing/simulate/ledgerBalance.ts';
import { used } from './effectResults.ts';
import { dose } from '../dose.ts';

const settings = { who: 'The desk', onExhausted: 'fail', patience: 1_000 } as const;
const start = (budget: Budget, more: Partial<TreasuryInput> = {}) =>
  playStart(treasurerMachine, { ...settings, budget, ...more });
const ledgerOf = ({ snapshot }: Played): Ledger => (snapshot.context as TreasuryContext).books;
const queue = ({ snapshot }: Played) => (snapshot.context as TreasuryContext).queue.map(({ id }) => id);
const story = (budget: Budget, more: Partial<TreasuryInput>, ...events: AnyEventObject[]) =>
  playEvents(treasurerMachine, { ...settings, budget, ...more }, events);
/** The messages it sent, in order. */
const sentMessages = ({ actions }: Played) =>
  actions
    .filter(({ type }) => type === 'xstate.sendTo')
    .map(
      ({ params }) =>
        (params as { event: TreasuryAnswer | { type: 'treasury.lease'; id: string; wants: Budget } }).event,
    )
    .map((message) => [
      message.type.slice('treasury.'.length),
      message.id,
      'budget' in message ? message.budget : 'wants' in message ? message.wants : message.failure.kind,
    ]);

const lease = (id: string, wants: Budget = {}, of?: string[]) => ({
  type: 'treasury.lease',
  id,
  wants,
  ...(of ? { of } : {}),
});
const settle = (id: string, steps: number) => ({ type: 'treasury.settle', id, used: { ...used, steps } });

const anyBudget = fc.record(
  { steps: fc.nat(20), tokens: fc.nat(400), usd: fc.double({ min: 0, max: 1, noNaN: true }), toolCalls: fc.nat(20) },
  { requiredKeys: [] },
);
const names = ['a', 'b', 'c'];
const anyMessage = fc.oneof(
  fc.record({ id: fc.constantFrom(...names), wants: anyBudget }).map(({ id, wants }) => lease(id, wants)),
  fc
    .record({ id: fc.constantFrom('t', 'u'), of: fc.integer({ min: 1, max: 3 }) })
    .map(({ id, of }) => lease(id, {}, names.slice(0, of))),
  fc
    .record({ id: fc.constantFrom(...names, 't.0', 't.1', 'u.0'), steps: fc.nat(9) })
    .map(({ id, steps }) => settle(id, steps)),
  fc.constant(done('ticket', { status: 'answered', answer: { granted: { steps: 3, usd: 0.1 } }, by: 'ada' })),
  fc.constant(done('ticket', { status: 'answered', answer: { refused: '' }, by: 'ada' })),
  fc.constant({ type: 'treasury.granted', id: 'above', budget: { steps: 12, tokens: 300 } }),
  fc.constant({ type: 'treasury.refused', id: 'above', failure: { kind: 'budget', message: 'no', retryable: false } }),
);
const anyTreasury = fc.record({
  budget: anyBudget,
  onExhausted: fc.constantFrom<TreasuryInput['onExhausted']>('fail', 'ask'),
  lease: fc.option(
    anyBudget.map((budget) => ({ id: 'above', budget })),
    { nil: undefined },
  ),
});
const seed = Number(process.env.SEED ?? 20_261_121);

function holds(check: (before: Played, after: Played, message: AnyEventObject) => void) {
  fc.assert(
    fc.property(anyTreasury, fc.array(anyMessage, { maxLength: 40 }), ({ lease: above, ...input }, messages) => {
      let played = start(input.budget, { ...input, ...(above ? { lease: above } : {}) });
      for (const message of messages) {
        // A ticket that is not open is not answered.
        if (message.type.includes('ticket') && played.snapshot.children['ticket'] === undefined) continue;
        const before = played;
        played = playNext(treasurerMachine, before, message);
        check(before, played, message);
      }
    }),
    { seed, numRuns: dose(120, 600) },
  );
}

describe('for any order of requests,', () => {
  test('what is used, leased and free make up the budget', () =>
    holds((_, after) => expect(imbalance(ledgerOf(after))).toEqual({})));

  test('a lease is never more than what is free', () =>
    holds((before, after) => {
      for (const kind of budgetKinds) {
        const [was, is] = [ledgerOf(before), ledgerOf(after)].map(({ free }) => free[kind] ?? 0) as [number, number];
        const isLent = Object.keys(ledgerOf(after).leases).length > Object.keys(ledgerOf(before).leases).length;
        if (isLent) expect(is).toBeGreaterThanOrEqual(Math.min(0, was) - 1e-9);
      }
    }));

  test('a repeated request changes no sum', () =>
    holds((_, after, message) => {
      if (message.type !== 'treasury.settle' && message.type !== 'treasury.lease') return;
      // A request that still waits is recorded already; every other one has its answer.
      if (queue(after).includes((message as unknown as { id: string }).id)) return;
      const { free, used: spent } = ledgerOf(after);
      expect(ledgerOf(playNext(treasurerMachine, after, message))).toMatchObject({ free, used: spent });
    }));

  test('a waiting request waits for an open lease that may return something, the parent run, or a person', () =>
    holds((_, after) => {
      const waiting = queue(after);
      if (waiting.length === 0) return;
      const working = Object.keys(ledgerOf(after).leases).filter((id) => !waiting.includes(id));
      expect(working.length > 0 || after.snapshot.value !== 'keeping').toBe(true);
    }));
});

test('a lease requested again is the same lease, and a settled lease is not opened again', () => {
  const once = story({ steps: 10 }, {}, lease('t', {}, ['ada', 'bob']), lease('t.0', { steps: 5 }));
  expect(ledgerOf(once)).toMatchObject({ free: { steps: 0 }, leases: { 't.0': { of: 'ada' }, 't.1': { of: 'bob' } } });
  const back = [settle('t.0', 2), settle('t.0', 2), lease('t', {}, ['ada', 'bob'])];
  const twice = story({ steps: 10 }, {}, lease('t', {}, ['ada', 'bob']), ...back);
  expect(ledgerOf(twice)).toMatchObject({ free: { steps: 3 }, used: { steps: 2 }, by: { ada: { steps: 2 } } });
});

test('a request that is delivered again when its lease was settled reserves nothing, also after many others', () => {
  const rounds = Array.from({ length: 70 }, (_, round) => [lease(`t${round}`, {}), settle(`t${round}`, 1)]).flat();
  const { free } = ledgerOf(story({ steps: 100 }, {}, ...rounds));
  expect(free).toEqual({ steps: 30 });
  for (const late of ['t69', 't40'])
    expect(ledgerOf(story({ steps: 100 }, {}, ...rounds, lease(late, {})))).toMatchObject({ free, leases: {} });
});

test('a request for more gets its share of what is free, at least what it needs, and waits while open leases may return something', () => {
  const two = [lease('a'), settle('a', 4), lease('t', {}, ['ada', 'bob'])];
  expect(sentMessages(story({ steps: 10 }, {}, ...two)).at(-1)).toEqual(['granted', 't', { steps: 3 }]);
  const waiting = story({ steps: 10 }, {}, ...two, lease('t.0', { steps: 4 }));
  expect(queue(waiting)).toEqual(['t.0']);
  expect(sentMessages(playNext(treasurerMachine, waiting, settle('t.1', 1))).at(-1)).toEqual([
    'granted',
    't.0',
    { steps: 5 },
  ]);
  expect(sentMessages(playNext(treasurerMachine, waiting, lease('t.1', { steps: 4 }))).at(-1)).toEqual([
    'refused',
    't.0',
    'budget',
  ]);
});

test('a request that waits is answered once however often it is delivered, and not at all when its lease was settled meanwhile', () => {
  const two = [lease('t', {}, ['ada', 'bob']), lease('t.0', { steps: 8 })];
  const waiting = story({ steps: 10 }, {}, ...two, lease('t.0', { steps: 8 }));
  expect(queue(waiting)).toEqual(['t.0']);
  const answersOf = (played: Played) => sentMessages(played).slice(sentMessages(waiting).length);
  expect(answersOf(playNext(treasurerMachine, waiting, settle('t.1', 0)))).toEqual([['granted', 't.0', { steps: 10 }]]);
  const ended = playNext(treasurerMachine, waiting, settle('t.0', 3));
  expect([queue(ended), answersOf(ended)]).toEqual([[], []]);
});

test('what a holder used in several leases is added up', () => {
  const both = story({ steps: 10 }, {}, lease('t', {}, ['ada', 'ada']), settle('t.0', 2), settle('t.1', 3));
  expect(ledgerOf(both)).toMatchObject({ used: { steps: 5 }, by: { ada: { steps: 5 } } });
});

test('under a parent run: the treasurer asks its parent for what its own limits allow, and refuses when the parent refuses', () => {
  const below = { lease: { id: 'above', budget: { steps: 2 } } };
  const waitingForParent = story({}, below, lease('t', {}, ['ada']), lease('t.0', { steps: 3 }));
  expect(sentMessages(waitingForParent).at(-1)).toEqual(['lease', 'above', { steps: 3 }]);
  const yes: AnyEventObject = { type: 'treasury.granted', id: 'above', budget: { steps: 8 } };
  const more = playNext(treasurerMachine, waitingForParent, yes);
  expect(sentMessages(more).at(-1)).toEqual(['granted', 't.0', { steps: 8 }]);
  expect(imbalance(ledgerOf(more))).toEqual({});
  const no = {
    type: 'treasury.refused',
    id: 'above',
    failure: { kind: 'budget', message: 'no', retryable: false },
  } as const;
  expect(sentMessages(playNext(treasurerMachine, waitingForParent, no)).at(-1)).toEqual(['refused', 't.0', 'budget']);
  const own = story({ steps: 2 }, below, lease('t', {}, ['ada']), lease('t.0', { steps: 3 }));
  expect(sentMessages(own).at(-1)).toEqual(['refused', 't.0', 'budget']);
});

test('a run with a leased budget forwards messages between its treasurer and the parent run', () => {
  const messages = (played: Played) =>
    played.actions
      .filter(({ type }) => type === 'xstate.sendTo')
      .map(({ params }) => params as { targetId: string | undefined; event: AnyEventObject })
      .map(({ targetId, event }) => [
        targetId === 'treasurer' ? 'treasurer' : 'above',
        event.type,
        event['id'] as string,
      ]);
  const nested = { type: 'brief', body: {}, budget: { steps: 2 }, lease: 'lease/0.0' };
  const granted: AnyEventObject = { type: 'treasury.granted', id: 'lease/0.0', budget: { steps: 4 } };
  expect(messages(playEvents(runMachine, nested, [lease('lease/0.0', { steps: 4 }), granted]))).toEqual([
    ['above', 'treasury.lease', 'lease/0.0'],
    ['treasurer', 'treasury.granted', 'lease/0.0'],
  ]);
});

test('an answer about another lease changes nothing, and a closed treasurer gives its ledger as output', () => {
  const waitingForParent = story(
    {},
    { lease: { id: 'above', budget: { steps: 2 } } },
    lease('t', {}, ['ada']),
    lease('t.0', { steps: 3 }),
  );
  const unknownLease: AnyEventObject = { type: 'treasury.refused', id: 'other', failure: {} };
  expect(playNext(treasurerMachine, waitingForParent, unknownLease).snapshot.value).toBe('askingAbove');
  const closed = story({ steps: 3 }, {}, lease('a'), settle('a', 2), { type: 'treasury.close' });
  expect(closed.snapshot.output).toEqual({ budget: { steps: 3 }, used: { steps: 2 }, by: { a: { steps: 2 } } });
});

test('a ticket that could not be created counts as a refusal', () => {
  const asking = story({ steps: 0 }, { onExhausted: 'ask' }, lease('t', {}, ['ada']), failed('ticket'));
  expect(sentMessages(asking).at(-1)).toEqual(['refused', 't', 'internal']);
});
