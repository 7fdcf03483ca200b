/**
 * The ledger of a treasurer, as pure sums.
 *
 * M1 The amounts that are used, leased and free always add up to the budget.
 * M2 A leased amount belongs to its holder until the lease is settled.
 * M3 A lease that is requested again, or settled again, changes no amount.
 *
 * What a call of a model costs, in tokens and in US dollars, is known only once one has been made. Until then, of several holders with small shares one at
 * a time makes a call, and after that each of the same name reserves what the dearest call so far has cost before it makes its first.
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
  /** What the dearest call of each holder's name so far has cost, on the average of a holder; only the kinds that are known. */
  readonly costs?: Readonly<Record<string, Budget>>;
  /** The lease whose holder makes the first call, from which the cost will be known. */
  readonly probe?: string;
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

/** Sums of US dollars are rounded: less than a billionth is no difference. Otherwise a holder would ask again and again for what it was given. */
export const rounding = (kind: BudgetKind): number => (kind === 'usd' ? 1e-9 : 0);

/** The kinds of which nobody can say before a call how much it will take. */
const unsureKinds: readonly BudgetKind[] = ['tokens', 'usd'];
/** What a call is presumed to cost at most while none is known: one of two holders uses a share of so much without asking. Of more holders each asks. */
const presumedCost: Budget = { tokens: 50_000, usd: 0.25 };
const presumedHolders = 2;
const isUnsure = (kind: BudgetKind): boolean => unsureKinds.includes(kind);

const costOf = ({ costs = {} }: Ledger, name: string): Budget =>
  Object.hasOwn(costs, name) ? (costs[name] ?? {}) : {};

/** Whether a call of this holder has a cost that is limited and not known yet. */
const isCostUnknown = (ledger: Ledger, name: string): boolean =>
  unsureKinds.some((kind) => ledger.budget[kind] !== undefined && costOf(ledger, name)[kind] === undefined);

/** What a call of one of these holders is expected to cost: as much as the dearest of its own so far, or that of any holder while it has made none. */
const expectedCost = (ledger: Ledger, names: readonly string[], kind: BudgetKind): number | undefined => {
  const own = names.map((name) => costOf(ledger, name)[kind]);
  const known = own.includes(undefined) ? Object.values(ledger.costs ?? {}).map((cost) => cost[kind]) : own;
  const amounts = known.filter((amount) => amount !== undefined);
  return amounts.length === 0 ? undefined : Math.max(...amounts);
};

/** What the holder of a lease wants of a kind: what it says, and before its first call at least what a call costs. */
const wantedOf = (ledger: Ledger, { id, wants, used }: TreasuryLease, kind: BudgetKind): number => {
  const isFirst = wants[kind] !== undefined && isUnsure(kind) && !used?.steps;
  return Math.max(wants[kind] ?? 0, isFirst ? (expectedCost(ledger, [ledger.leases[id]?.of ?? id], kind) ?? 0) : 0);
};

/** Whether this holder's first call would show what its calls cost, while others hold leases. */
const isFirstOfMany = (ledger: Ledger, id: string): boolean => {
  const lease = ledger.leases[id];
  return lease !== undefined && Object.keys(ledger.leases).length > 1 && isCostUnknown(ledger, lease.of);
};

