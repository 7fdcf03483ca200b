/**
 * Hands what a connection sends within one turn of the event loop to the system at once. nats.js writes to its socket after every few promises, so a process
 * with many requests under way would make several system calls where one is enough, and each of them costs more than the message that it carries.
 */
import type { Socket } from 'node:net';

/** Collects the writes of each turn of a socket. They leave before the process waits for events again. */
export function corkWrites(socket: Socket): void {
  const write = socket.write.bind(socket) as (...args: unknown[]) => boolean;
  const destroy = socket.destroy.bind(socket);
  let isCorked = false;
  const uncork = () => {
    if (isCorked) socket.uncork();
    isCorked = false;
  };
  // All signatures of `write` are passed on as they are.
  socket.write = ((...args: unknown[]) => {
    if (!isCorked) {
      isCorked = true;
      socket.cork();
      setImmediate(uncork);
    }
    return write(...args);
  }) as Socket['write'];
  // nats.js destroys the socket of a connection that is closed: what was sent before leaves first.
  socket.destroy = (...args) => {
    uncork();
    return destroy(...args);
  };
}
