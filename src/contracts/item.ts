/** What a function that works on one item of many is given beside the item. */
import type { Clock } from '../values/clock.ts';
import type { Json } from '../values/json.ts';

/** What a function that works on one item of many is given beside the item. */
export interface ItemScope {
  /** The idempotency key of the item: the same in every attempt, after a restart, after a pause, and when a failed run is retried. Pass it on to what is called. */
  readonly key: string;
  /** The place of the item in its list, from 0. */
  readonly index: number;
  /** Aborted when the result is no longer wanted: the run was cancelled or paused, has failed, or its process stops. That of a write which cannot be repeated is never aborted. */
  readonly signal: AbortSignal;
  /** When the run must be over, in milliseconds since the epoch; undefined when there is no such time. */
  readonly deadline: number | undefined;
  /** The time and chance of the engine; use it instead of `Date` and `Math.random`, so that tests can set it. */
  readonly clock: Clock;
  /** True when an earlier attempt, or an earlier process, may have begun the item. */
  readonly again: boolean;
  /** Shown to observers; not stored. */
  progress(note: Json): void;
}
