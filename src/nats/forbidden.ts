/** What a server says to somebody whose credentials do not let them do something, in words that say what to do about it. */
import { PermissionViolationError, type NatsConnection } from '@nats-io/transport-node';
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

/** What the server says of something that was published, or subscribed to, comes some time after; this listens for it. */
export function refusals(connection: NatsConnection): { readonly first: TroupeError | undefined; stop(): void } {
  const told = connection.status();
  let first: TroupeError | undefined;
  void (async () => {
    for await (const status of told) if (status.type === 'error') first ??= forbidden(status.error);
  })();
  return {
    get first() {
      return first;
    },
    // Its iterator is one of a queue, which can be stopped; its type does not say so.
    stop: () => (told as { stop?: () => void }).stop?.(),
  };
}
