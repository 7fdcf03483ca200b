/**
 * The HTTP servers of this process. A handler that throws answers its own request with 500, and nothing else is affected:
 * Node would end the process, and any page that a person opens can send a request to a port of this machine.
 */
import type { IncomingMessage, Server, ServerOptions, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

/** What a server does with its requests. Each of them may throw, or reject. */
export interface HttpHandlers {
  /** Answers a request. */
  answer(request: IncomingMessage, response: ServerResponse): void | Promise<void>;
  /** Takes over the connection of a request with `Upgrade`; without it such a request is refused. */
  upgrade?(request: IncomingMessage, socket: Duplex, head: Buffer): void | Promise<void>;
}

/** A server that does not listen yet. `options`: limits of Node for headers and times; its defaults by default. */
export function httpServer({ answer, upgrade }: HttpHandlers, options: ServerOptions = {}): Server {
  // Not imported: an import of this module loads all that it exports, `WebSocket` included.
  const { createServer } = process.getBuiltinModule('node:http');
  const server = createServer(options, (request, response) => {
    // The other side may close the connection at any time.
    response.on('error', () => {});
    void attempt(
      () => answer(request, response),
      () => {
        if (response.headersSent) response.destroy();
        else response.writeHead(500, { 'content-type': 'text/plain', connection: 'close' }).end('internal error\n');
      },
    );
  });
  // Without a listener, a connection that cannot be accepted (no file descriptor is left) would end the process.
  server.on('error', () => {});
  if (upgrade)
    server.on('upgrade', (request, socket, head) => {
      socket.on('error', () => {});
      void attempt(
        () => upgrade(request, socket, head),
        () => socket.end('HTTP/1.1 500 Internal Server Error\r\nconnection: close\r\n\r\n'),
      );
    });
  return server;
}

/**
 * The path and the query of a request's target, whatever the client sent as its target: `//`, `*` and `http://[` are no URLs,
 * and `new URL` throws for them.
 */
export function targetOf({ url = '/' }: IncomingMessage): { path: string; query: URLSearchParams } {
  const at = url.indexOf('?');
  return at < 0
    ? { path: url, query: new URLSearchParams() }
    : { path: url.slice(0, at), query: new URLSearchParams(url.slice(at + 1)) };
}

/** Calls `handle`; when it throws or rejects, calls `fail`. Never throws or rejects. */
async function attempt(handle: () => void | Promise<void>, fail: () => void): Promise<void> {
  try {
    await handle();
  } catch {
    try {
      fail();
    } catch {
      // The connection is gone already: there is nobody to answer.
    }
  }
}
