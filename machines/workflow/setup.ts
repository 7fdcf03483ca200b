/** The setup that the chart of a workflow is written with: the base, and every action by its name. */
import { assign, raise } from 'xstate';
import { asJson } from '../../src/values/json.ts';
import { childFailure } from '../childEvents.ts';
import { runExpired } from '../failure.ts';
import { tooDeepFailure } from '../member.ts';
import { lateFailure, stepActions, stuckFailure } from './actions.ts';
import { cancelledEnd, failedEnd } from './context.ts';
import { decisionIn, workflowSetupBase } from './setupBase.ts';

const { enqueueActions } = workflowSetupBase;

/** The complete setup of a workflow's machine: what `workflowSetupBase` has, and every action. */
export const workflowSetup = workflowSetupBase.extend({
  /** Every action by the name that the chart uses. */
  actions: {
    ...stepActions,
    keepStart: enqueueActions(({ context: { start }, enqueue }) => {
      if (start) enqueue({ type: 'append', params: { list: 'start', entry: asJson(start) } });
      enqueue.assign({ start: undefined });
    }),
    noteAsked: assign(({ context }) => ({ decided: context.records })),

    // How it ends.
    takeOutcome: assign(({ event }) => ({ end: decisionIn(event).end })),
    noteCancelled: assign(({ context, event }) => ({
      end: cancelledEnd(context, event.type === 'run.cancel' ? event.reason : ''),
    })),
    noteTooDeep: assign(({ context }) => ({
      end: failedEnd(context, tooDeepFailure(context.depth), 'too_deep'),
    })),
    noteStuck: assign(({ context }) => ({ end: failedEnd(context, stuckFailure, 'internal') })),
    noteDecisionFailed: assign(({ context, event }) => ({
      end: failedEnd(context, childFailure(event), 'decision_failed'),
    })),
    noteLate: assign(({ context, event }) => ({
      end: failedEnd(
        context,
        event.type === 'workflow.late' && event.expired ? runExpired : lateFailure,
        'run_timeout',
      ),
    })),

    // Between regions.
    sayLate: raise({ type: 'workflow.late' }),
    sayExpired: raise({ type: 'workflow.late', expired: true }),
    saySettled: raise({ type: 'workflow.settled' }),
  },
});
