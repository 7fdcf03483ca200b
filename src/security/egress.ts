/**
 * The one client for requests whose target the data may choose: a webhook, a server that a file names. It reaches the public internet, and beside that
 * only what was allowed. A name is looked up once, all its addresses are checked, and the peer is checked again before anything is sent. No proxy of the
 * environment is used.
 *
 * EG1 What is not public is reached only when it was allowed, however its address is spelt, looked up or redirected to.
 * EG2 A credential goes to no other origin than the one that it was given for.
 * EG3 A request ends: in its time, within its size, and when it is stopped.
 */
import type { Clock } from '../values/clock.ts';
import { TroupeError } from '../values/failure.ts';
import { requireOptions } from '../values/options.ts';
import { allowList, type AllowList } from './allowList.ts';
import { connectTo, systemNetwork, type Network } from './connect.ts';
import { read, send, type Reading } from './exchange.ts';
import { redirected } from './redirect.ts';
import { requestError } from './requestError.ts';
import { checkedHeaders, checkedMethod } from './requestHeaders.ts';
import type { EgressRequest, EgressResponse, CheckedRequest } from './shapes.ts';
import { destinationOf, type Destination } from './destination.ts';
import type { RequestProgress } from './progress.ts';

/** Settings of the client. */
export interface EgressOptions {
  /** Time and timers. */
  readonly clock: Pick<Clock, 'now' | 'wake'>;
  /** What may be reached although it is not public, such as `localhost`, `127.0.0.1:6163` or `10.0.0.0/8`; nothing by default. A listed host may have any address. */
  readonly allow?: readonly string[];
  /** The longest that a request may take, in milliseconds; 60,000 by default. */
  readonly longest?: number;
  /** The largest body of a response, in bytes; 10,485,760 by default. */
  readonly maxBytes?: number;
  /** All addresses of a host; the look-up of the system by default. */
  readonly lookup?: Network['lookup'];
  /** Opens a TCP connection; that of Node by default. */
  readonly connect?: Network['connect'];
  /** Certificates of authorities that are trusted instead of the usual ones, as PEM; the usual ones by default. */
  readonly authorities?: string | readonly string[];
}

/** The client. */
export interface Egress {
  /**
   * Makes one request. Rejects with `denied` when a rule forbids it, `invalid` when it cannot be sent, `transient`, `timeout`, `environment` or `cancelled`. The data of
   * the failure says with `sent` whether the other side may have seen the request. No message contains a query, a header or a user name.
   */
  request(request: EgressRequest): Promise<EgressResponse>;
}

const maxRedirects = 5;
const usualTimeout = 30_000;
const megabyte = 1_024 * 1_024;

/** Makes the client. Throws `definition` for an entry of `allow` that cannot be read. */
export function egress(options: EgressOptions): Egress {
  requireOptions('egress', options, {
    clock: true,
    allow: true,
    longest: true,
    maxBytes: true,
    lookup: true,
    connect: true,
    authorities: true,
  });
  const { clock, allow = [], longest = 60_000, maxBytes = 10 * megabyte } = options;
  const { lookup = systemNetwork.lookup, connect = systemNetwork.connect, authorities } = options;
  const client = { allow: allowList(allow), network: { lookup, connect, authorities } };

  return {
    async request(request) {
      const progress: RequestProgress = { sent: false };
      const timeout = Math.min(request.timeout ?? usualTimeout, longest);
      const stop = new AbortController();
      const timer = clock.wake(clock.now() + timeout, () => stop.abort(timeoutError(progress, timeout)));
      const cancel = () => stop.abort(new TroupeError('cancelled', 'The request was stopped before it ended.'));
      request.signal?.addEventListener('abort', cancel, { once: true });
      try {
        if (request.signal?.aborted) cancel();
        stop.signal.throwIfAborted();
        const reading = {
          discard: request.discard ?? false,
          maxBytes: Math.min(request.maxBytes ?? maxBytes, maxBytes),
          signal: stop.signal,
        };
        return await follow(request, reading, client, progress);
      } catch (thrown) {
        throw requestError(stop.signal.aborted ? stop.signal.reason : thrown, progress);
      } finally {
        timer[Symbol.dispose]();
        request.signal?.removeEventListener('abort', cancel);
      }
    },
  };
}

interface Client {
  readonly allow: AllowList;
  readonly network: Network;
}

/** Makes the request, and those that redirects lead to. */
async function follow(
  { url, method = 'GET', headers = {}, body, redirect = 'follow' }: EgressRequest,
  reading: Reading,
  client: Client,
  progress: RequestProgress,
): Promise<EgressResponse> {
  let destination = destinationOf(url);
  let request: CheckedRequest = {
    method: checkedMethod(method),
    headers: checkedHeaders(headers),
    body: typeof body === 'string' ? new TextEncoder().encode(body) : body,
  };
  for (let count = 0; ; count++) {
    progress.destination = destination;
    const response = await exchange(request, destination, reading, client, progress);
    const next = redirect === 'follow' ? redirected(request, destination, response) : undefined;
    if (!next) return response;
    if (count >= maxRedirects)
      throw new TroupeError('denied', `${destination.shown} redirected more than ${maxRedirects} times.`);
    ({ destination, request } = next);
  }
}

async function exchange(
  request: CheckedRequest,
  destination: Destination,
  reading: Reading,
  { allow, network }: Client,
  progress: RequestProgress,
): Promise<EgressResponse> {
  const socket = await connectTo(destination, allow, network, reading.signal);
  try {
    progress.sent = true;
    return await read(await send(request, destination, socket, reading.signal), destination, reading);
  } finally {
    socket.destroy();
  }
}

const timeoutError = ({ destination }: RequestProgress, timeout: number) =>
  new TroupeError(
    'timeout',
    `${destination ? `${destination.shown} did not answer` : 'No answer'} within ${timeout} ms.`,
  );
