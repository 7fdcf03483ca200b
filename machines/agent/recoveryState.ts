/** What an agent knows of its failures so far: when the latest one came, and how often each strategy of recovery was used. */

/** When a failure was taken in, and the random number for the pause after it. */
export interface FailureTime {
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** In [0, 1). */
  readonly chance: number;
  /** When the whole run must have ended; milliseconds since the epoch. */
  readonly deadline?: number;
}

/** How many times each strategy was used since it was last reset. */
export interface RecoveryCounts {
  readonly retry: number;
  readonly alternative: number;
  readonly fallback: number;
  /** All of them together; never reset. */
  readonly recoveries: number;
}
