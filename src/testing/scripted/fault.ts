/** What goes wrong on purpose: a failure of a kind, or what an HTTP server would have said. */
import { milliseconds, type Duration } from '../../contracts/duration.ts';
import { TroupeError, type FailureKind } from '../../contracts/failure.ts';
import type { Json } from '../../contracts/json.ts';
import { kindOfStatus } from '../../gateway/explain.ts';

export interface Fault {
  /** `transient` unless a status says otherwise. */
  readonly kind?: FailureKind;
  /** What a server answered: 429 is transient, 401 is auth, as for a real model. */
  readonly status?: number;
  /** As the header Retry-After: nothing is tried again before this time has passed. */
  readonly retryAfter?: Duration;
  readonly message?: string;
  /** Facts for programs, such as `{ sent: false }` of a write that was never begun. */
  readonly data?: Json;
}

export const errorOf = (who: string, { kind, status, retryAfter, message, data }: Fault): TroupeError =>
  new TroupeError(
    kind ?? (status === undefined ? 'transient' : kindOfStatus(status)),
    message ?? `${who} fails here${status === undefined ? '' : ` (status ${status})`}.`,
    {
      retryAfter: retryAfter === undefined ? undefined : milliseconds(retryAfter),
      data: data ?? (status === undefined ? undefined : { status }),
    },
  );

/** Ends only by being stopped. */
export const forever = (who: string, signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    const stop = () => reject(new TroupeError('cancelled', `${who} was stopped.`));
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
