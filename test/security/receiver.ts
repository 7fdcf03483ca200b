/** A real HTTP server on a free port of the loopback address, which keeps what it received; and a network that only writes down where it was sent. */
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { connect, isIP, Socket, type AddressInfo, type LookupFunction, type TcpNetConnectOpts } from 'node:net';

/** One request, as it came. */
export interface Received {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export interface Receiver extends AsyncDisposable {
  /** `http://127.0.0.1:port`. */
  readonly url: string;
  readonly port: number;
  readonly received: Received[];
  /** The bytes of all connections, whether or not they were requests. */
  readonly bytes: () => number;
  /** Resolves with the next request. */
  next(): Promise<Received>;
}

export type Reply = (request: Received, response: ServerResponse) => void;

/** Starts a receiver; it answers `ok` unless `reply` says otherwise. */
export async function receiver(
  reply: Reply = (_, response) => void response.end('ok'),
  tls?: { readonly cert: string; readonly key: string },
): Promise<Receiver> {
  const received: Received[] = [];
  const waiting: ((request: Received) => void)[] = [];
  let bytes = 0;
  const listener: RequestListener = (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method = '', url = '', headers } = request;
      const one = { method, url, headers, body: Buffer.concat(chunks).toString() };
      received.push(one);
      for (const resolve of waiting.splice(0)) resolve(one);
      reply(one, response);
    });
  };
  const server = tls ? createSecureServer(tls, listener) : createServer(listener);
  server.on('connection', (socket: Socket) => socket.on('data', (chunk: Buffer) => (bytes += chunk.length)));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `${tls ? 'https' : 'http'}://127.0.0.1:${port}`,
    port,
    received,
    bytes: () => bytes,
    next: () => new Promise((resolve) => waiting.push(resolve)),
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Writes down every address that is connected to. A connection is refused, unless `through` gives a port of the loopback address that it leads to. */
export function network(through?: number) {
  const addresses: string[] = [];
  const dialled = (address: string): void => void addresses.push(address);
  return {
    addresses,
    connect({ host = '', lookup }: TcpNetConnectOpts): Socket {
      if (isIP(host)) dialled(host);
      else
        (lookup as LookupFunction)(host, { all: true }, (_, found) => {
          for (const each of Array.isArray(found) ? found : [{ address: found }]) dialled(each.address);
        });
      if (through !== undefined) return connect(through, '127.0.0.1');
      const socket = new Socket();
      queueMicrotask(() => socket.destroy(Object.assign(new Error('refused'), { code: 'ECONNREFUSED' })));
      return socket;
    },
  };
}

/** What a promise is rejected with. */
export async function rejectionOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (thrown) {
    return thrown;
  }
  throw new Error('It was not rejected.');
}
