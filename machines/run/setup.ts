/** The setup that the chart of a run is written with: the base, and every action by its name. */
import { assign, raise, type AnyActorRef } from 'xstate';
import { childFailure } from '../childEvents.ts';
import { zeroUsage } from '../usage.ts';
import { runExpired, makeFailure } from '../failure.ts';
import { partsIn } from '../../src/contracts/parts.ts';
import { asJson } from '../../src/values/json.ts';
import { memberEndOf, tooDeepFailure } from '../member.ts';
import type { TreasurySettle } from '../../src/contracts/treasury.ts';
import { runActionsOf } from './actions.ts';
import { runSetupBase } from './setupBase.ts';
import { routeDecisionIn, routedMessagesIn } from './events.ts';
import { defaultRunSettings } from './settings.ts';
import * as leaseUpdates from './leases.ts';
import { endedSlots } from './services.ts';
import { failRun, failBecauseOfMember, failBecauseOfService, withoutService } from './updates.ts';

const { enqueueActions } = runSetupBase;

/** The complete setup of a run's machine: what `runSetupBase` has, and every action. */
export const runSetup = runSetupBase.extend({
  /** Every action by the name that the chart uses; those that depend on settings have the defaults, until `runWith` replaces them. */
  actions: {
    ...runActionsOf(defaultRunSettings),
    appendFirst: enqueueActions(({ context: { first }, enqueue }) => {
      if (first) enqueue({ type: 'append', params: { list: 'messages', entry: asJson(first) } });
      enqueue.assign({ first: undefined, said: 1 });
    }),
    takeFall: assign(({ context, event }) => withoutService(context, event)),

    // Why the run failed.
    noteMemberFailed: assign(({ context, event }) => failBecauseOfMember(context, event)),
    noteTooDeep: assign(({ context }) => failRun(tooDeepFailure(context.depth + 1))),
    noteFallen: assign(({ event }) => failBecauseOfService(event)),
    noteRouteFailed: assign(({ event }) => failRun(childFailure(event))),
    noteTooMany: assign(({ context }) =>
      failRun(
        makeFailure(
          'budget',
          `The run handed out ${context.turns} messages, which is as many as it may. Raise maxTurns, or let the route finish sooner.`,
          { turns: context.turns },
        ),
      ),
    ),
    noteSpent: assign(({ event }) => (event.type === 'treasury.refused' ? failRun(event.failure) : {})),
    noteTreasurerFailed: assign(({ event }) => failRun(childFailure(event))),
    noteLate: assign(({ event }) =>
      failRun(
        event.type === 'run.late' && event.expired
          ? runExpired
          : makeFailure('budget', 'The deadline of the team has passed.', { what: 'time' }),
      ),
    ),
    noteSilence: assign(() =>
      failRun(
        makeFailure(
          'definition',
          'The route sent nothing and finished nothing, and nobody is at work: the run would wait for ever.',
        ),
      ),
    ),

    // Leases.
    askLease: enqueueActions(({ context, event, enqueue }) => {
      const messages = [...routedMessagesIn(event)];
      const request = leaseUpdates.leaseRequestOf(
        context,
        messages.map(({ to }) => to),
      );
      enqueue.sendTo<AnyActorRef>(leaseUpdates.treasurerId, request);
      enqueue.assign({ asks: context.asks + 1, sending: { id: request.id, messages } });
    }),
    giveBack: enqueueActions(({ context: { sending }, enqueue }) => {
      sending?.messages.forEach((_, nth) =>
        enqueue.sendTo<AnyActorRef>(leaseUpdates.treasurerId, {
          type: 'treasury.settle',
          id: leaseUpdates.leaseIdOf(sending, nth),
          used: zeroUsage,
        } satisfies TreasurySettle),
      );
      enqueue.assign({ sending: undefined });
    }),
    settleLease: enqueueActions(({ context, event, enqueue }) => {
      const id = context.leases[endedSlots(context, event)[0] ?? -1];
      if (typeof id !== 'string') return;
      const settle: TreasurySettle = { type: 'treasury.settle', id, used: memberEndOf(event).usage };
      enqueue.sendTo<AnyActorRef>(leaseUpdates.treasurerId, settle);
    }),

    // The end.
    settleCompleted: assign(({ event }) => {
      const routed = routeDecisionIn(event);
      const [result, parts] = 'finish' in routed ? [routed.finish, routed.parts] : [null, undefined];
      return { outcome: { status: 'completed' as const, result, ...partsIn(parts) } };
    }),
    settleCancelled: assign(({ event }) => ({
      outcome: { status: 'cancelled' as const, reason: event.type === 'run.cancel' ? event.reason : '' },
    })),

    // Between regions.
    sayLate: raise({ type: 'run.late' }),
    sayExpired: raise({ type: 'run.late', expired: true }),
    saySettled: raise({ type: 'run.settled' }),
  },
});
