/** The interface of circuit breakers: they keep calls away from a model that keeps failing. */
import type { Failure } from '../values/failure.ts';

/** Keeps calls away from a model that keeps failing. Its machine is `machines/gateway.ts`. */
export interface Breaker {
  /** May a call be made now (milliseconds since the epoch)? */
  allows(now: number): boolean;
  /** A call succeeded. */
  succeeded(): void;
  /** A call failed at this time (milliseconds since the epoch). */
  failed(now: number, failure: Failure): void;
}

/** Lets every call through: for models that cannot be overloaded, and where no breaker was given. */
export const alwaysClosed: Breaker = { allows: () => true, succeeded() {}, failed() {} };
