/** What holds for the money of a run, in whatever order it is asked for. */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { AnyEventObject } from 'xstate';
import type { Budget } from '../../src/contracts/agent.ts';
import type { TreasuryAnswer } from '../../src/contracts/treasury.ts';
import { budgetKinds, type Ledger } from '../../machines/treasury/ledger.ts';
import { treasurerMachine } from '../../machines/treasury/treasurer.ts';
import type { TreasuryContext, TreasuryInput } from '../../machines/treasury/context.ts';
import { runMachine } from '../../machines/run/run.ts';
import { done, failed, playNext, playStart, playEvents, type Played } from '../../src/testing/play.ts';
import { imbalance } from '../../src/testing/simulate/ledgerBalance.ts';
import { used } from './effectResults.ts';
import { dose } from '../dose.ts';

const settings = { who: 'The desk', onExhausted: 'fail', patience: 1_000 } as const;
const opened = (budget: Budget, more: Partial<TreasuryInput> = {}) =>
  playStart(treasurerMachine, { ...settings, budget, ...more });
const books = ({ snapshot }: Played): Ledger => (snapshot.context as TreasuryContext).books;
const queue = ({ snapshot }: Played) => (snapshot.context as TreasuryContext).queue.map(({ id }) => id);
const story = (budget: Budget, more: Partial<TreasuryInput>, ...events: AnyEventObject[]) =>
  playEvents(treasurerMachine, { ...settings, budget, ...more }, events);