/** What each lease of the request would come to now; undefined while there is too little. */
export function leaseOffer(ledger: Ledger, request: TreasuryLease): Budget | undefined {
  const { free, leases, probe } = ledger;
  const { id, of, wants, used } = request;
  const held = leases[id]?.budget;
  const isProbing = isFirstOfMany(ledger, id);
  // Another holder is at its first call: what it costs will be known soon.
  if (isProbing && probe !== undefined && probe !== id && leases[probe] !== undefined) return undefined;
  const shares = held === undefined ? (of?.length ?? 1) : Object.keys(leases).length;
  const isAlone = held === undefined && shares === 1 && Object.keys(leases).length === 0;
  const names = of ?? [id];
  const isCrowd = Object.keys(leases).length + names.length > presumedHolders;
  /** The least share that is enough for a first call; undefined while nobody can say. */
  const enough = (kind: BudgetKind): number | undefined =>
    isCrowd && names.some((name) => costOf(ledger, name)[kind] === undefined)
      ? undefined
      : (expectedCost(ledger, names, kind) ?? presumedCost[kind]);
  const offered = mapBudget(free, (kind, available) => {
    const share = roundDown(kind, Math.max(0, available) / shares);
    // A share that is not known to be enough for a call is asked for before the first one is made.
    if (held === undefined) return !isUnsure(kind) || isAlone || share >= (enough(kind) ?? Infinity) ? share : 0;
    // A share of the kinds that are short, and not only the difference: otherwise the holder would ask again for every step.
    const [wanted, before] = [wantedOf(ledger, request, kind), held[kind] ?? 0];
    // Not `before` and the difference, which may come out a little less than what is wanted.
    return wanted > before ? Math.max(wanted, before + share) : before;
  });
  const isEnough = budgetKinds.every((kind) => {
    const sum = offered[kind];
    if (sum === undefined) return true;
    if (held !== undefined)
      return wantedOf(ledger, request, kind) - (held[kind] ?? 0) <= Math.max(0, free[kind] ?? 0) + rounding(kind);
    if (isUnsure(kind) && sum === 0 && !wants[kind]) return (free[kind] ?? 0) > 0;
    return sum >= Math.max(wants[kind] ?? 0, smallestUseful[kind]);
  });
  if (!isEnough) return undefined;
  // After this call it asks again, and says what it has used.
  return isProbing ? { ...offered, steps: Math.min(offered.steps ?? Infinity, (used?.steps ?? 0) + 1) } : offered;
}

/** The ledger after it is known what the holder of a lease has used in so many calls. */
export function learnCost(ledger: Ledger, id: string, used: Budget | undefined): Ledger {
  const { steps = 0 } = used ?? {};
  const name = ledger.leases[id]?.of;
  // An attempt that was refused unread shows nothing.
  if (name === undefined || used === undefined || steps < 1 || !(used.tokens || used.usd)) return ledger;
  const before = costOf(ledger, name);
  const costs = unsureKinds.flatMap((kind): [BudgetKind, number][] => {
    const amount = used[kind];
    if (amount === undefined || ledger.budget[kind] === undefined) return [];
    const each = Math.max(amount / steps, before[kind] ?? 0);
    return [[kind, kind === 'tokens' ? Math.ceil(each) : each]];
  });
  return costs.length === 0
    ? ledger
    : { ...ledger, costs: { ...ledger.costs, [name]: { ...before, ...Object.fromEntries(costs) } } };
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
  return { ...ledger, free, leases, ...(isFirstOfMany(ledger, request.id) ? { probe: request.id } : {}) };
}

/** How many settled leases are remembered. A message that is delivered twice comes again soon. */
const maxSettledRemembered = 64;

/** Ends a lease with what was really used; the rest is free again. */
export function settleLease(ledger: Ledger, id: string, usage: AgentUsage): Ledger {
  const { [id]: lease, ...leases } = ledger.leases;
  if (lease === undefined) return ledger;
  const spent = mapBudget(ledger.budget, (kind) => budgetOfUsage(usage)[kind]);
  return {
    ...learnCost(ledger, id, budgetOfUsage(usage)),
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
export function missingFor(ledger: Ledger, request: TreasuryLease): Budget {
  const { free, leases } = ledger;
  const { id, of, wants } = request;
  const held = leases[id]?.budget;
  const shares = held === undefined ? (of?.length ?? 1) : 1;
  const lack = mapBudget(free, (kind, available) => {
    const needed =
      held === undefined
        ? Math.max(wants[kind] ?? 0, smallestUseful[kind])
        : wantedOf(ledger, request, kind) - (held[kind] ?? 0);
    const missing = needed * shares - Math.max(0, available);
    // As in `leaseOffer`: what it would serve lacks nothing.
    return missing > (held === undefined ? 0 : rounding(kind)) ? missing : 0;
  });
  return Object.fromEntries(Object.entries(lack).filter(([, amount]) => (amount ?? 0) > 0));
}
