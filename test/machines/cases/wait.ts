import type { Case } from '../case.ts';
import { waitMachine } from '../../../machines/wait.ts';
import { after } from '../../../src/testing/play.ts';

export const cases: readonly Case[] = [
  {
    name: 'wait',
    machine: waitMachine,
    input: { question: 'May it?', schema: { type: 'object' }, deadline: 1_000, onExpiry: 'fail' },
    events: [
      { type: 'wait.answer', answer: {}, by: 'ada' },
      { type: 'wait.answer', answer: 'no object', by: 'ada' },
      { type: 'wait.abort', reason: 'over', by: 'ada' },
      after('deadline', 'wait.open'),
    ],
    key: () => null,
  },
];
