/**
 * The books of a treasurer, as pure sums.
 *
 * M1 What is used, what is leased and what is free make up the budget, whatever happens.
 * M2 What is leased is nobody else's until it is settled.
 * M3 A lease that is asked for again, or settled again, changes nothing.
 */
import type { AgentUsage, Budget } from '../../src/contracts/agent.ts';
import type { TreasuryLease } from '../../src/contracts/treasury.ts';
import { tokensOf } from '../agent/money.ts';

export const kinds = ['steps', 'tokens', 'usd', 'toolCalls'] as const satisfies readonly (keyof Budget)[];
export type Kind = (typeof kinds)[number];

export interface Lease {
  /** Who holds it. */
  readonly of: string;
  readonly budget: Budget;
}

export interface Books {
  /** Only what it names is limited, and kept account of. */
  readonly budget: Budget;
  /** Below zero once somebody passed a lease: nothing can take that back. */
  readonly free: Budget;
  readonly used: Budget;
  readonly leases: Readonly<Record<string, Lease>>;
  /** What each holder used in leases that were settled. */
  readonly by: Readonly<Record<string, Budget>>;
  /** The latest leases that were settled. */
  readonly settled: readonly string[];
}

type Sum = (kind: Kind) => number | undefined;
/** For each kind that `like` names. */
export const only = (like: Budget, sum: Sum): Budget =>
  Object.fromEntries(kinds.filter((kind) => like[kind] !== undefined).map((kind) => [kind, sum(kind) ?? 0]));
export const plus = (a: Budget, b: Budget): Budget => only(a, (kind) => a[kind]! + (b[kind] ?? 0));
export const minus = (a: Budget, b: Budget): Budget => only(a, (kind) => a[kind]! - (b[kind] ?? 0));

/** Of a price that is not known nothing can be kept account of. */
export const spendingOf = (used: AgentUsage): Required<Budget> => ({
  steps: used.steps,
  tokens: tokensOf(used),
  usd: used.usd ?? 0,
  toolCalls: used.toolCalls,
});

export const opened = (budget: Budget): Books => ({
  budget: only(budget, (kind) => budget[kind]),
  free: only(budget, (kind) => budget[kind]),
  used: only(budget, () => 0),
  leases: {},
  by: {},
  settled: [],
});

/** The leases that a request is about. */
export const idsOf = ({ id, of }: TreasuryLease): string[] =>
  of === undefined ? [id] : of.map((_, place) => `${id}.${place}`);

/** Was it heard before? Of several leases at once there is nothing to ask for again; one may be asked to come to more (M3). */
export const isOld = ({ settled, leases }: Books, request: TreasuryLease): boolean =>
  idsOf(request).some((id) => settled.includes(id) || (request.of !== undefined && leases[id] !== undefined));

/** A lease of nothing is of no use. Without tool calls one can still answer. */
const least: Budget = { steps: 1, tokens: 1, usd: Number.MIN_VALUE, toolCalls: 0 };
/** Money comes in any size, the rest in ones. */
const whole = (kind: Kind, sum: number) => (kind === 'usd' ? sum : Math.floor(sum));

/** What each lease of the request would come to now; undefined while there is too little. */
export function offer({ free, leases }: Books, request: TreasuryLease): Budget | undefined {
  const { id, of, wants } = request;
  const held = leases[id]?.budget;
  const shares = held === undefined ? (of?.length ?? 1) : Object.keys(leases).length;
  const offered = only(free, (kind) => {
    const share = whole(kind, Math.max(0, free[kind]!) / shares);
    if (held === undefined) return share;
    // More of what it is short of, and its share of that, so that it need not come back for every step.
    const more = (wants[kind] ?? 0) - (held[kind] ?? 0);
    return (held[kind] ?? 0) + (more > 0 ? Math.max(more, share) : 0);
  });
  const isEnough = kinds.every((kind) => {
    const sum = offered[kind];
    if (sum === undefined) return true;
    if (held === undefined) return sum >= Math.max(wants[kind] ?? 0, least[kind]!);
    return sum - (held[kind] ?? 0) <= Math.max(0, free[kind]!);
  });
  return isEnough ? offered : undefined;
}

/** The request has what it was offered. */
export function lend(books: Books, request: TreasuryLease, offered: Budget): Books {
  const leases = { ...books.leases };
  let { free } = books;
  idsOf(request).forEach((id, place) => {
    const held = leases[id];
    free = minus(free, minus(offered, held?.budget ?? {}));
    leases[id] = { of: held?.of ?? request.of?.[place] ?? id, budget: offered };
  });
  return { ...books, free, leases };
}

/** How many settled leases are remembered: a word that comes again does so soon. */
const memory = 64;

export function settle(books: Books, id: string, usage: AgentUsage): Books {
  const { [id]: lease, ...leases } = books.leases;
  if (lease === undefined) return books;
  const spent = only(books.budget, (kind) => spendingOf(usage)[kind]);
  return {
    ...books,
    leases,
    free: minus(plus(books.free, lease.budget), spent),
    used: plus(books.used, spent),
    by: { ...books.by, [lease.of]: plus(spent, books.by[lease.of] ?? {}) },
    settled: [...books.settled, id].slice(-memory),
  };
}

/** The budget is another one now; what is used and leased stays. */
export const refit = (books: Books, budget: Budget): Books => ({
  ...books,
  budget: only(books.budget, (kind) => budget[kind]),
  free: plus(
    books.free,
    minus(
      only(books.budget, (kind) => budget[kind]),
      books.budget,
    ),
  ),
});

/** What the request lacks, by kind: what must come from elsewhere for it to be served. */
export function lackOf({ free, leases }: Books, { id, of, wants }: TreasuryLease): Budget {
  const held = leases[id]?.budget;
  const shares = held === undefined ? (of?.length ?? 1) : 1;
  const lack = only(free, (kind) => {
    const needed =
      held === undefined ? Math.max(wants[kind] ?? 0, least[kind]!) : (wants[kind] ?? 0) - (held[kind] ?? 0);
    return Math.max(0, needed * shares - Math.max(0, free[kind]!));
  });
  return Object.fromEntries(kinds.filter((kind) => (lack[kind] ?? 0) > 0).map((kind) => [kind, lack[kind]!]));
}
