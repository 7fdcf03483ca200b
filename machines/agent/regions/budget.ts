/** What may still be used up. The hard limits are asked at the safe point, before the next call; time is the exception, it runs by itself. */
import { agent } from '../vocabulary.ts';

export const budget = agent.createStateConfig({
  initial: 'within',
  after: { deadline: { target: '.exhausted', actions: 'sayLate' } },
  on: { 'troupe.deadline': { target: '.exhausted', actions: 'sayExpired' } },
  states: {
    within: {
      always: { guard: 'isLow', target: 'soft', actions: 'tellToFinish' },
    },
    soft: {},
    exhausted: {},
  },
});
