/** Talks to a server over Streamable HTTP; what an answer may make us keep is bounded. */
import type { StreamableHTTPClientTransportOptions } from '@modelcontextprotocol/client';
import type { Clock } from '../contracts/clock.ts';
import { environment, type Blame } from './failure.ts';
import type { HttpPlace } from './place.ts';

const maxAnswer = 8 * 1024 * 1024;
const lineFeed = 10;
const carriageReturn = 13;

/** What the library's transport is given. Redirects to another origin are refused: they would carry our headers away. */
export function httpOptions({ headers }: HttpPlace, clock: Clock, blame: Blame): StreamableHTTPClientTransportOptions {
  return {
    requestInit: { headers },
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
    fetch: async (url, init) => bounded(await fetch(url, init), blame),
  };
}

function bounded(response: Response, blame: Blame): Response {
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
      else
        controller.error(
          environment(blame, `sent an answer larger than ${maxAnswer / 1024 / 1024} MB. Ask it for less.`, false),
        );
    },
  });
  const { status, statusText, headers } = response;
  const copy = new Response(response.body.pipeThrough(limit), { status, statusText, headers });
  // A copy has no address of its own, and redirects are judged by it.
  Object.defineProperties(copy, {
    url: { value: response.url },
    redirected: { value: response.redirected },
    type: { value: response.type },
  });
  return copy;
}
