/** How long to wait before another attempt. The one formula of this project: exponential, bounded, with full jitter. */

export interface Backoff {
  /** Milliseconds: the longest first pause. */
  readonly first: number;
  /** Milliseconds that no pause exceeds, whatever its number. */
  readonly longest: number;
  /** The factor from one pause to the next; default 2. */
  readonly factor?: number;
}

/** The longest pause after so many failed attempts (1 for the first), in milliseconds. */
export const longestPause = (failed: number, { first, longest, factor = 2 }: Backoff): number =>
  Math.min(longest, first * factor ** Math.max(0, failed - 1));

/**
 * A pause between nothing and its ceiling, by a chance in [0, 1): callers that failed at the same time do not come back at the same time.
 * Whole milliseconds, at least one.
 * @example backoff(3, { first: 200, longest: 10_000 }, clock.random()) // up to 800
 */
export const backoff = (failed: number, bounds: Backoff, chance: number): number =>
  Math.max(1, Math.round(longestPause(failed, bounds) * chance));
