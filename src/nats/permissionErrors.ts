/** Turns a permission error of the server into one that says what to do about it. */
import type { NatsConnection } from '@nats-io/transport-node';
import { PermissionViolationError } from './client.ts';
import { TroupeError } from '../values/failure.ts';
import { watchStatus } from './subscribe.ts';

/** An `auth` error when a permission was missing; undefined when something else went wrong. The causes of the error are looked at, too. */
export function permissionError(thrown: unknown): TroupeError | undefined {
  for (let cause = thrown; cause instanceof Error; cause = cause.cause) {
    if (!(cause instanceof PermissionViolationError)) continue;
    const { operation, subject } = cause;
    return new TroupeError(
      'auth',
      `Our credentials for the NATS server do not allow us to ${operation === 'publish' ? 'publish' : 'subscribe'} to ${subject}. Give those of a role that may (--nats-creds; each file says on top what it is for), or the tenant they are of (--tenant).`,
      { cause: thrown },
    );
  }
  return undefined;
}

/** Collects the permission errors of a connection from now on: the server reports them some time after the publish or subscribe. `first` is the first one. */
export function watchPermissionErrors(connection: NatsConnection): {
  readonly first: TroupeError | undefined;
  stop(): void;
} {
  let first: TroupeError | undefined;
  const watching = watchStatus(connection, (status) => {
    if (status.type === 'error') first ??= permissionError(status.error);
  });
  return {
    get first() {
      return first;
    },
    stop: () => watching[Symbol.dispose](),
  };
}
