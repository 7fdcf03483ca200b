/** The setup that the chart of a run is written with: the base, and every action by its name. */
import { assign, raise, type AnyActorRef } from 'xstate';
import { failureIn } from '../childEvents.ts';
import { nothingUsed } from '../agent/context.ts';
import { expired, failure } from '../failure.ts';
import { asJson } from '../json.ts';
import { endOf, tooDeep } from '../member.ts';
import type { TreasurySettle } from '../../src/contracts/treasury.ts';
import { runActionsOf } from './actions.ts';
import { base } from './setupBase.ts';
import { routedIn, sentIn } from './events.ts';
import { defaultRunSettings } from './settings.ts';
import * as money from './leases.ts';
import { endedPlaces } from './services.ts';
import { failedBecause, memberFailed, supervisorFailed, withoutSupervisor } from './updates.ts';

const { enqueueActions } = base;

export const run = base.extend({
  actions: {
    ...runActionsOf(defaultRunSettings),
    appendFirst: enqueueActions(({ context: { first }, enqueue }) => {
      if (first) enqueue({ type: 'append', params: { list: 'messages', entry: asJson(first) } });
      enqueue.assign({ first: undefined, said: 1 });
    }),
    takeFall: assign(({ context, event }) => withoutSupervisor(context, event)),

    // Why the run failed.
    noteMemberFailed: assign(({ context, event }) => memberFailed(context, event)),
    noteTooDeep: assign(({ context }) => failedBecause(tooDeep(context.depth + 1))),
    noteFallen: assign(({ event }) => supervisorFailed(event)),
    noteRouteFailed: assign(({ event }) => failedBecause(failureIn(event))),
    noteTooMany: assign(({ context }) =>
      failedBecause(
        failure(
          'budget',
          `The run handed out ${context.turns} messages, which is as many as it may. Raise maxTurns, or let the route finish sooner.`,
          { turns: context.turns },
        ),
      ),
    ),
    noteSpent: assign(({ event }) => (event.type === 'treasury.refused' ? failedBecause(event.failure) : {})),
    noteTreasurerFailed: assign(({ event }) => failedBecause(failureIn(event))),
    noteLate: assign(({ event }) =>
      failedBecause(
        event.type === 'run.late' && event.expired
          ? expired
          : failure('budget', 'The deadline of the team has passed.', { what: 'time' }),
      ),
    ),
    noteSilence: assign(() =>
      failedBecause(
        failure(
          'definition',
          'The route sent nothing and finished nothing, and nobody is at work: the run would wait for ever.',
        ),
      ),
    ),

    // Leases.
    askLease: enqueueActions(({ context, event, enqueue }) => {
      const messages = [...sentIn(event)];
      const request = money.requestOf(
        context,
        messages.map(({ to }) => to),
      );
      enqueue.sendTo<AnyActorRef>(money.treasurerId, request);
      enqueue.assign({ asks: context.asks + 1, sending: { id: request.id, messages } });
    }),
    giveBack: enqueueActions(({ context: { sending }, enqueue }) => {
      sending?.messages.forEach((_, nth) =>
        enqueue.sendTo<AnyActorRef>(money.treasurerId, {
          type: 'treasury.settle',
          id: money.leaseOf(sending, nth),
          used: nothingUsed,
        } satisfies TreasurySettle),
      );
      enqueue.assign({ sending: undefined });
    }),
    settleLease: enqueueActions(({ context, event, enqueue }) => {
      const id = context.leases[endedPlaces(context, event)[0] ?? -1];
      if (typeof id !== 'string') return;
      const settle: TreasurySettle = { type: 'treasury.settle', id, used: endOf(event).usage };
      enqueue.sendTo<AnyActorRef>(money.treasurerId, settle);
    }),

    // The end.
    settleCompleted: assign(({ event }) => {
      const routed = routedIn(event);
      return { outcome: { status: 'completed' as const, result: 'finish' in routed ? routed.finish : null } };
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
