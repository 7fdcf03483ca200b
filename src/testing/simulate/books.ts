/** Whether the books of a treasurer come out. */
import { kinds, type Books } from '../../../machines/treasury/books.ts';
import type { Budget } from '../../contracts/agent.ts';

/** Sums of dollars are not exact. */
export const dust = 1e-9;

/** By how much what is used, leased and free exceeds the budget, for each kind where it does not make it up. Empty when money is conserved. */
export function imbalance({ budget, free, used, leases }: Books): Budget {
  return Object.fromEntries(
    kinds
      .filter((kind) => budget[kind] !== undefined)
      .map((kind) => {
        const leased = Object.values(leases).reduce((sum, lease) => sum + (lease.budget[kind] ?? 0), 0);
        return [kind, (used[kind] ?? 0) + leased + (free[kind] ?? 0) - budget[kind]!] as const;
      })
      .filter(([, difference]) => Math.abs(difference) > dust),
  );
}
