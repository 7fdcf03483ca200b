/**
 * Annotates the failure of a call, so that the engine can decide whether the call may be repeated (E7).
 *
 * `sent: false`: the call was not begun. `done: true`: the call was made, and only its result is missing.
 */
import { TroupeError } from '../values/failure.ts';
import type { Json, JsonObject } from '../values/json.ts';

/** The same failure with these facts in its data. Any other error stays as it is. */
export function annotate(error: unknown, facts: JsonObject): unknown {
  if (!(error instanceof TroupeError)) return error;
  const { kind, message, retryable, retryAfter, data, cause } = error;
  const known = isObject(data) ? data : {};
  return new TroupeError(kind, message, { retryable, retryAfter, cause, data: { ...known, ...facts } });
}

/** Prepares a call that was not made yet. An error in here is annotated with `sent: false`. */
export async function beforeCall<T>(prepare: () => T | Promise<T>): Promise<T> {
  try {
    return await prepare();
  } catch (error) {
    throw annotate(error, { sent: false });
  }
}

/** Processes the result of a call that was made. An error in here is annotated with `done: true`. */
export async function afterCall<T>(show: () => T | Promise<T>): Promise<T> {
  try {
    return await show();
  } catch (error) {
    throw annotate(error, { done: true });
  }
}

const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
