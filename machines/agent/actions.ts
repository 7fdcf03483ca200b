/** The actions that depend on settings. They close over the settings, which are therefore in no snapshot. */
import { assign } from 'xstate';
import { expired } from '../failure.ts';
import type { AgentContext } from './context.ts';
import * as deeds from './updates.ts';
import type { AgentEvent } from './events.ts';
import type { AgentSettings } from './settings.ts';
import { exhausted, spent, tighter } from './budget.ts';
import { ownLimits, plead } from './funding.ts';

interface Facts {
  readonly context: AgentContext;
  readonly event: AgentEvent;
}

/** `assign` outside of `setup` must be told the types of context and event. */
const update = (change: (facts: Facts) => Partial<AgentContext>) =>
  assign<AgentContext, AgentEvent, undefined, AgentEvent, never>(change);

export function actionsOf(settings: AgentSettings) {
  const { budget, limits, onInput } = settings;
  return {
    keepPolicy: update(() => ({ onInput })),
    plead: update(({ context }) => plead(context, settings)),
    noteExhausted: update(({ context }) =>
      deeds.keepFailure(
        exhausted(context, ownLimits(budget, context.purse)) ?? spent('steps', context.used.steps, context.used.steps),
        'execution',
      ),
    ),
    noteCallsSpent: update(({ context }) => {
      const { toolCalls = 0 } = tighter(ownLimits(budget, context.purse), context.allowance);
      return deeds.keepFailure(spent('toolCalls', context.used.toolCalls, toolCalls), 'execution');
    }),
    noteLate: update(({ event }) =>
      deeds.keepFailure(
        event.type === 'budget.exhausted' && event.expired ? expired : spent('time', limits.deadline, limits.deadline),
        'execution',
      ),
    ),
    restoreTools: update((facts) => deeds.restoreTools(facts, limits.toolbeltPause)),
  };
}
