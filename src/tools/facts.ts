/**
 * What a failed call tells whoever decides whether it may be made again (E7).
 *
 * `sent: false`: nothing was begun. `done: true`: it was carried out, and only its result cannot be passed on.
 */
import { TroupeError } from '../contracts/failure.ts';
import type { JsonObject } from '../contracts/json.ts';

/** The same failure with these facts beside its own. What is no TroupeError stays as it is. */
export function withFacts(error: unknown, facts: JsonObject): unknown {
  if (!(error instanceof TroupeError)) return error;
  const { kind, message, retryable, retryAfter, data, cause } = error;
  const known = typeof data === 'object' && !Array.isArray(data) ? (data as JsonObject | null) : {};
  return new TroupeError(kind, message, { retryable, retryAfter, cause, data: { ...known, ...facts } });
}

/** Passes a result on: what goes wrong here goes wrong after the work was done. */
export async function passOn<T>(show: () => T | Promise<T>): Promise<T> {
  try {
    return await show();
  } catch (error) {
    throw withFacts(error, { done: true });
  }
}
