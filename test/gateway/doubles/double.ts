/** A server of models in this process: it speaks a provider's wire format, answers as it is told, and refuses what the real one refuses. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { JsonObject } from '../../../src/values/json.ts';

/** A call in an answer. */
export interface DoubleCall {
  readonly name: string;
  /** The arguments as they are written. */
  readonly arguments: string;
  readonly id?: string;
  /** Gemini's signature of its thoughts. */
  readonly signature?: string;
}

/** One answer. */
export interface DoubleTurn {
  readonly text?: string;
  readonly reasoning?: string;
  /** Belongs to the reasoning. */
  readonly signature?: string;
  /** Reasoning that only the provider can read. */
  readonly redacted?: string;
  /** OpenRouter's details of the reasoning: those that come together, one after the other. */
  readonly details?: readonly (readonly JsonObject[])[];
  readonly calls?: readonly DoubleCall[];
  /** A picture that the model made, as PNG in base64. */
  readonly image?: string;
}

/** A provider's wire format. */
export interface Wire {
  /** What is wrong with a request; undefined when the provider would answer it. */
  refusal(body: JsonObject): string | undefined;
  /** The body of the error for it. */
  error(message: string): JsonObject;
  /** The stream of an answer. `count`: how many answers there were before. */
  stream(turn: DoubleTurn, count: number): string;
}

/** A server of models. */
export interface Double {
  /** The bodies of all requests. */
  readonly requests: JsonObject[];
  /** Why requests were refused. */
  readonly refusals: string[];
  /** Answers without a socket. */
  readonly fetch: typeof fetch;
  /** The same behind a port of this machine. */
  serve(): Promise<AsyncDisposable & { readonly url: string }>;
}

type Answer = DoubleTurn | ((body: JsonObject) => DoubleTurn | { readonly refuse: string });

/** `turns` in order; the last one is repeated. */
export function double(wire: Wire, turns: readonly Answer[]): Double {
  const requests: JsonObject[] = [];
  const refusals: string[] = [];
  let answered = 0;
  const answer = (sent: string): { status: number; type: string; text: string } => {
    // The client sends JSON objects.
    const body = JSON.parse(sent) as JsonObject;
    requests.push(body);
    const given = turns[Math.min(answered, turns.length - 1)] ?? {};
    const fault = faultOfText(sent) ?? wire.refusal(body);
    const turn = fault === undefined ? (typeof given === 'function' ? given(body) : given) : { refuse: fault };
    if ('refuse' in turn) {
      refusals.push(turn.refuse);
      return { status: 400, type: 'application/json', text: JSON.stringify(wire.error(turn.refuse)) };
    }
    return { status: 200, type: 'text/event-stream', text: wire.stream(turn, answered++) };
  };
  return {
    requests,
    refusals,
    fetch: (_, options) => {
      if (typeof options?.body !== 'string') throw new TypeError('The double takes JSON.');
      const { status, type, text } = answer(options.body);
      return Promise.resolve(new Response(text, { status, headers: { 'content-type': type } }));
    },
    async serve() {
      const server = createServer((request, response) => {
        const parts: Buffer[] = [];
        request.on('data', (part: Buffer) => parts.push(part));
        request.on('end', () => {
          const { status, type, text } = answer(Buffer.concat(parts).toString());
          response.writeHead(status, { 'content-type': type }).end(text);
        });
      });
      await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
      // A server that listens on a port has an address.
      const { port } = server.address() as AddressInfo;
      return {
        url: `http://127.0.0.1:${port}`,
        async [Symbol.asyncDispose]() {
          server.closeAllConnections();
          await new Promise((closed) => server.close(closed));
        },
      };
    },
  };
}

/** No provider takes half of a surrogate pair, and most have trouble with NUL. */
function faultOfText(sent: string): string | undefined {
  const bad = /\\u(?:d[89ab][0-9a-f]{2}(?!\\ud[c-f])|0000)|(?<!\\ud[89ab][0-9a-f]{2})\\ud[c-f][0-9a-f]{2}/i.exec(sent);
  return bad ? `The request body is not valid JSON: no low surrogate in string (${bad[0]})` : undefined;
}

/** A field that is a text; an empty one when it is none. */
export const textField = (of: JsonObject, field: string): string => {
  const value = of[field];
  return typeof value === 'string' ? value : '';
};

/** Events of a stream, each with the fields that a provider writes. */
export const sse = (events: readonly (JsonObject | string)[], named = false): string =>
  events
    .map((event) => {
      const name = named && typeof event !== 'string' ? `event: ${textField(event, 'type')}\n` : '';
      return `${name}data: ${typeof event === 'string' ? event : JSON.stringify(event)}\n\n`;
    })
    .join('');
