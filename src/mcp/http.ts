/** Talks to a server over Streamable HTTP. */
import type { StreamableHTTPClientTransportOptions, Transport } from '@modelcontextprotocol/client';
import type { Clock } from '../values/clock.ts';
import { contain } from '../values/contain.ts';
import { TroupeError } from '../values/failure.ts';
import { withTimeout } from '../tools/timeout.ts';
import { boundedFetch, tooLarge } from './boundedFetch.ts';
import { streamEnded } from './certainty.ts';
import type { ErrorContext } from './errors.ts';
import { mendAnswers } from './mendAnswers.ts';
import { mendedFetch } from './mendedFetch.ts';
import { requestOf, type HttpAddress } from './address.ts';
import type { McpTransport } from './connection.ts';

/** How long ending the session may take; milliseconds. */
const sessionEndTimeout = 1_000;

/** Prepares a connection to a URL. */
export async function httpTransport(address: HttpAddress, clock: Clock, context: ErrorContext): Promise<McpTransport> {
  const { StreamableHTTPClientTransport, isSpecType } = await import('@modelcontextprotocol/client');
  const { url, headers } = requestOf(address);
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
    fetch: mendedFetch(
      boundedFetch(() => (failure ??= tooLarge(context))),
      mendAnswers(isSpecType.ContentBlock),
    ),
  };
  const transport = new StreamableHTTPClientTransport(url, options);
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
      onRequestStreamEnd: () =>
        contain('The end of a stream', () => transport.onmessage?.({ jsonrpc: '2.0', id, error })),
    });
  };
}
