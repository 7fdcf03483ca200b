/** The deeds that depend on settings. They close over them, as the guards do. */
import { assign } from 'xstate';
import { expired } from '../failure.ts';
import type { AgentContext } from './context.ts';
import * as deeds from './deeds.ts';
import type { AgentEvent } from './events.ts';
import type { AgentSettings } from './limits.ts';
import { exhausted, spent, tighter } from './money.ts';
import { ownLimits, plead } from './purse.ts';

export function actionsOf(settings: AgentSettings) {
  const { budget, limits, onInput } = settings;
  return {
    keepPolicy: assign<AgentContext, AgentEvent, undefined, AgentEvent, never>({ onInput }),
    plead: assign<AgentContext, AgentEvent, undefined, AgentEvent, never>(({ context }) => plead(context, settings)),
    noteExhausted: assign<AgentContext, AgentEvent, undefined, AgentEvent, never>(({ context }) =>
      deeds.keepFailure(
        exhausted(context, ownLimits(budget, context.purse)) ?? spent('steps', context.used.steps, context.used.steps),
        'execution',
      ),
    ),
    noteCallsSpent: assign<AgentContext, AgentEvent, undefined, AgentEvent, never>(({ context }) =>
      deeds.keepFailure(
        spent(
          'toolCalls',
          context.used.toolCalls,
          tighter(ownLimits(budget, context.purse), context.allowance).toolCalls ?? 0,
        ),
        'execution',
      ),
    ),
    noteLate: assign<AgentContext, AgentEvent, undefined, AgentEvent, never>(({ event }) =>
      deeds.keepFailure(
        event.type === 'budget.exhausted' && event.expired ? expired : spent('time', limits.deadline, limits.deadline),
        'execution',
      ),
    ),
    restoreTools: assign<AgentContext, AgentEvent, undefined, AgentEvent, never>((facts) =>
      deeds.restoreTools(facts, limits.toolbeltPause),
    ),
  };
}
