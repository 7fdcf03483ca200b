/** The port that a server of this process listens on. */
import type { Server } from 'node:net';

/** The port of a server that listens on TCP. Throws when it does not listen. */
export function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The server does not listen on a TCP port.');
  return address.port;
}
