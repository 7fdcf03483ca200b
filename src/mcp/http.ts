/** Talks to a server over Streamable HTTP. The size of an answer is bounded. */
import type { StreamableHTTPClientTransportOptions, Transport } from '@modelcontextprotocol/client';
import type { Clock } from '../values/clock.ts';
import { TroupeError } from '../values/failure.ts';
import { withTimeout } from '../tools/timeout.ts';
import { streamEnded } from './certainty.ts';
import { serverError, type ErrorContext } from './errors.ts';
import type { HttpAddress } from './address.ts';
import type { McpTransport } from './connection.ts';

const maxAnswer = 8 * 1024 * 1024;
/** How long ending the session may take; milliseconds. */
const sessionEndTimeout = 1_000;
const lineFeed = 10;
const carriageReturn = 13;

/** Prepares a connection to a URL. */
export async function httpTransport(
  { url, headers }: HttpAddress,
  clock: Clock,
  context: ErrorContext,
): Promise<McpTransport> {
  const { StreamableHTTPClientTransport } = await import('@modelcontextprotocol/client');
  let failure: TroupeError | undefined;
  const options: StreamableHTTPClientTransportOptions = {
    requestInit: { headers },
    // Our headers may hold secrets: they are sent to no other origin.
    redirectPolicy: 'same-origin',
    reconnectionOptions: {
      initialReconnectionDelay: 250,
      maxReconnectionDelay: 5_000,
      reconnectionDelayGrowFactor: 2,
      maxRetries: 3,
    },
    reconnectionScheduler: (reconnect, delay) => {
      const timer = clock.wake(clock.now() + delay, reconnect);
      return () => timer[Symbol.dispose]();
    },
    fetch: async (to, init) =>
      bounded(await fetch(to, init), () => {
        const limit = `${maxAnswer / 1024 / 1024} MB`;
        return (failure ??= serverError(context, `sent an answer larger than ${limit}. Ask it for less.`, false));
      }),
  };
  const transport = new StreamableHTTPClientTransport(new URL(url), options);
  answerWhenCut(transport);

  return {
    transport,
    get failure() {
      return failure;
    },
    async close() {
      if (transport.sessionId !== undefined) {
        const late = () => new TroupeError('timeout', 'The server did not say goodbye.');
        const { signal } = new AbortController();
        const sessionEnd = withTimeout({ clock, timeout: sessionEndTimeout, signal, late }, () =>
          transport.terminateSession(),
        );
        await sessionEnd.catch(() => {});
      }
      await transport.close();
    },
  };
}

/** A request whose stream ends before its answer gets an error for one: the library would wait on. */
function answerWhenCut(transport: Transport): void {
  const send = transport.send.bind(transport);
  transport.send = (message, options) => {
    const isRequest = 'id' in message && message.id !== undefined && 'method' in message;
    if (!isRequest || options?.onRequestStreamEnd) return send(message, options);
    const { id } = message;
    const error = { code: streamEnded, message: 'the connection was dropped before the answer' };
    // After an answer no caller waits for this one, so it is dropped.
    return send(message, {
      ...options,
      onRequestStreamEnd: () => transport.onmessage?.({ jsonrpc: '2.0', id, error }),
    });
  };
}

/** The same answer, which breaks off when it is too large. */
function bounded(response: Response, tooLarge: () => TroupeError): Response {
  if (!response.body) return response;
  const streamed = response.headers.get('content-type')?.startsWith('text/event-stream') ?? false;
  let size = 0;
  let line = 0;
  /** A stream of events may go on for ever, one event may not: an empty line ends it. */
  const countEvent = (chunk: Uint8Array) => {
    for (const byte of chunk) {
      if (byte === lineFeed) {
        size = line === 0 ? 0 : size;
        line = 0;
      } else if (byte !== carriageReturn) {
        line++;
        size++;
      }
    }
  };
  const limit = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      if (streamed) countEvent(chunk);
      else size += chunk.length;
      if (size <= maxAnswer) controller.enqueue(chunk);
      else controller.error(tooLarge());
    },
  });
  const { status, statusText, headers } = response;
  const copy = new Response(response.body.pipeThrough(limit), { status, statusText, headers });
  // A copy has no address of its own, and redirects are judged by it.
  const { url, redirected, type } = response;
  return Object.defineProperties(copy, {
    url: { value: url },
    redirected: { value: redirected },
    type: { value: type },
  });
}
