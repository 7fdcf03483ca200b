/** Time, randomness and ids: everything a machine must not have of its own. The real one is in `system/clock.ts`. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** In [0, 1). */
  random(): number;
  /** A fresh id, unique on this machine and others, sortable by time. */
  id(): string;
  /** Calls once at `at` (milliseconds since the epoch) or soon after, never before. Disposing calls it off. */
  wake(at: number, call: () => void): Disposable;
}
