/**
 * What a call of a model costs, in tokens and in US dollars, as a ledger knows it.
 *
 * The most that a call can cost is known where its answer is limited and its price is known; the holder says so with its request. Otherwise the cost is
 * known only once a call has been made: until then, of several holders one at a time makes its first, and after that each of the same name reserves what
 * the dearest call so far has cost before it makes its first.
 */
import type { Budget } from '../../src/contracts/agent.ts';
import type { TreasuryLease } from '../../src/contracts/treasury.ts';
import type { BudgetKind, Ledger } from './ledger.ts';

/** The kinds of which nobody can say before a call how much it will take. */
export const unsureKinds: readonly BudgetKind[] = ['tokens', 'usd'];
export const isUnsure = (kind: BudgetKind): boolean => unsureKinds.includes(kind);

/** What the dearest call of holders of this name has cost; only the kinds that are known. */
export const costOf = ({ costs = {} }: Ledger, name: string): Budget =>
  Object.hasOwn(costs, name) ? (costs[name] ?? {}) : {};

/** What a call of one of these holders is expected to cost: as much as the dearest of its own so far, or that of any holder while it has made none. */
export const expectedCost = (ledger: Ledger, names: readonly string[], kind: BudgetKind): number | undefined => {
  const own = names.map((name) => costOf(ledger, name)[kind]);
  const known = own.includes(undefined) ? Object.values(ledger.costs ?? {}).map((cost) => cost[kind]) : own;
  const amounts = known.filter((amount) => amount !== undefined);
  return amounts.length === 0 ? undefined : Math.max(...amounts);
};

/** What the holder of a lease needs of a kind: what it says, and before its first call at least what a call costs, unless the request says the most that it can. */
export const wantedOf = (ledger: Ledger, { id, wants, used, reserve }: TreasuryLease, kind: BudgetKind): number => {
  const isFirst = wants[kind] !== undefined && isUnsure(kind) && !used?.steps && reserve?.[kind] === undefined;
  return Math.max(wants[kind] ?? 0, isFirst ? (expectedCost(ledger, [ledger.leases[id]?.of ?? id], kind) ?? 0) : 0);
};

/** What the lease must come to so that the next call cannot exceed it, as far as that is known. */
export const reservedOf = (ledger: Ledger, request: TreasuryLease, kind: BudgetKind): number =>
  Math.max(wantedOf(ledger, request, kind), request.reserve?.[kind] ?? 0);

/** Whether this holder's first call would show what its calls cost, while others hold leases. */
export const isFirstOfMany = (ledger: Ledger, { id, reserve = {} }: TreasuryLease): boolean => {
  const lease = ledger.leases[id];
  return (
    lease !== undefined &&
    Object.keys(ledger.leases).length > 1 &&
    unsureKinds.some(
      (kind) =>
        ledger.budget[kind] !== undefined &&
        reserve[kind] === undefined &&
        costOf(ledger, lease.of)[kind] === undefined,
    )
  );
};

/** The ledger after it is known what the holder of a lease has used in so many calls. None of them is under way. */
export function learnCost({ probe, ...others }: Ledger, id: string, used: Budget | undefined): Ledger {
  const ledger: Ledger = probe === undefined || probe === id ? others : { ...others, probe };
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
