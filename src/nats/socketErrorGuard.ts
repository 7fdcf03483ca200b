/**
 * Keeps an error listener on the sockets of a connection. When the server dies while a socket is being closed, the socket still emits an error. nats.js has
 * removed its listeners by then, and an `error` event without a listener ends the process.
 */
import type { Socket } from 'node:net';

/** Guards a socket. */
export function guardSocketErrors(socket: Socket): void {
  const remove = socket.removeAllListeners.bind(socket);
  socket.removeAllListeners = (event) => remove(event).on('error', () => {});
}
