/**
 * The only place where something is subscribed to on a connection. The client library calls a subscriber while it reads from the socket: an error that
 * reached it would end the reading, and this process would be deaf without a word. So what a handler throws ends with its message (contain.ts).
 */
import type { Msg, NatsConnection, Status, Subscription } from '@nats-io/transport-node';
import { contain } from '../values/contain.ts';

/** Calls `handle` with each message on a subject, until the subscription is closed. Of subscribers of one `queue`, one gets each message. */
export function subscribeTo(
  connection: NatsConnection,
  subject: string,
  handle: (message: Msg) => void | Promise<void>,
  { queue }: { readonly queue?: string } = {},
): Subscription {
  const what = `A message on ${subject}`;
  return connection.subscribe(subject, {
    ...(queue === undefined ? {} : { queue }),
    callback: (error, message) => {
      // A missing permission also comes with the status of the connection, where it is told.
      if (!error) contain(what, handle, message);
    },
  });
}

/** Calls `handle` with each change of a connection's status: a reconnection, an error. Disposing the result ends it, and so does the end of the connection. */
export function watchStatus(connection: NatsConnection, handle: (status: Status) => void): Disposable {
  const statuses = connection.status();
  const watch = async () => {
    for await (const status of statuses) contain('A change of the connection to NATS', handle, status);
  };
  contain('The status of the connection to NATS', watch);
  // At run time the iterator can be stopped; its type does not say so.
  return { [Symbol.dispose]: () => (statuses as { stop?: () => void }).stop?.() };
}
