/** The words a treasurer is written in. */
import { assign, setup, type DoneActorEvent, type ErrorActorEvent } from 'xstate';
import type { Budget } from '../../src/contracts/agent.ts';
import type { Failure } from '../../src/contracts/failure.ts';
import type { OnExhausted, TreasuryAnswer, TreasuryLease, TreasurySignal } from '../../src/contracts/treasury.ts';
import type { WaitOutput } from '../../src/contracts/wait.ts';
import { tighter } from '../agent/money.ts';
import { failure, failureOf } from '../failure.ts';
import { parent } from '../parent.ts';
import { waitMachine } from '../wait.ts';
import { isOld, kinds, lackOf, lend, offer, only, opened, plus, refit, settle, type Books } from './books.ts';
import { grantIn, refusalOf } from './ticket.ts';

export interface TreasuryInput {
  /** Whose money it is, as a person knows them. */
  readonly who: string;
  /** Its own limits; what is not named is not limited. */
  readonly budget: Budget;
  /** What it holds of a run above it, and under which name it may ask there for more. */
  readonly lease?: { readonly id: string; readonly budget: Budget };
  /** What to do when its own limits leave no room and nobody could bring anything back. */
  readonly onExhausted: OnExhausted;
  /** Milliseconds that a person has to answer. */
  readonly patience: number;
}

export interface TreasuryContext extends Omit<TreasuryInput, 'lease'> {
  readonly lease: TreasuryInput['lease'];
  readonly books: Books;
  /** Who waits, in the order in which they asked. */
  readonly queue: readonly TreasuryLease[];
  /** How often a person was asked. */
  readonly asked: number;
}
export type TreasuryOutput = Pick<Books, 'budget' | 'used' | 'by'>;
export type TreasuryEvent = TreasurySignal | DoneActorEvent<WaitOutput, 'ticket'> | ErrorActorEvent;

export const beginning = ({ lease, ...input }: TreasuryInput): TreasuryContext => ({
  ...input,
  lease,
  books: opened(tighter(input.budget, lease?.budget)),
  queue: [],
  asked: 0,
});

export const outputOf = ({ books: { budget, used, by } }: TreasuryContext): TreasuryOutput => ({ budget, used, by });

interface Facts {
  readonly context: TreasuryContext;
}

/** The first who can be served with what there is. */
const servable = ({ books, queue }: TreasuryContext) => queue.find((request) => offer(books, request) !== undefined);
/** Everybody who holds something waits for more: nobody will bring anything back. */
const isStuck = ({ context: { books, queue } }: Facts) =>
  queue.length > 0 && Object.keys(books.leases).every((id) => queue.some((request) => request.id === id));
/** What the first in the queue lacks. */
export const lacksOf = ({ books, queue: [first] }: TreasuryContext): Budget => (first ? lackOf(books, first) : {});
/** What the lease from above must come to for the first in the queue; only the kinds that this lease is short of. */
const neededAbove = (context: TreasuryContext): Budget => {
  const lacks = lacksOf(context);
  return Object.fromEntries(
    kinds
      .filter((kind) => lacks[kind] !== undefined && context.lease?.budget[kind] !== undefined)
      .map((kind) => [kind, context.books.budget[kind]! + lacks[kind]!]),
  );
};

/** What was used, and by whom, with what those who wait have used of leases that are not settled. */
export function spentOf({ books, queue }: TreasuryContext): Pick<Books, 'used' | 'by'> {
  return queue.reduce<Pick<Books, 'used' | 'by'>>(({ used, by }, { id, used: more = {} }) => {
    const who = books.leases[id]?.of;
    if (who === undefined) return { used, by };
    return {
      used: plus(used, more),
      by: {
        ...by,
        [who]: plus(
          only(used, (kind) => more[kind]),
          by[who] ?? {},
        ),
      },
    };
  }, books);
}

