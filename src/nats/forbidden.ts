/** What a server says to somebody whose credentials do not let them do something, in words that say what to do about it. */
import { PermissionViolationError } from '@nats-io/transport-node';
import { TroupeError } from '../contracts/failure.ts';

/** Undefined when something else went wrong. Looks at the causes, too. */
export function forbidden(thrown: unknown): TroupeError | undefined {
  for (let cause = thrown; cause instanceof Error; cause = cause.cause) {
    if (!(cause instanceof PermissionViolationError)) continue;
    const { operation, subject } = cause;
    return new TroupeError(
      'auth',
      `Our credentials for the NATS server do not let us ${operation === 'publish' ? 'say' : 'hear'} anything on ${subject}. Give those of a role that may (--nats-creds; each file says on top what it is for), or the tenant they are of (--tenant).`,
      { cause: thrown },
    );
  }
  return undefined;
}
