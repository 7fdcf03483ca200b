/** The cases of the treasurer's machine for the laws: alone, and under a parent run. */
import { treasurerMachine } from '../../../machines/treasury/treasurer.ts';
import type { TreasuryContext, TreasuryInput } from '../../../machines/treasury/context.ts';
import { done, failed } from '../../../src/testing/play.ts';
import type { Case } from '../case.ts';
import { fault, used } from '../effectResults.ts';

const answered = (answer: object) => done('ticket', { status: 'answered', answer, by: 'ada' });

const alone = [
  { type: 'treasury.lease', id: 'a', wants: {}, of: ['writer', 'critic'] },
  { type: 'treasury.lease', id: 'b', wants: {} },
  { type: 'treasury.lease', id: 'a.0', wants: { steps: 3 } },
  { type: 'treasury.settle', id: 'a.0', used },
  { type: 'treasury.settle', id: 'a.1', used },
  { type: 'treasury.settle', id: 'b', used },
  { type: 'treasury.close' },
];
const two = [
  { type: 'treasury.lease', id: 'b', wants: {} },
  { type: 'treasury.lease', id: 'c', wants: {} },
  { type: 'treasury.lease', id: 'b', wants: { steps: 6 } },
  { type: 'treasury.settle', id: 'b', used },
  { type: 'treasury.settle', id: 'c', used },
  { type: 'treasury.close' },
];

const side = (name: string, input: Partial<TreasuryInput>, events: Case['events']): Case => ({
  name: 'treasurer',
  side: name,
  service: true,
  machine: treasurerMachine,
  input: { who: 'The desk', budget: { steps: 4 }, onExhausted: 'fail', patience: 1_000, ...input },
  events,
  key: (({ books, queue, lease, asked }: TreasuryContext) => [
    Math.min(asked, 2),
    books.free,
    books.budget,
    books.leases,
    books.settled,
    queue.map(({ id, wants }) => [id, wants]),
    lease?.budget,
  ]) as Case['key'],
});

export const cases: readonly Case[] = [
  side('that refuses', {}, alone),
  side('that asks a person', { onExhausted: 'ask', budget: { steps: 1 } }, [
    ...two,
    answered({ granted: { steps: 2 } }),
    answered({ refused: 'enough' }),
    failed('ticket', fault('restarts')),
  ]),
  side('under a parent run', { budget: { steps: 7 }, lease: { id: 'above', budget: { steps: 4 } } }, [
    ...two,
    { type: 'treasury.granted', id: 'above', budget: { steps: 6 } },
    { type: 'treasury.refused', id: 'above', failure: fault('budget') },
    { type: 'treasury.granted', id: 'another', budget: { steps: 6 } },
  ]),
];
