/** Requests that are refused: which HTTP status each failure has, and its body as problem details (RFC 9457). */
import { TroupeError, toFailure, type Failure, type FailureDetail, type FailureKind } from '../../../values/failure.ts';

/** A request that is refused with a certain status, whatever the usual status of its kind is. */
export class HttpRefusal extends TroupeError {
  /** The HTTP status, 400 to 599. */
  readonly status: number;
  /** Further headers of the answer. */
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: number,
    kind: FailureKind,
    message: string,
    { headers = {}, ...detail }: FailureDetail & { headers?: Readonly<Record<string, string>> } = {},
  ) {
    super(kind, message, detail);
    this.status = status;
    this.headers = headers;
  }
}

/** The status of a failure of each kind; all others are 500. */
const statuses: Partial<Record<FailureKind, number>> = {
  invalid: 400,
  auth: 401,
  budget: 402,
  denied: 403,
  unknown_recipient: 404,
  conflict: 409,
  expired: 410,
  mailbox_full: 429,
  unsupported: 501,
  transient: 503,
  storage: 503,
  owned_elsewhere: 503,
  fenced: 503,
  environment: 503,
  timeout: 504,
};

/** The HTTP status of something that was thrown, as its failure. */
export const refusalStatus = (thrown: unknown, failure: Failure): number =>
  thrown instanceof HttpRefusal ? thrown.status : (statuses[failure.kind] ?? 500);

/** The body of a refused request. */
export interface ProblemDetails {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly kind: FailureKind;
  readonly retryable: boolean;
  readonly request_id: string;
}

/** Something that was thrown, as problem details. Only errors that were written for a reader are described to the other side. */
export function problemOf(status: number, thrown: unknown, requestId: string): ProblemDetails {
  const { kind, message, retryable } = toFailure(thrown);
  return {
    type: `urn:troupe:failure:${kind}`,
    title: kind.replaceAll('_', ' '),
    status,
    detail:
      thrown instanceof TroupeError && kind !== 'internal'
        ? message
        : `An internal error. The log of the server has more at request ${requestId}.`,
    kind,
    retryable,
    request_id: requestId,
  };
}
