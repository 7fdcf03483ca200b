/**
 * The ledger of a treasurer, as pure sums.
 *
 * M1 The amounts that are used, leased and free always add up to the budget.
 * M2 A leased amount belongs to its holder until the lease is settled, or until the holder says that it makes no call before it has more: then others
 *    may be lent of it meanwhile.
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
  /** Some of it was lent to others while its holder waits: the holder is told what is left. */
  readonly isReduced?: true;
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
  /** Of two holders, too, each asks before its first call while its cost is not known; absent in what earlier versions began. */
  readonly asksFirst?: true;
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

export const openLedger = (budget: Budget, { asksFirst }: Pick<Ledger, 'asksFirst'> = {}): Ledger => ({
  budget: mapBudget(budget, (_, amount) => amount),
  free: mapBudget(budget, (_, amount) => amount),
  used: mapBudget(budget, () => 0),
  leases: {},
  by: {},
  settled: [],
  ...(asksFirst ? { asksFirst } : {}),
});

/** The ids of the leases that a request is about. */
export const leaseIdsOf = ({ id, of }: TreasuryLease): string[] =>
  of === undefined ? [id] : of.map((_, index) => `${id}.${index}`);

/** Whether the request was served before. One for several leases cannot be repeated; one for a single lease may ask for a larger sum (M3). */
export const isServed = ({ settled, leases }: Ledger, request: TreasuryLease): boolean =>
  leaseIdsOf(request).some((id) => settled.includes(id) || (request.of !== undefined && leases[id] !== undefined));

/** A smaller lease is of no use. Without tool calls a model can still answer. */
export const smallestUseful: Record<BudgetKind, number> = { steps: 1, tokens: 1, usd: Number.MIN_VALUE, toolCalls: 0 };
/** Money can be divided; the other kinds are whole numbers. */
export const roundDown = (kind: BudgetKind, sum: number) => (kind === 'usd' ? sum : Math.floor(sum));

/** Sums of US dollars are rounded: less than a billionth is no difference. Otherwise a holder would ask again and again for what it was given. */
export const rounding = (kind: BudgetKind): number => (kind === 'usd' ? 1e-9 : 0);

/** Replaces the budget; what is used and leased stays. */
export function withBudget(ledger: Ledger, budget: Budget): Ledger {
  const changed = mapBudget(ledger.budget, (kind) => budget[kind]);
  return { ...ledger, budget: changed, free: addBudget(ledger.free, subtractBudget(changed, ledger.budget)) };
}
