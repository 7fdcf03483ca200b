/** The context of a treasurer, and what follows from them. */
import type { DoneActorEvent, ErrorActorEvent } from 'xstate';
import type { Budget } from '../../src/contracts/agent.ts';
import type { Failure } from '../../src/values/failure.ts';
import type { OnExhausted, TreasuryLease, TreasuryRefused, TreasurySignal } from '../../src/contracts/treasury.ts';
import type { WaitOutput } from '../../src/contracts/wait.ts';
import { lowerBudget } from '../agent/budget.ts';
import { makeFailure } from '../failure.ts';
import { asZodJson } from '../json.ts';
import { asJson } from '../../src/values/json.ts';
import { leaseOffer, missingFor, withIdleFreed } from './offer.ts';
import { budgetKinds, mapBudget, openLedger, addBudget, withBudget, type BudgetKind, type Ledger } from './ledger.ts';

export interface TreasuryInput {
  /** The name of the team whose budget it is, as a person knows it. */
  readonly who: string;
  /** The team's own limits; a kind that is not named is not limited. */
  readonly budget: Budget;
  /** The lease from the run above: its id there, and what it comes to. */
  readonly lease?: { readonly id: string; readonly budget: Budget };
  /** What to do when the team's own limits leave no room and no holder could give anything back. */
  readonly onExhausted: OnExhausted;
  /** How long a person has to answer, in milliseconds. */
  readonly patience: number;
  /** Of two holders, too, each asks before its first call while its cost is not known; absent in runs that earlier versions began. */
  readonly asksFirst?: true;
}

export interface TreasuryContext extends Omit<TreasuryInput, 'lease'> {
  readonly lease: TreasuryInput['lease'];
  readonly books: Ledger;
  /** The requests that wait, oldest first. */
  readonly queue: readonly TreasuryLease[];
  /** How many times a person was asked. */
  readonly asked: number;
}
/** What is lent, and who waits for more. */
export type LeaseRequests = Pick<TreasuryContext, 'books' | 'queue'>;
/** These, with the limits that whoever lends has itself. */
export type Lender = Pick<TreasuryContext, 'books' | 'queue' | 'budget' | 'lease'>;
export type TreasuryOutput = Pick<Ledger, 'budget' | 'used' | 'by'>;
export type TreasuryEvent = TreasurySignal | DoneActorEvent<WaitOutput, 'ticket'> | ErrorActorEvent;

export const initialTreasuryContext = ({ lease, ...input }: TreasuryInput): TreasuryContext => ({
  ...input,
  lease,
  books: openLedger(lowerBudget(input.budget, lease?.budget), input),
  queue: [],
  asked: 0,
});

export const treasuryOutputOf = ({ books: { budget, used, by } }: TreasuryContext): TreasuryOutput => ({
  budget,
  used,
  by,
});

interface Served {
  readonly request: TreasuryLease;
  /** What each lease of the request comes to. */
  readonly budget: Budget;
  /** The ledger from which it is lent. */
  readonly books: Ledger;
}

/** The first request that can be served: with what is free, with what holders that wait may do without, or at last with less than its next call may need. */
export function firstServable(requests: LeaseRequests): Served | undefined {
  const { books, queue } = requests;
  for (const request of queue) {
    const budget = leaseOffer(books, request);
    if (budget !== undefined) return { request, budget, books };
  }
  // One request is enough: its holder goes on, and gives back what it does not use.
  const request = queue.find(({ id }) => books.leases[id] !== undefined);
  if (request === undefined) return undefined;
  const freed = withIdleFreed(books, queue, request);
  const budget = leaseOffer(freed, request) ?? (isDeadlocked(requests) ? leaseOffer(freed, request, true) : undefined);
  return budget && { request, budget, books: freed };
}

/** Every holder of a lease waits for more, or holds nothing of what is lacking: nothing will be given back. */
export const isDeadlocked = ({ books, queue }: LeaseRequests): boolean => {
  const [first] = queue;
  if (!first) return false;
  const waiting = new Set(queue.map(({ id }) => id));
  const lacking = Object.keys(missingFor(books, first)) as BudgetKind[];
  return Object.entries(books.leases).every(
    ([id, { budget }]) => waiting.has(id) || (lacking.length > 0 && lacking.every((kind) => (budget[kind] ?? 0) <= 0)),
  );
};

/** The answer to a request for which there is nothing, with what is left of its lease if others were lent of it. */
export const refusalOf = ({ books }: LeaseRequests, { id }: TreasuryLease, failure: Failure): TreasuryRefused => {
  const lease = books.leases[id];
  return { type: 'treasury.refused', id, failure, ...(lease?.isReduced ? { budget: lease.budget } : {}) };
};

/** What the first request in the queue lacks. */
export const lacksOf = ({ books, queue: [first] }: LeaseRequests): Budget => (first ? missingFor(books, first) : {});

/** Whether the run above could give what is lacking without the team's own limits being passed. */
export const couldComeFromAbove = (context: Lender): boolean => {
  const needed = neededAbove(context);
  return budgetKinds.every((kind) => {
    if (lacksOf(context)[kind] === undefined) return true;
    const sum = needed[kind];
    return sum !== undefined && sum <= (context.budget[kind] ?? Infinity);
  });
};

/** What the lease from above must come to for the first request in the queue; only the kinds that this lease limits. */
export function neededAbove({ books, lease, queue }: Omit<Lender, 'budget'>): Budget {
  const [first] = queue;
  if (!first || !lease) return {};
  const lacks = missingFor(books, first);
  return Object.fromEntries(
    budgetKinds.flatMap((kind) => {
      const [lack, limit] = [lacks[kind], lease.budget[kind]];
      return lack === undefined || limit === undefined ? [] : [[kind, (books.budget[kind] ?? 0) + lack]];
    }),
  );
}

/** What was used, and by whom, with what the waiting holders have used of leases that are not settled. */
export function spentOf({ books, queue }: LeaseRequests): Pick<Ledger, 'used' | 'by'> {
  return queue.reduce<Pick<Ledger, 'used' | 'by'>>(({ used, by }, { id, used: more = {} }) => {
    const who = books.leases[id]?.of;
    if (who === undefined) return { used, by };
    const spent = mapBudget(used, (kind) => more[kind]);
    return { used: addBudget(used, more), by: { ...by, [who]: addBudget(spent, by[who] ?? {}) } };
  }, books);
}

/** The failure of a request for which nothing is left. */
export const budgetUsedUp = (context: LeaseRequests & Pick<TreasuryInput, 'who'>): Failure => {
  const { budget } = context.books;
  const { used, by } = spentOf(context);
  const lacks = lacksOf(context);
  const what = budgetKinds.find((kind) => lacks[kind] !== undefined) ?? 'steps';
  const [spent, limit] = [used[what] ?? 0, budget[what] ?? 0];
  return makeFailure(
    'budget',
    `The budget of ${context.who}, ${limit} ${what}, is used up (used: ${spent}). Raise it, or make the task smaller.`,
    asZodJson(asJson({ what, used: spent, limit, by })),
  );
};

/** The context after a limit has changed. */
export const withNewLimits = (
  context: TreasuryContext,
  change: Pick<TreasuryContext, 'budget' | 'lease'>,
): Partial<TreasuryContext> => ({
  ...change,
  books: withBudget(context.books, lowerBudget(change.budget, change.lease?.budget)),
});
