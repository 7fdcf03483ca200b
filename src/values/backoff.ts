/** How long to wait before another attempt. The one formula of this project: exponential, bounded, with full jitter. */

/** The bounds of the pauses. */
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
 * The pause before the next attempt, in whole milliseconds: at least one, at most `longestPause`. `chance` is a random number in [0, 1), so that
 * callers that failed at the same time do not try again at the same time.
 * @example backoff(3, { first: 200, longest: 10_000 }, clock.random()) // up to 800
 */
export const backoff = (failed: number, bounds: Backoff, chance: number): number =>
  Math.max(1, Math.round(longestPause(failed, bounds) * chance));
