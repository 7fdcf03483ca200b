/** Whether the budget is running out. Hard limits are checked at the safe point before the next call; the deadlines are the exception and pass by themselves. */
import { deadlineTransitions } from '../../lifecycle.ts';
import { agentSetup } from '../setup.ts';

export const budgetRegion = agentSetup.createStateConfig({
  initial: 'within',
  ...deadlineTransitions('.exhausted', { own: 'sayLate', run: 'sayExpired' }),
  states: {
    within: {
      always: { guard: 'isLow', target: 'soft', actions: 'tellToFinish' },
    },
    soft: {},
    exhausted: {},
  },
});
