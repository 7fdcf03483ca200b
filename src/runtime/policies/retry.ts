/** The retry policy, for calls of your own: a model, a tool or a service that is called outside of an agent. */
import * as z from 'zod';
import { systemClock } from '../../engine/clock.ts';
import { backoff, longestPause } from '../../values/backoff.ts';
import { sleep, type Clock } from '../../values/clock.ts';
import { DurationSchema } from '../../define/schemas.ts';
import { milliseconds, type Duration } from '../../values/duration.ts';
import { parseDefinition } from '../../values/explain.ts';
import { toFailure } from '../../values/failure.ts';

/** How often a call is tried, and how long the pauses are. */
export interface CallRetries {
  /** How many attempts in all, the first included; 3 by default. */
  readonly attempts?: number;
  /** The first pause, as a duration or in milliseconds; 200 milliseconds by default. */
  readonly first?: Duration;
  /** The longest pause, as a duration or in milliseconds; 10 seconds by default. */
  readonly longest?: Duration;
  /** By what each pause is longer than the one before it; 2 by default. */
  readonly factor?: number;
  /** Each pause is drawn between nothing and its bound, so that callers that failed together do not return together; true by default. */
  readonly jitter?: boolean;
}

const RetriesSchema = z.strictObject({
  attempts: z.number().int().positive().default(3),
  first: DurationSchema.default(200),
  longest: DurationSchema.default(10_000),
  factor: z.number().min(1).default(2),
  jitter: z.boolean().default(true),
});

/** Ready-made policies: three attempts, only one, and five. */
export const retryPolicies = {
  /** Three attempts; pauses of up to 200 and 400 milliseconds. */
  standard: { attempts: 3 },
  /** One attempt. */
  none: { attempts: 1 },
  /** Five attempts; pauses of up to 200, 400, 800 and 1,600 milliseconds. */
  aggressive: { attempts: 5 },
} as const satisfies Record<string, CallRetries>;

const parsed = (policy: CallRetries) => {
  const { first, longest, ...rest } = parseDefinition(RetriesSchema, policy, 'The retry policy');
  return { ...rest, first: milliseconds(first), longest: milliseconds(longest) };
};

/**
 * The bounds of the pauses of a policy in milliseconds, in order: one for each attempt but the last. Without jitter they are the pauses themselves.
 * @example retryPauses({ attempts: 4 }) // [200, 400, 800]
 */
export function retryPauses(policy: CallRetries = {}): number[] {
  const bounds = parsed(policy);
  return Array.from({ length: bounds.attempts - 1 }, (_, index) => longestPause(index + 1, bounds));
}

/**
 * Makes a call until it succeeds or its attempts are used up, and rejects with its last error. A pause is never shorter than the `retryAfter` of
 * the error, and ends at once when the signal fires.
 * @example await withRetry(() => fetch(url), { attempts: 5, when: (error) => isTransient(error) })
 */
export async function withRetry<T>(
  call: (attempt: number) => T | Promise<T>,
  options: CallRetries & {
    /** Whether another attempt may help, for the error of the latest one; every error by default. */
    readonly when?: (error: unknown, attempt: number) => boolean;
    /** Ends the pauses and the attempts; none by default. */
    readonly signal?: AbortSignal;
    /** Time and chance; those of the system by default. */
    readonly clock?: Clock;
  } = {},
): Promise<T> {
  const { when = () => true, signal, clock = systemClock(), ...policy } = options;
  const { attempts, jitter, ...bounds } = parsed(policy);
  for (let attempt = 1; ; attempt++) {
    signal?.throwIfAborted();
    try {
      return await call(attempt);
    } catch (error) {
      if (attempt >= attempts || signal?.aborted || !when(error, attempt)) throw error;
      const pause = jitter ? backoff(attempt, bounds, clock.random()) : longestPause(attempt, bounds);
      await sleep(clock, Math.max(pause, toFailure(error).retryAfter ?? 0), signal);
    }
  }
}
