import { machineWorkMachine } from '../../../machines/machineWork.ts';
import { done, failed } from '../../../src/testing/play.ts';
import { task } from '../effectResults.ts';
import type { Case } from '../case.ts';

export const cases: readonly Case[] = [
  {
    name: 'machineWork',
    machine: machineWorkMachine,
    input: task,
    events: [
      done('machine', { total: 3 }),
      done('machine', undefined),
      failed('machine'),
      { type: 'agent.cancel', reason: 'enough' },
      { type: 'agent.pause' },
      { type: 'agent.resume' },
    ],
    key: () => null,
  },
];
