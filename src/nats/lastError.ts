/**
 * A socket whose server dies while it is closed has one error left to tell. nats.js has taken its listeners off by then, and an error that nobody hears ends the
 * process: here somebody does.
 */
import type { EventEmitter } from 'node:events';
import type { NatsConnection } from '@nats-io/transport-node';

/** For as long as the connection is there, over every socket that it gets. */
export function hearLastError(connection: NatsConnection): void {
  attend(connection);
  void (async () => {
    for await (const { type } of connection.status()) if (type === 'reconnect') attend(connection);
  })();
}

function attend(connection: NatsConnection): void {
  // Neither is in its interface; where there is none there is nothing to be done.
  const socket = (connection as { protocol?: { transport?: { socket?: EventEmitter } } }).protocol?.transport?.socket;
  if (!socket || Object.hasOwn(socket, 'removeAllListeners')) return;
  const remove = socket.removeAllListeners.bind(socket);
  socket.removeAllListeners = (event) => remove(event).on('error', () => {});
}
