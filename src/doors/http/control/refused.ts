/** What a client of runs rejects with, as an HTTP status. */
import { TroupeError, type FailureKind } from '../../../values/failure.ts';
import { HttpRefusal } from '../base/refusal.ts';

/** The statuses that are not those of every door: here the request could be read, and what it asks for cannot be done. */
const statuses: Partial<Record<FailureKind, number>> = {
  invalid: 422,
  definition: 422,
  cancelled: 409,
  diverged: 409,
  incompatible: 409,
  restarts: 409,
  scope: 409,
};

/** The same error with its status; anything else as it is. */
export function refusedOperation(thrown: unknown): unknown {
  if (!(thrown instanceof TroupeError) || thrown instanceof HttpRefusal) return thrown;
  const { kind, message, data, retryable, retryAfter } = thrown;
  const status = statuses[kind];
  return status === undefined
    ? thrown
    : new HttpRefusal(status, kind, message, { data, retryable, retryAfter, cause: thrown });
}
