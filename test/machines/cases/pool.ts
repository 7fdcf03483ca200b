import { poolMachine } from '../../../machines/pool.ts';
import { done, failed } from '../../../src/testing/play.ts';
import { task } from '../effectResults.ts';
import type { Case } from '../case.ts';

export const cases: readonly Case[] = [
  {
    name: 'pool',
    machine: poolMachine,
    input: task,
    events: [
      done('work', { total: 3 }),
      done('work', undefined),
      failed('work'),
      { type: 'agent.cancel', reason: 'enough' },
      { type: 'agent.pause' },
      { type: 'agent.resume' },
      { type: 'xstate.after.patience.pool.held' },
    ],
    key: () => null,
  },
];
