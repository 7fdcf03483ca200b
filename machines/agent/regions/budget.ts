/** Whether the budget is running out. Hard limits are checked at the safe point before the next call; the deadlines are the exception and pass by themselves. */
import { byDeadline } from '../../lifecycle.ts';
import { agent } from '../setup.ts';

export const budget = agent.createStateConfig({
  initial: 'within',
  ...byDeadline('.exhausted', { own: 'sayLate', run: 'sayExpired' }),
  states: {
    within: {
      always: { guard: 'isLow', target: 'soft', actions: 'tellToFinish' },
    },
    soft: {},
    exhausted: {},
  },
});
