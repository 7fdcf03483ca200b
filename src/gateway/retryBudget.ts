/**
 * Limits the retries of one model to a share of its calls, and a small reserve for when there were few calls. Without the limit every
 * caller would try three times during an outage, and triple the load that caused it.
 */

/** How many retries are allowed. */
export interface RetryBudgetOptions {
  /** How many retries each call adds to the budget; 0.2 by default. */
  readonly share?: number;
  /** The largest budget, and the budget at the beginning, in retries; 10 by default. */
  readonly reserve?: number;
}

/** The retries that one model may still have. */
export interface RetryBudget {
  /** A call is made: it adds its share. */
  called(): void;
  /** May one more retry be made? If so it is taken from the budget. */
  take(): boolean;
}

/** A full budget. */
export function retryBudget({ share = 0.2, reserve = 10 }: RetryBudgetOptions = {}): RetryBudget {
  let left = reserve;
  return {
    called: () => void (left = Math.min(reserve, left + share)),
    take() {
      if (left < 1) return false;
      left -= 1;
      return true;
    },
  };
}
