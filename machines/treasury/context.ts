/** The facts of a treasurer, and what follows from them. */
import type { DoneActorEvent, ErrorActorEvent } from 'xstate';
import type { Budget } from '../../src/contracts/agent.ts';
import type { Failure } from '../../src/values/failure.ts';
import type { OnExhausted, TreasuryLease, TreasurySignal } from '../../src/contracts/treasury.ts';
import type { WaitOutput } from '../../src/contracts/wait.ts';
import { tighter } from '../agent/budget.ts';
import { failure } from '../failure.ts';
import { asJson, asZodJson } from '../json.ts';
import { kinds, lackOf, offer, only, opened, plus, refit, type Books } from './ledger.ts';

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
}

export interface TreasuryContext extends Omit<TreasuryInput, 'lease'> {
  readonly lease: TreasuryInput['lease'];
  readonly books: Books;
  /** The requests that wait, oldest first. */
  readonly queue: readonly TreasuryLease[];
  /** How many times a person was asked. */
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

interface Served {
  readonly request: TreasuryLease;
  /** What each lease of the request comes to. */
  readonly budget: Budget;
}

/** The first request that can be served with what is free. */
export function servable({ books, queue }: TreasuryContext): Served | undefined {
  for (const request of queue) {
    const budget = offer(books, request);
    if (budget !== undefined) return { request, budget };
  }
  return undefined;
}

/** Every holder of a lease waits for more: nothing will be given back. */
export const isStuck = ({ books, queue }: TreasuryContext): boolean =>
  queue.length > 0 && Object.keys(books.leases).every((id) => queue.some((request) => request.id === id));

/** What the first request in the queue lacks. */
export const lacksOf = ({ books, queue: [first] }: TreasuryContext): Budget => (first ? lackOf(books, first) : {});

/** Whether the run above could give what is lacking without the team's own limits being passed. */
export const couldComeFromAbove = (context: TreasuryContext): boolean => {
  const needed = neededAbove(context);
  return kinds.every((kind) => {
    if (lacksOf(context)[kind] === undefined) return true;
    const sum = needed[kind];
    return sum !== undefined && sum <= (context.budget[kind] ?? Infinity);
  });
};

/** What the lease from above must come to for the first request in the queue; only the kinds that this lease limits. */
export function neededAbove({ books, lease, queue }: TreasuryContext): Budget {
  const [first] = queue;
  if (!first || !lease) return {};
  const lacks = lackOf(books, first);
  return Object.fromEntries(
    kinds.flatMap((kind) => {
      const [lack, limit] = [lacks[kind], lease.budget[kind]];
      return lack === undefined || limit === undefined ? [] : [[kind, (books.budget[kind] ?? 0) + lack]];
    }),
  );
}

/** What was used, and by whom, with what the waiting holders have used of leases that are not settled. */
export function spentOf({ books, queue }: TreasuryContext): Pick<Books, 'used' | 'by'> {
  return queue.reduce<Pick<Books, 'used' | 'by'>>(({ used, by }, { id, used: more = {} }) => {
    const who = books.leases[id]?.of;
    if (who === undefined) return { used, by };
    const spent = only(used, (kind) => more[kind]);
    return { used: plus(used, more), by: { ...by, [who]: plus(spent, by[who] ?? {}) } };
  }, books);
}

/** The failure of a request for which nothing is left. */
export const usedUp = (context: TreasuryContext): Failure => {
  const { budget } = context.books;
  const { used, by } = spentOf(context);
  const lacks = lacksOf(context);
  const what = kinds.find((kind) => lacks[kind] !== undefined) ?? 'steps';
  const [spent, limit] = [used[what] ?? 0, budget[what] ?? 0];
  return failure(
    'budget',
    `The budget of ${context.who}, ${limit} ${what}, is used up (used: ${spent}). Raise it, or make the task smaller.`,
    asZodJson(asJson({ what, used: spent, limit, by })),
  );
};

/** The facts after a limit has changed. */
export const raised = (
  context: TreasuryContext,
  change: Pick<TreasuryContext, 'budget' | 'lease'>,
): Partial<TreasuryContext> => ({
  ...change,
  books: refit(context.books, tighter(change.budget, change.lease?.budget)),
});
