/**
 * How much load retries may add to a model that fails: a share of the calls made of it, and a small reserve for when there were few.
 * When everything fails at once, each caller would otherwise ask three times, and an outage would triple the load that caused it.
 */
export interface RetryBudgetOptions {
  /** Retries that each call earns; 0.2 unless told otherwise. */
  readonly share?: number;
  /** Retries that may be saved up, and that there are at the beginning; 10 unless told otherwise. */
  readonly reserve?: number;
}

export interface RetryBudget {
  /** A call is made: it earns its share. */
  called(): void;
  /** May one more retry be made? It is taken when the answer is yes. */
  take(): boolean;
}

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
