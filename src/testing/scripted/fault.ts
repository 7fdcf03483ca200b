/** A failure on purpose: of a kind, or as an HTTP server would have caused it. */
import { milliseconds, type Duration } from '../../values/duration.ts';
import { TroupeError, type FailureKind } from '../../values/failure.ts';
import type { Json } from '../../values/json.ts';
import { kindOfStatus } from '../../gateway/providerErrors.ts';

/** A failure on purpose. */
export interface ScriptedFault {
  /** The kind of failure; by default what `status` means, or `transient`. */
  readonly kind?: FailureKind;
  /** An HTTP status: 429 is `transient`, 401 is `auth`, as for a real model. None by default. */
  readonly status?: number;
  /** As the header Retry-After: the call is not retried before this time has passed. None by default. */
  readonly retryAfter?: Duration;
  /** The message; by default one that names the model or tool and the status. */
  readonly message?: string;
  /** Facts for programs, such as `{ sent: false }` for a write that was never begun; by default the status, when there is one. */
  readonly data?: Json;
}

/** The error of a fault; `who` names the model or tool. */
export const errorOfFault = (who: string, { kind, status, retryAfter, message, data }: ScriptedFault): TroupeError =>
  new TroupeError(
    kind ?? (status === undefined ? 'transient' : kindOfStatus(status)),
    message ?? `${who} fails here${status === undefined ? '' : ` (status ${status})`}.`,
    {
      retryAfter: retryAfter === undefined ? undefined : milliseconds(retryAfter),
      data: data ?? (status === undefined ? undefined : { status }),
    },
  );

/** Rejects with `cancelled` when the signal aborts, and never settles otherwise. */
export const untilAborted = (who: string, signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    const stop = () => reject(new TroupeError('cancelled', `${who} was stopped.`));
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
