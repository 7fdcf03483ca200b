/**
 * The ledger of a treasurer, as pure sums.
 *
 * M1 The amounts that are used, leased and free always add up to the budget.
 * M2 A leased amount belongs to its holder until the lease is settled.
 * M3 A lease that is requested again, or settled again, changes no amount.
 */
import type { AgentUsage, Budget } from '../../src/contracts/agent.ts';
import type { TreasuryLease } from '../../src/contracts/treasury.ts';
import { totalTokens } from '../usage.ts';
import { propertiesOf } from '../../src/values/properties.ts';

export const budgetKinds = ['steps', 'tokens', 'usd', 'toolCalls'] as const satisfies readonly (keyof Budget)[];
export type BudgetKind = (typeof budgetKinds)[number];

/** Whether a value that came from outside is a budget. */
export const isBudget = (value: unknown): value is Budget => {
  const fields = propertiesOf(value);
  const isAmount = (kind: BudgetKind) => fields[kind] === undefined || typeof fields[kind] === 'number';
  return typeof value === 'object' && value !== null && budgetKinds.every(isAmount);
};

/** A reservation of one holder. */
export interface LedgerLease {
  /** The name of its holder. */
  readonly of: string;
  readonly budget: Budget;
}

export interface Ledger {
  /** Only the kinds that it names are limited and accounted for. */
  readonly budget: Budget;
  /** Below zero once a holder used more than its lease: that cannot be taken back. */
  readonly free: Budget;
  readonly used: Budget;
  /** The leases that are not settled, by id. */
  readonly leases: Readonly<Record<string, LedgerLease>>;
  /** What each holder used in leases that were settled. */
  readonly by: Readonly<Record<string, Budget>>;
  /** The ids of the latest leases that were settled. */
  readonly settled: readonly string[];
}

type Sum = (kind: BudgetKind, amount: number) => number | undefined;
/** A budget of the kinds that `like` names. `sum` is given each kind and its amount in `like`; undefined counts as 0. */
export const mapBudget = (like: Budget, sum: Sum): Budget =>
  Object.fromEntries(
    budgetKinds.flatMap((kind) => {
      const amount = like[kind];
      return amount === undefined ? [] : [[kind, sum(kind, amount) ?? 0]];
    }),
  );
export const addBudget = (a: Budget, b: Budget): Budget => mapBudget(a, (kind, amount) => amount + (b[kind] ?? 0));
export const subtractBudget = (a: Budget, b: Budget): Budget => mapBudget(a, (kind, amount) => amount - (b[kind] ?? 0));

/** The usage as a budget. A cost that is not known counts as 0: it cannot be accounted for. */
export const budgetOfUsage = (used: AgentUsage): Record<BudgetKind, number> => ({
  steps: used.steps,
  tokens: totalTokens(used),
  usd: used.usd ?? 0,
  toolCalls: used.toolCalls,
});

export const openLedger = (budget: Budget): Ledger => ({
  budget: mapBudget(budget, (_, amount) => amount),
  free: mapBudget(budget, (_, amount) => amount),
  used: mapBudget(budget, () => 0),
  leases: {},
  by: {},
  settled: [],
});

/** The ids of the leases that a request is about. */
export const leaseIdsOf = ({ id, of }: TreasuryLease): string[] =>
  of === undefined ? [id] : of.map((_, index) => `${id}.${index}`);

/** Whether the request was served before. One for several leases cannot be repeated; one for a single lease may ask for a larger sum (M3). */
export const isServed = ({ settled, leases }: Ledger, request: TreasuryLease): boolean =>
  leaseIdsOf(request).some((id) => settled.includes(id) || (request.of !== undefined && leases[id] !== undefined));

/** A smaller lease is of no use. Without tool calls a model can still answer. */
const smallestUseful: Record<BudgetKind, number> = { steps: 1, tokens: 1, usd: Number.MIN_VALUE, toolCalls: 0 };
/** Money can be divided; the other kinds are whole numbers. */
const roundDown = (kind: BudgetKind, sum: number) => (kind === 'usd' ? sum : Math.floor(sum));

/** What each lease of the request would come to now; undefined while there is too little. */
export function leaseOffer({ free, leases }: Ledger, request: TreasuryLease): Budget | undefined {
  const { id, of, wants } = request;
  const held = leases[id]?.budget;
  const shares = held === undefined ? (of?.length ?? 1) : Object.keys(leases).length;
  const offered = mapBudget(free, (kind, available) => {
    const share = roundDown(kind, Math.max(0, available) / shares);
    if (held === undefined) return share;
    // A share of the kinds that are short, and not only the difference: otherwise the holder would ask again for every step.
    const more = (wants[kind] ?? 0) - (held[kind] ?? 0);
    return (held[kind] ?? 0) + (more > 0 ? Math.max(more, share) : 0);
  });
  const isEnough = budgetKinds.every((kind) => {
    const sum = offered[kind];
    if (sum === undefined) return true;
    if (held === undefined) return sum >= Math.max(wants[kind] ?? 0, smallestUseful[kind]);
    return sum - (held[kind] ?? 0) <= Math.max(0, free[kind] ?? 0);
  });
  return isEnough ? offered : undefined;
}

/** Gives the request what it was offered. */
export function lendBudget(ledger: Ledger, request: TreasuryLease, offered: Budget): Ledger {
  const leases = { ...ledger.leases };
  let { free } = ledger;
  leaseIdsOf(request).forEach((id, index) => {
    const held = leases[id];
    free = subtractBudget(free, subtractBudget(offered, held?.budget ?? {}));
    leases[id] = { of: held?.of ?? request.of?.[index] ?? id, budget: offered };
  });
  return { ...ledger, free, leases };
}

/** How many settled leases are remembered. A message that is delivered twice comes again soon. */
const maxSettledRemembered = 64;

/** Ends a lease with what was really used; the rest is free again. */
export function settleLease(ledger: Ledger, id: string, usage: AgentUsage): Ledger {
  const { [id]: lease, ...leases } = ledger.leases;
  if (lease === undefined) return ledger;
  const spent = mapBudget(ledger.budget, (kind) => budgetOfUsage(usage)[kind]);
  return {
    ...ledger,
    leases,
    free: subtractBudget(addBudget(ledger.free, lease.budget), spent),
    used: addBudget(ledger.used, spent),
    by: { ...ledger.by, [lease.of]: addBudget(spent, ledger.by[lease.of] ?? {}) },
    settled: [...ledger.settled, id].slice(-maxSettledRemembered),
  };
}

/** Replaces the budget; what is used and leased stays. */
export function withBudget(ledger: Ledger, budget: Budget): Ledger {
  const changed = mapBudget(ledger.budget, (kind) => budget[kind]);
  return { ...ledger, budget: changed, free: addBudget(ledger.free, subtractBudget(changed, ledger.budget)) };
}

/** What is missing to serve the request, by kind: so much must come from elsewhere. */
export function missingFor({ free, leases }: Ledger, { id, of, wants }: TreasuryLease): Budget {
  const held = leases[id]?.budget;
  const shares = held === undefined ? (of?.length ?? 1) : 1;
  const lack = mapBudget(free, (kind, available) => {
    const needed =
      held === undefined ? Math.max(wants[kind] ?? 0, smallestUseful[kind]) : (wants[kind] ?? 0) - (held[kind] ?? 0);
    return Math.max(0, needed * shares - Math.max(0, available));
  });
  return Object.fromEntries(Object.entries(lack).filter(([, amount]) => (amount ?? 0) > 0));
}
