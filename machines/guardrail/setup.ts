/** The setup that the chart of a guardrail is written with: the base, and every action by its name. */
import { assign } from 'xstate';
import { guardrailActionsOf } from './actions.ts';
import { guardrailSetupBase } from './setupBase.ts';
import { defaultGuardrailSettings } from './settings.ts';

const { enqueueActions } = guardrailSetupBase;

export const guardrailSetup = guardrailSetupBase.extend({
  actions: {
    ...guardrailActionsOf(defaultGuardrailSettings),
    takeFirst: enqueueActions(({ context, enqueue }) => {
      if (context.first) enqueue.raise({ ...context.first, at: context.began });
    }),
    forgetFailures: assign({ failures: 0 }),
    reset: assign(({ context }) => ({ failures: 0, why: '', cancelled: undefined, round: context.round + 1 })),
  },
});
