/** The actions with which an agent lends to those that work for it. */
import type { AnyActorRef } from 'xstate';
import { parent } from '../parent.ts';
import { callChildId, isExecutable } from './calls.ts';
import { parsedAnswerIn, type AgentEvent } from './events.ts';
import type { AgentContext } from './context.ts';
import { agentActions, agentSetupBase } from './setupBase.ts';
import * as lending from './lending.ts';
import type { AgentSettings } from './settings.ts';

const { assign, enqueueActions } = agentSetupBase;

export function lendingActionsOf(settings: AgentSettings) {
  const told = (change: (context: AgentContext, event: AgentEvent) => lending.LoanChange | undefined) =>
    enqueueActions(({ context, event, enqueue }) => {
      const made = change(context, event);
      if (!made) return;
      enqueue.assign(made.change);
      for (const message of made.messages) {
        if ('ask' in message) enqueue.sendTo(parent, message.ask);
        else enqueue.sendTo<AnyActorRef>(callChildId(message.call), message.event);
      }
    });
  return agentActions({
    openLoans: assign(({ context, event }) =>
      lending.openLoans(context, settings, parsedAnswerIn(event).calls.filter(isExecutable).length),
    ),
    lend: told((context, event) => lending.lend(context, settings, event)),
    settleLoan: told((context, event) => lending.settleLoan(context, settings, event)),
    lendMore: told((context, event) => lending.lendMore(context, settings, event)),
    lendNoMore: told((context, event) => lending.lendNoMore(context, settings, event)),
  });
}
