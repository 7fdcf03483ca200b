/** Notices that a server does not accept the credentials of a connection any more: they were replaced, or have expired. The client library tries again without end. */
import type { NatsConnection } from '@nats-io/transport-node';
import { watchStatus } from './subscribe.ts';

/** The client library's errors that say so. By name: whoever watches need not load the library. */
const refusals: ReadonlySet<string> = new Set(['AuthorizationError', 'UserAuthenticationExpiredError']);

/** Follows a connection until it is disposed. */
export interface CredentialsWatch extends Disposable {
  /** What is to be told while the connection is lost because its credentials are refused; undefined otherwise. */
  readonly refusal: string | undefined;
}

/** Begins to follow a connection. */
export function watchCredentials(connection: NatsConnection): CredentialsWatch {
  let refusal: string | undefined;
  const watching = watchStatus(connection, (status) => {
    if (status.type === 'reconnect') refusal = undefined;
    if (status.type !== 'error') return;
    const { error } = status;
    if (refusals.has(error.name))
      refusal = `the NATS server does not accept the credentials of this process any more (${error.message}); start it again with those that are valid now`;
  });
  return {
    get refusal() {
      return refusal;
    },
    [Symbol.dispose]: () => watching[Symbol.dispose](),
  };
}
