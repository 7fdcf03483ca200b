/** What a request for budget can be given now, what is missing for it, and what holders that wait may do without meanwhile. */
import type { Budget } from '../../src/contracts/agent.ts';
import type { TreasuryLease } from '../../src/contracts/treasury.ts';
import { costOf, expectedCost, isFirstOfMany, isUnsure, reservedOf, wantedOf } from './costs.ts';
import {
  addBudget,
  budgetKinds,
  mapBudget,
  roundDown,
  rounding,
  smallestUseful,
  subtractBudget,
  type BudgetKind,
  type Ledger,
} from './ledger.ts';

/** In runs that earlier versions began: what a call was presumed to cost at most while none was known. One of two holders uses a share of so much without asking. */
const presumedCost: Budget = { tokens: 50_000, usd: 0.25 };
const presumedHolders = 2;

/**
 * What each lease of the request would come to now; undefined while there is too little. `isLast`: nobody else could give anything back, so a holder
 * gets what there is if it can go on with that, though its next call may need more.
 */
export function leaseOffer(ledger: Ledger, request: TreasuryLease, isLast = false): Budget | undefined {
  const { free, leases, probe } = ledger;
  const { id, of, wants, used } = request;
  const held = leases[id]?.budget;
  const isProbing = isFirstOfMany(ledger, request);
  // Another holder is at its first call: what it costs will be known soon.
  if (isProbing && probe !== undefined && probe !== id && leases[probe] !== undefined) return undefined;
  const shares = held === undefined ? (of?.length ?? 1) : Object.keys(leases).length;
  const isAlone = held === undefined && shares === 1 && Object.keys(leases).length === 0;
  const names = of ?? [id];
  const mustAsk = ledger.asksFirst === true || Object.keys(leases).length + names.length > presumedHolders;
  /** The least share that is enough for a first call; undefined while nobody can say. */
  const enough = (kind: BudgetKind): number | undefined =>
    mustAsk && names.some((name) => costOf(ledger, name)[kind] === undefined)
      ? undefined
      : (expectedCost(ledger, names, kind) ?? presumedCost[kind]);
  const offered = mapBudget(free, (kind, amount) => {
    const available = Math.max(0, amount);
    const share = roundDown(kind, available / shares);
    // A share that is not known to be enough for a call is asked for before the first one is made.
    if (held === undefined) return !isUnsure(kind) || isAlone || share >= (enough(kind) ?? Infinity) ? share : 0;
    const [wanted, reserved] = [wantedOf(ledger, request, kind), reservedOf(ledger, request, kind)];
    const before = held[kind] ?? 0;
    if (isLast) return Math.max(before, wanted, Math.min(reserved, before + available));
    // A share of the kinds that are short, and not only the difference: otherwise the holder would ask again for every step.
    // Not `before` and the difference, which may come out a little less than what is needed.
    return reserved > before ? Math.max(reserved, before + share) : before;
  });
  const isEnough = budgetKinds.every((kind) => {
    const sum = offered[kind];
    if (sum === undefined) return true;
    if (held !== undefined) {
      const needed = isLast ? wantedOf(ledger, request, kind) : reservedOf(ledger, request, kind);
      return needed - (held[kind] ?? 0) <= Math.max(0, free[kind] ?? 0) + rounding(kind);
    }
    if (isUnsure(kind) && sum === 0 && !wants[kind]) return (free[kind] ?? 0) > 0;
    return sum >= Math.max(wants[kind] ?? 0, smallestUseful[kind]);
  });
  if (!isEnough) return undefined;
  // After this call it asks again, and says what it has used.
  return isProbing ? { ...offered, steps: Math.min(offered.steps ?? Infinity, (used?.steps ?? 0) + 1) } : offered;
}

/**
 * The ledger after the other holders that wait, the latest first, have given back what this request lacks: of the kinds of which they hold too little
 * themselves, as much as they have not used. A holder that is answered has enough of all kinds, so that one of them always goes on.
 */
export function withIdleFreed(ledger: Ledger, queue: readonly TreasuryLease[], request: TreasuryLease): Ledger {
  const held = ledger.leases[request.id]?.budget;
  if (held === undefined) return ledger;
  let { free } = ledger;
  const leases = { ...ledger.leases };
  for (const other of queue.toReversed()) {
    const lease = leases[other.id];
    if (!other.idle || other.id === request.id || lease === undefined) continue;
    const freed = mapBudget(lease.budget, (kind, amount) => {
      if (reservedOf(ledger, other, kind) <= amount) return 0;
      const lacking = reservedOf(ledger, request, kind) - (held[kind] ?? 0) - Math.max(0, free[kind] ?? 0);
      return Math.max(0, Math.min(lacking, amount - (other.used?.[kind] ?? amount)));
    });
    if (budgetKinds.every((kind) => !freed[kind])) continue;
    leases[other.id] = { ...lease, budget: subtractBudget(lease.budget, freed), isReduced: true };
    free = addBudget(free, freed);
  }
  return { ...ledger, free, leases };
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
