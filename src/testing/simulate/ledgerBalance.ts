/** Does a treasurer's ledger add up? */
import { budgetKinds, type Ledger } from '../../../machines/treasury/ledger.ts';
import type { Budget } from '../../contracts/agent.ts';

/** Sums of dollars are not exact: a smaller difference is none. */
export const tolerance = 1e-9;

/** By how much what is used, leased and free exceeds the budget, for each kind where the sum is not the budget. Empty when money is conserved. */
export function imbalance({ budget, free, used, leases }: Ledger): Budget {
  return Object.fromEntries(
    budgetKinds.flatMap((kind) => {
      const granted = budget[kind];
      if (granted === undefined) return [];
      const leased = Object.values(leases).reduce((sum, lease) => sum + (lease.budget[kind] ?? 0), 0);
      const difference = (used[kind] ?? 0) + leased + (free[kind] ?? 0) - granted;
      return Math.abs(difference) > tolerance ? [[kind, difference] as const] : [];
    }),
  );
}
