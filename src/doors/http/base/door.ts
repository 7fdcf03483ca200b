/** A door: an app that listens on a port of this machine, with limits of time and size, and an end that finishes what it began. */
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { loadOptional } from '../../../values/optional.ts';
import { httpPackages } from './packages.ts';
import { errorMessage } from '../../../values/cause.ts';
import { TroupeError } from '../../../values/failure.ts';
import { systemClock } from '../../../engine/clock.ts';
import { httpServer } from '../../../observe/httpServer.ts';
import { portOf } from '../../../observe/localPort.ts';
import { httpApp, type HttpAppOptions } from './app.ts';
import { loopbackHosts } from './origin.ts';
import { admitted } from './rawLimits.ts';
import { toResponse, writeReply } from './reply.ts';

/** Where a door listens, to whom, and within which limits. */
export interface HttpDoorOptions extends Omit<HttpAppOptions, 'hosts'> {
  /** 0 for a free one. */
  readonly port: number;
  /** `127.0.0.1` by default. Any address that others can reach needs a token, or `insecure`. */
  readonly host?: string;
  /** The environment variable `TROUPE_HTTP_TOKEN` by default; at least 16 characters. */
  readonly token?: string;
  /** Lets everybody who can reach the port control it: for a network that only admits friends. False by default. */
  readonly insecure?: boolean;
  /** How long a request may take to arrive, in milliseconds; 30,000 by default, and a third of it for its headers. */
  readonly receiveTimeout?: number;
  /** How long a connection may be silent while an answer is due, in milliseconds; six minutes by default. */
  readonly idleTimeout?: number;
  /** The most connections at once; 2,000 by default. */
  readonly connections?: number;
}

/** An open door. Disposing it closes it. */
export interface HttpDoor extends AsyncDisposable {
  /** `http://host:port`, without a path. */
  readonly url: string;
  /** Refuses new requests with 503, lets those that came before finish for `grace` milliseconds (10,000 by default), then closes every connection. */
  close(grace?: number): Promise<void>;
}

/** Tells the listener that the answer was written. A copy is one of Node's, whose headers it looks at, also where the class was replaced in this process. */
const written = new Response(null, { headers: { 'x-hono-already-sent': 'true' } }).clone();

/** Bytes of all headers of a request together. */
const headerLimit = 16 * 1024;

/**
 * Opens a door.
 * Rejects with `definition` when others could control it, and with `environment` when the port is taken or a package is not installed.
 * @example await using door = await httpDoor({ port: 5050, routes: orchestratorRoutes(service) });
 */
export async function httpDoor(options: HttpDoorOptions): Promise<HttpDoor> {
  const { host = '127.0.0.1', port, insecure = false, receiveTimeout = 30_000, clock = systemClock() } = options;
  const token = options.token ?? (process.env['TROUPE_HTTP_TOKEN'] || undefined);
  const local = loopbackHosts.has(host);
  requireProtection({ host, local, token, insecure });
  const { getRequestListener } = await loadOptional(httpPackages, 'HTTP needs', () => import('@hono/node-server'));
  const app = await httpApp({
    ...options,
    clock,
    ...(token === undefined ? {} : { token }),
    ...(local && token === undefined && !insecure ? { hosts: loopbackHosts } : {}),
  });
  const listener = getRequestListener(
    async (request, { outgoing }) => {
      const reply = await app.answer(request);
      // The server below speaks HTTP/1.1 alone.
      return writeReply(reply, outgoing as ServerResponse) ? written : toResponse(reply);
    },
    { overrideGlobalObjects: false },
  );
  const server = httpServer(
    {
      async answer(request, response) {
        if (admitted(request, response)) await listener(request, response);
      },
    },
    {
      maxHeaderSize: headerLimit,
      headersTimeout: Math.ceil(receiveTimeout / 3),
      requestTimeout: receiveTimeout,
      connectionsCheckingInterval: Math.max(100, Math.min(5_000, receiveTimeout / 6)),
      keepAliveTimeout: 5_000,
    },
  );
  server.timeout = options.idleTimeout ?? 6 * 60_000;
  server.maxConnections = options.connections ?? 2_000;
  // Those beyond it would be dropped silently; `admitted` counts them.
  server.maxHeadersCount = 0;
  server.listen(port, host);
  await once(server, 'listening').catch((cause: unknown) => {
    throw new TroupeError(
      'environment',
      `Nothing can be served at ${host}:${port}: ${errorMessage(cause)}. Choose another port.`,
      { cause },
    );
  });

  let closed: Promise<void> | undefined;
  const close = async (grace: number): Promise<void> => {
    const drained = app.drain();
    await new Promise<void>((resolve) => {
      const timer = clock.wake(clock.now() + grace, resolve);
      void drained.then(() => {
        timer[Symbol.dispose]();
        resolve();
      });
    });
    const over = new Promise<void>((resolve) => {
      server.close(() => resolve());
    });
    // The last answers may still be on their way to slow clients.
    server.closeIdleConnections();
    const timer = clock.wake(clock.now() + lastWrites, () => server.closeAllConnections());
    await over;
    timer[Symbol.dispose]();
  };
  const closeOnce = (grace = 10_000): Promise<void> => (closed ??= close(grace));
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${portOf(server)}`,
    close: closeOnce,
    [Symbol.asyncDispose]: () => closeOnce(),
  };
}

/** How long the writing of answers may take after the end, in milliseconds. */
const lastWrites = 500;

function requireProtection(door: { host: string; local: boolean; token: string | undefined; insecure: boolean }): void {
  const { host, local, token, insecure } = door;
  if (token !== undefined && !/^[\x21-\x7e]{16,1024}$/.test(token))
    throw new TroupeError(
      'definition',
      'The token of an HTTP server is 16 to 1,024 visible ASCII characters. Make one with: openssl rand -hex 32',
    );
  if (!local && token === undefined && !insecure)
    throw new TroupeError(
      'definition',
      `Everybody who can reach ${host} could control this server. Set TROUPE_HTTP_TOKEN, or listen on 127.0.0.1 only.`,
    );
}
