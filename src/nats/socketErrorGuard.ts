/**
 * Keeps an error listener on the sockets of a connection. When the server dies while a socket is being closed, the socket still emits an error. nats.js has
 * removed its listeners by then, and an `error` event without a listener ends the process.
 */
import type { EventEmitter } from 'node:events';
import type { NatsConnection } from '@nats-io/transport-node';
import { watchStatus } from './subscribe.ts';

/** Guards every socket that the connection gets, as long as the connection exists. */
export function guardSocketErrors(connection: NatsConnection): void {
  guard(connection);
  watchStatus(connection, ({ type }) => {
    if (type === 'reconnect') guard(connection);
  });
}

function guard(connection: NatsConnection): void {
  // The socket is not in the connection's interface. Without one there is nothing to guard.
  const socket = (connection as { protocol?: { transport?: { socket?: EventEmitter } } }).protocol?.transport?.socket;
  if (!socket || Object.hasOwn(socket, 'removeAllListeners')) return;
  const remove = socket.removeAllListeners.bind(socket);
  socket.removeAllListeners = (event) => remove(event).on('error', () => {});
}
