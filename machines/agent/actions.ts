/** The actions that depend on settings. They close over the settings, which are therefore in no snapshot. */
import { assign } from 'xstate';
import { runExpired } from '../failure.ts';
import type { AgentContext } from './context.ts';
import * as updates from './updates.ts';
import type { AgentEvent } from './events.ts';
import type { AgentSettings } from './settings.ts';
import { exhaustedFailure, budgetSpentFailure, lowerBudget } from './budget.ts';
import type { AgentActionArgs } from './inputs.ts';
import { lendingActionsOf } from './lendingActions.ts';
import { beginReservation, ownLimits, requestFunding } from './funding.ts';

/** `assign` outside of `setup` must be told the types of context and event. */
const update = (change: (args: AgentActionArgs) => Partial<AgentContext>) =>
  assign<AgentContext, AgentEvent, undefined, AgentEvent, never>(change);

export function agentActionsOf(settings: AgentSettings) {
  const { budget, limits, onInput } = settings;
  return {
    keepPolicy: update(() => ({ onInput })),
    beginReservation: update(({ context }) => beginReservation(context, settings)),
    plead: update(({ context }) => requestFunding(context, settings)),
    noteExhausted: update(({ context }) =>
      updates.keepFailure(
        exhaustedFailure(context, ownLimits(budget, context.purse)) ??
          budgetSpentFailure('steps', context.used.steps, context.used.steps),
        'execution',
      ),
    ),
    noteCallsSpent: update(({ context }) => {
      const { toolCalls = 0 } = lowerBudget(ownLimits(budget, context.purse), context.allowance);
      return updates.keepFailure(budgetSpentFailure('toolCalls', context.used.toolCalls, toolCalls), 'execution');
    }),
    noteLate: update(({ event }) =>
      updates.keepFailure(
        event.type === 'budget.exhausted' && event.expired
          ? runExpired
          : budgetSpentFailure('time', limits.deadline, limits.deadline),
        'execution',
      ),
    ),
    ...lendingActionsOf(settings),
    restoreTools: update((args) => updates.restoreTools(args, limits.toolbeltPause)),
  };
}
