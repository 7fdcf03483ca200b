/** The switch between callers and a model that keeps failing, as the gateway sees it. */
import type { Failure } from '../contracts/failure.ts';

/** Keeps callers away from a model that keeps failing. The machine behind it is `machines/gateway.ts`. */
export interface Breaker {
  /** May a call be made now (milliseconds since the epoch)? */
  allows(now: number): boolean;
  succeeded(): void;
  failed(now: number, failure: Failure): void;
}

/** Lets everything pass: for models that cannot be overloaded, and where nobody brought a breaker. */
export const alwaysClosed: Breaker = { allows: () => true, succeeded() {}, failed() {} };
