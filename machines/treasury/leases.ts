/** The beginning and the end of leases: what changes in the ledger when budget is lent, and when a holder has ended. */
import type { AgentUsage, Budget } from '../../src/contracts/agent.ts';
import type { TreasuryLease } from '../../src/contracts/treasury.ts';
import { isFirstOfMany, learnCost } from './costs.ts';
import { addBudget, budgetOfUsage, leaseIdsOf, mapBudget, subtractBudget, type Ledger } from './ledger.ts';

/** Gives the request what it was offered. */
export function lendBudget(ledger: Ledger, request: TreasuryLease, offered: Budget): Ledger {
  const leases = { ...ledger.leases };
  let { free } = ledger;
  leaseIdsOf(request).forEach((id, index) => {
    const held = leases[id];
    free = subtractBudget(free, subtractBudget(offered, held?.budget ?? {}));
    leases[id] = { of: held?.of ?? request.of?.[index] ?? id, budget: offered };
  });
  return { ...ledger, free, leases, ...(isFirstOfMany(ledger, request) ? { probe: request.id } : {}) };
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