const usedUp = (context: TreasuryContext): Failure => {
  const { budget } = context.books;
  const { used, by } = spentOf(context);
  const what = kinds.find((kind) => lacksOf(context)[kind] !== undefined) ?? 'steps';
  return failure(
    'budget',
    `The budget of ${context.who}, ${budget[what]} ${what}, is used up (used: ${used[what]}). Raise it, or make the task smaller.`,
    // JSON, though the type of a budget allows for what is undefined.
    { what, used: used[what]!, limit: budget[what]!, by } as Failure['data'],
  );
};

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
    canServe: ({ context }) => servable(context) !== undefined,
    isStuck,
    isFlowing: (facts) => !isStuck(facts),
    mayAsk: (facts) => isStuck(facts) && facts.context.onExhausted === 'ask',
    /** What it lacks, the run above could give without its own limits being passed. */
    mayAskAbove: (facts) => {
      const { budget } = facts.context;
      const needed = neededAbove(facts.context);
      return (
        isStuck(facts) &&
        Object.keys(lacksOf(facts.context)).every((kind) => {
          const sum = needed[kind as keyof Budget];
          return sum !== undefined && sum <= (budget[kind as keyof Budget] ?? Infinity);
        })
      );
    },
    isOfLease: ({ context, event }) => 'id' in event && event.id === context.lease?.id,
    isOld: ({ context, event }) => event.type === 'treasury.lease' && isOld(context.books, event),
    isMore: (_, output: WaitOutput) => grantIn(output) !== undefined,
  },
});
const { enqueueActions } = base;

/** The first in the queue hears that there is no more. */
const refuseWith = (why: (facts: { context: TreasuryContext; event: TreasuryEvent }) => Failure) =>
  enqueueActions(({ context, event, enqueue }) => {
    const [first, ...queue] = context.queue;
    if (!first) return;
    enqueue.sendTo(parent, {
      type: 'treasury.refused',
      id: first.id,
      failure: why({ context, event }),
    } satisfies TreasuryAnswer);
    enqueue.assign({ queue });
  });

/** The limits are others now. */
const raised = (context: TreasuryContext, change: Pick<TreasuryContext, 'budget' | 'lease'>) => ({
  ...change,
  books: refit(context.books, tighter(change.budget, change.lease?.budget)),
});

export const treasury = base.extend({
  actions: {
    /** Who asks again has its place at the end. */
    queue: assign(({ context: { queue }, event }) =>
      event.type === 'treasury.lease' ? { queue: [...queue.filter(({ id }) => id !== event.id), event] } : {},
    ),
    serve: enqueueActions(({ context, enqueue }) => {
      const request = servable(context)!;
      const budget = offer(context.books, request)!;
      enqueue.sendTo(parent, { type: 'treasury.granted', id: request.id, budget } satisfies TreasuryAnswer);
      enqueue.assign({
        books: lend(context.books, request, budget),
        queue: context.queue.filter((other) => other !== request),
      });
    }),
    settle: assign(({ context: { books, queue }, event }) =>
      event.type === 'treasury.settle'
        ? { books: settle(books, event.id, event.used), queue: queue.filter(({ id }) => id !== event.id) }
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
        ? raised(context, { budget: context.budget, lease: { id: event.id, budget: event.budget } })
        : {},
    ),
    takeGrant: assign(({ context }, output: WaitOutput) =>
      raised(context, { budget: plus(context.budget, grantIn(output) ?? {}), lease: context.lease }),
    ),
    countAsk: assign({ asked: ({ context }) => context.asked + 1 }),
    refuse: refuseWith(({ context }) => usedUp(context)),
    refuseAsAbove: refuseWith(({ event }) => (event as Extract<TreasuryAnswer, { failure: Failure }>).failure),
    refuseAsTold: refuseWith(({ context, event }) =>
      event.type.startsWith('xstate.error.')
        ? failureOf((event as ErrorActorEvent).error)
        : refusalOf((event as DoneActorEvent<WaitOutput>).output, usedUp(context)),
    ),
  },
});
