/** Keeps what a provider really sent beside what its client makes of it: the beginning of the body, and numbers that lose digits when they are parsed. */
import { inexactNumbersIn } from '../values/exactNumbers.ts';

/** What came in answer to one request. */
export interface Received {
  /** The media type, such as `text/event-stream`; empty when there was none. */
  readonly type: string;
  /** The first characters of the body. */
  readonly head: string;
  /** Numbers, as they are written, that a JavaScript number does not keep. */
  readonly inexact: ReadonlySet<string>;
}

/** Characters of a body that are kept. */
const headLength = 2_000;

/** The answers to requests, by the signal that each request was sent with. */
export interface Receiver {
  /** A `fetch` that keeps what came. */
  readonly fetch: typeof fetch;
  /** What came for the request with this signal; undefined before its answer began. */
  receivedFor(signal: AbortSignal): Received | undefined;
}

/** Watches the answers of a `fetch`. Bodies of failed requests are left to the client. */
export function receiver(send: typeof fetch): Receiver {
  const bySignal = new WeakMap<AbortSignal, Received>();
  return {
    async fetch(input, init) {
      const response = await send(input, init);
      if (!response.ok || !response.body || !init?.signal) return response;
      const { received, body } = watch(response.body, response.headers.get('content-type') ?? '');
      bySignal.set(init.signal, received);
      return new Response(body, response);
    },
    receivedFor: (signal) => bySignal.get(signal),
  };
}

function watch(body: ReadableStream<Uint8Array<ArrayBuffer>>, contentType: string) {
  const inexact = new Set<string>();
  const received = { type: contentType.split(';', 1)[0]?.trim().toLowerCase() ?? '', head: '', inexact };
  const decoder = new TextDecoder();
  /** The line that has not ended: a number may be cut between two chunks. */
  let line = '';
  const look = (text: string) => {
    if (received.head.length < headLength) received.head = (received.head + text).slice(0, headLength);
    const lines = (line + text).split('\n');
    line = lines.pop() ?? '';
    for (const whole of lines) for (const number of inexactNumbersIn(whole)) inexact.add(number);
  };
  const watched = body.pipeThrough(
    new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
      transform(chunk, controller) {
        look(decoder.decode(chunk, { stream: true }));
        controller.enqueue(chunk);
      },
    }),
  );
  return { received, body: watched };
}
