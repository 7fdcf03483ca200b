/** The setup of a treasurer: its guards and actions by their names. */
import { assign, setup } from 'xstate';
import type { Failure } from '../../src/values/failure.ts';
import type { TreasuryAnswer, TreasuryLease } from '../../src/contracts/treasury.ts';
import type { WaitOutput } from '../../src/contracts/wait.ts';
import { childFailure, isChildError, childOutput } from '../childEvents.ts';
import { parent } from '../parent.ts';
import { waitMachine } from '../wait.ts';
import { learnCost } from './costs.ts';
import { addBudget, isServed } from './ledger.ts';
import { lendBudget, settleLease } from './leases.ts';
import {
  couldComeFromAbove,
  isDeadlocked,
  neededAbove,
  withNewLimits,
  firstServable,
  refusalOf,
  spentOf,
  budgetUsedUp,
  type TreasuryContext,
  type TreasuryEvent,
  type TreasuryInput,
  type TreasuryOutput,
} from './context.ts';
import { grantedBudget, fundingRefusal } from './ticket.ts';

const base = setup({
  types: {} as {
    context: TreasuryContext;
    input: TreasuryInput;
    events: TreasuryEvent;
    output: TreasuryOutput;
    tags: 'waiting';
  },
  actors: { wait: waitMachine },
  guards: {
    canServe: ({ context }) => firstServable(context) !== undefined,
    isStuck: ({ context }) => isDeadlocked(context),
    isFlowing: ({ context }) => !isDeadlocked(context),
    mayAsk: ({ context }) => isDeadlocked(context) && context.onExhausted === 'ask',
    mayAskAbove: ({ context }) => isDeadlocked(context) && couldComeFromAbove(context),
    isOfLease: ({ context, event }) => 'id' in event && event.id === context.lease?.id,
    isOld: ({ context, event }) => event.type === 'treasury.lease' && isServed(context.books, event),
    isMore: (_, output: WaitOutput) => grantedBudget(output) !== undefined,
  },
});
const { enqueueActions } = base;

/** Refuses the first request in the queue. */
const refuseWith = (why: (facts: { context: TreasuryContext; event: TreasuryEvent }) => Failure) =>
  enqueueActions(({ context, event, enqueue }) => {
    const [first, ...queue] = context.queue;
    if (!first) return;
    enqueue.sendTo(parent, refusalOf(context, first, why({ context, event })) satisfies TreasuryAnswer);
    enqueue.assign({ queue });
  });

/** The complete setup of a treasurer's machine: types, guards and actions. */
export const treasurySetup = base.extend({
  /** Every action by the name that the chart uses. */
  actions: {
    /** A request that is repeated goes to the end of the queue. */
    queue: assign(({ context: { queue, books }, event }) =>
      event.type === 'treasury.lease'
        ? {
            queue: [...queue.filter(({ id }) => id !== event.id), event],
            books: learnCost(books, event.id, event.used),
          }
        : {},
    ),
    serve: enqueueActions(({ context, enqueue }) => {
      const served = firstServable(context);
      if (!served) return;
      const { request, budget, books } = served;
      enqueue.sendTo(parent, { type: 'treasury.granted', id: request.id, budget } satisfies TreasuryAnswer);
      enqueue.assign({
        books: lendBudget(books, request, budget),
        queue: context.queue.filter((other) => other !== request),
      });
    }),
    settle: assign(({ context: { books, queue }, event }) =>
      event.type === 'treasury.settle'
        ? { books: settleLease(books, event.id, event.used), queue: queue.filter(({ id }) => id !== event.id) }
        : {},
    ),
    askAbove: enqueueActions(({ context, enqueue }) => {
      const { lease } = context;
      if (lease)
        enqueue.sendTo(parent, {
          type: 'treasury.lease',
          id: lease.id,
          wants: neededAbove(context),
          used: spentOf(context).used,
        } satisfies TreasuryLease);
    }),
    takeLease: assign(({ context, event }) =>
      event.type === 'treasury.granted' && context.lease
        ? withNewLimits(context, { budget: context.budget, lease: { id: event.id, budget: event.budget } })
        : {},
    ),
    takeGrant: assign(({ context }, output: WaitOutput) =>
      withNewLimits(context, { budget: addBudget(context.budget, grantedBudget(output) ?? {}), lease: context.lease }),
    ),
    countAsk: assign({ asked: ({ context }) => context.asked + 1 }),
    refuse: refuseWith(({ context }) => budgetUsedUp(context)),
    refuseAsAbove: refuseWith(({ context, event }) =>
      event.type === 'treasury.refused' ? event.failure : budgetUsedUp(context),
    ),
    refuseAsTold: refuseWith(({ context, event }) =>
      isChildError(event) ? childFailure(event) : fundingRefusal(childOutput<WaitOutput>(event), budgetUsedUp(context)),
    ),
  },
});
