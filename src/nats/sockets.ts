/** The sockets of a connection: the one that it has now, and the one after each reconnection. */
import type { Socket } from 'node:net';
import type { NatsConnection } from '@nats-io/transport-node';
import { watchStatus } from './subscribe.ts';

/** Calls `prepare` with every socket that the connection gets, as long as the connection exists. */
export function eachSocket(connection: NatsConnection, prepare: (socket: Socket) => void): void {
  const prepared = new WeakSet<Socket>();
  const look = () => {
    // The socket is not in the connection's interface. Without one there is nothing to prepare.
    const { socket } = (connection as { protocol?: { transport?: { socket?: Socket } } }).protocol?.transport ?? {};
    if (!socket || prepared.has(socket)) return;
    prepared.add(socket);
    prepare(socket);
  };
  look();
  watchStatus(connection, ({ type }) => {
    if (type === 'reconnect') look();
  });
}