/** What it said, in order. */
const said = ({ actions }: Played) =>
  actions
    .filter(({ type }) => type === 'xstate.sendTo')
    .map(
      ({ params }) =>
        (params as { event: TreasuryAnswer | { type: 'treasury.lease'; id: string; wants: Budget } }).event,
    )
    .map((word) => [
      word.type.slice('treasury.'.length),
      word.id,
      'budget' in word ? word.budget : 'wants' in word ? word.wants : word.failure.kind,
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
const anyWord = fc.oneof(
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

function holds(check: (before: Played, after: Played, word: AnyEventObject) => void) {
  fc.assert(
    fc.property(anyTreasury, fc.array(anyWord, { maxLength: 40 }), ({ lease: above, ...input }, words) => {
      let played = opened(input.budget, { ...input, ...(above ? { lease: above } : {}) });
      for (const word of words) {
        // A ticket that is not there is not answered.
        if (word.type.includes('ticket') && played.snapshot.children['ticket'] === undefined) continue;
        const before = played;
        played = playNext(treasurerMachine, before, word);
        check(before, played, word);
      }
    }),
    { seed, numRuns: dose(120, 600) },
  );
}

describe('whoever asks for money, in whatever order,', () => {
  test('what is used, leased and free make up the budget', () =>
    holds((_, after) => expect(imbalance(books(after))).toEqual({})));

  test('nobody is lent what is not there', () =>
    holds((before, after) => {
      for (const kind of budgetKinds) {
        const [was, is] = [books(before), books(after)].map(({ free }) => free[kind] ?? 0) as [number, number];
        const isLent = Object.keys(books(after).leases).length > Object.keys(books(before).leases).length;
        if (isLent) expect(is).toBeGreaterThanOrEqual(Math.min(0, was) - 1e-9);
      }
    }));

  test('the same word again changes no sum', () =>
    holds((_, after, word) => {
      if (word.type !== 'treasury.settle' && word.type !== 'treasury.lease') return;
      // Who still waits has been heard; the rest has its answer.
      if (queue(after).includes((word as unknown as { id: string }).id)) return;
      const { free, used: spent } = books(after);
      expect(books(playNext(treasurerMachine, after, word))).toMatchObject({ free, used: spent });
    }));

  test('who waits has somebody to wait for: one at work who may bring something back, the run above, or a person', () =>
    holds((_, after) => {
      const waiting = queue(after);
      if (waiting.length === 0) return;
      const working = Object.keys(books(after).leases).filter((id) => !waiting.includes(id));
      expect(working.length > 0 || after.snapshot.value !== 'keeping').toBe(true);
    }));
});

test('a lease asked for again is the same lease, and one that was settled is not opened again', () => {
  const once = story({ steps: 10 }, {}, lease('t', {}, ['ada', 'bob']), lease('t.0', { steps: 5 }));
  expect(books(once)).toMatchObject({ free: { steps: 0 }, leases: { 't.0': { of: 'ada' }, 't.1': { of: 'bob' } } });
  const back = [settle('t.0', 2), settle('t.0', 2), lease('t', {}, ['ada', 'bob'])];
  const twice = story({ steps: 10 }, {}, lease('t', {}, ['ada', 'bob']), ...back);
  expect(books(twice)).toMatchObject({ free: { steps: 3 }, used: { steps: 2 }, by: { ada: { steps: 2 } } });
});

test('who asks for more gets its share of what is free, at least what it needs, and waits while others may bring it', () => {
  const two = [lease('a'), settle('a', 4), lease('t', {}, ['ada', 'bob'])];
  expect(said(story({ steps: 10 }, {}, ...two)).at(-1)).toEqual(['granted', 't', { steps: 3 }]);
  const waiting = story({ steps: 10 }, {}, ...two, lease('t.0', { steps: 4 }));
  expect(queue(waiting)).toEqual(['t.0']);
  expect(said(playNext(treasurerMachine, waiting, settle('t.1', 1))).at(-1)).toEqual(['granted', 't.0', { steps: 5 }]);
  expect(said(playNext(treasurerMachine, waiting, lease('t.1', { steps: 4 }))).at(-1)).toEqual([
    'refused',
    't.0',
    'budget',
  ]);
});

test('below another: what its own limits allow it asks for above, and says no when above does', () => {
  const below = { lease: { id: 'above', budget: { steps: 2 } } };
  const short = story({}, below, lease('t', {}, ['ada']), lease('t.0', { steps: 3 }));
  expect(said(short).at(-1)).toEqual(['lease', 'above', { steps: 3 }]);
  const yes: AnyEventObject = { type: 'treasury.granted', id: 'above', budget: { steps: 8 } };
  const more = playNext(treasurerMachine, short, yes);
  expect(said(more).at(-1)).toEqual(['granted', 't.0', { steps: 8 }]);
  expect(imbalance(books(more))).toEqual({});
  const no = {
    type: 'treasury.refused',
    id: 'above',
    failure: { kind: 'budget', message: 'no', retryable: false },
  } as const;
  expect(said(playNext(treasurerMachine, short, no)).at(-1)).toEqual(['refused', 't.0', 'budget']);
  const own = story({ steps: 2 }, below, lease('t', {}, ['ada']), lease('t.0', { steps: 3 }));
  expect(said(own).at(-1)).toEqual(['refused', 't.0', 'budget']);
});

test('a run that was lent its budget carries the words between its treasurer and the run above', () => {
  const words = (played: Played) =>
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
  expect(words(playEvents(runMachine, nested, [lease('lease/0.0', { steps: 4 }), granted]))).toEqual([
    ['above', 'treasury.lease', 'lease/0.0'],
    ['treasurer', 'treasury.granted', 'lease/0.0'],
  ]);
});

test('an answer about another lease changes nothing, and a closed treasurer gives its books', () => {
  const short = story(
    {},
    { lease: { id: 'above', budget: { steps: 2 } } },
    lease('t', {}, ['ada']),
    lease('t.0', { steps: 3 }),
  );
  const stray: AnyEventObject = { type: 'treasury.refused', id: 'other', failure: {} };
  expect(playNext(treasurerMachine, short, stray).snapshot.value).toBe('askingAbove');
  const closed = story({ steps: 3 }, {}, lease('a'), settle('a', 2), { type: 'treasury.close' });
  expect(closed.snapshot.output).toEqual({ budget: { steps: 3 }, used: { steps: 2 }, by: { a: { steps: 2 } } });
});

test('a ticket that could not be put is a no', () => {
  const asking = story({ steps: 0 }, { onExhausted: 'ask' }, lease('t', {}, ['ada']), failed('ticket'));
  expect(said(asking).at(-1)).toEqual(['refused', 't', 'internal']);
});
