/** A `fetch` whose answers are in the form that the client library takes: JSON documents, and the events of a stream. */
import { isJsonObject, type Json } from '../values/json.ts';
import { propertiesOf } from '../values/properties.ts';
import type { Mend } from './mendAnswers.ts';
import { mendedGreeting } from './mendedGreeting.ts';

type Send = (to: string | URL, init?: RequestInit) => Promise<Response>;

/** Mends each message of an answer. What is no JSON is left as it is. */
export const mendedFetch =
  (send: Send, mend: Mend): Send =>
  async (to, init) => {
    const response = await send(to, init);
    const { id, method, revision } = requestIn(init?.body);
    if (!response.ok) {
      const isNotice = method !== undefined && id === null;
      return isNotice && !ofSession.includes(response.status) ? taken(response) : plainRefusal(response);
    }
    if (!response.body) return response;
    const type = response.headers.get('content-type') ?? '';
    const mendFor: Mend = (value) => {
      const answer = withId(value, id);
      return mend(method === 'initialize' ? mendedGreeting(answer, revision) : answer);
    };
    if (/^text\/event-stream\b/i.test(type))
      return withBody(response, response.body.pipeThrough(mendedEvents(mendFor)));
    // Some servers send JSON under the type that their framework has by default.
    if (!/^(application\/json\b|text\/plain\b|application\/octet-stream\b|$)/i.test(type)) return response;
    const text = await response.text();
    const messages = mendedText(text, mendFor);
    if (messages === undefined) return withBody(response, text);
    const mended = withBody(response, messages.length === 1 ? messages[0] : `[${messages.join()}]`);
    mended.headers.set('content-type', 'application/json');
    return mended;
  };

/** Statuses that say something of the session, and not of the message. */
const ofSession: readonly number[] = [401, 403, 404];

/** A message that needs no answer was refused. Some servers know none of these, and the library would give up the connection. */
async function taken(response: Response): Promise<Response> {
  await response.body?.cancel();
  return new Response(null, { status: 202 });
}

/** Without its challenge: the library would begin a flow for which there is no client, and end it with an error that has no status. */
function plainRefusal(response: Response): Response {
  if (!response.headers.has('www-authenticate')) return response;
  const plain = withBody(response, response.body ?? undefined);
  plain.headers.delete('www-authenticate');
  return plain;
}

/** The request in a body, as far as its answer depends on it. */
function requestIn(body: unknown) {
  const { id, method, params } = propertiesOf(typeof body === 'string' ? JSON.parse(body) : undefined);
  return {
    id: typeof id === 'number' || typeof id === 'string' ? id : null,
    method: typeof method === 'string' ? method : undefined,
    revision: propertiesOf(params).protocolVersion,
  };
}

/** An error without an id, in the answer to a request, is about this request: the server could not read it, or does not take it. */
const withId = (value: Json, id: Json): Json =>
  id !== null && isJsonObject(value) && value.error && value.method === undefined && (value.id ?? null) === null
    ? { ...value, id }
    : value;

/** The messages in a text; undefined when it is no JSON. */
function mendedText(text: string, mend: Mend): string[] | undefined {
  try {
    return mend(JSON.parse(text) as Json).map((message) => JSON.stringify(message)); // What JSON.parse gives is JSON.
  } catch {
    return undefined;
  }
}

/** The address of an answer is no part of a copy, and redirects are judged by it. */
function withBody(response: Response, body: BodyInit | undefined): Response {
  const { status, statusText, headers, url, redirected, type } = response;
  const copy = new Response(body ?? null, { status, statusText, headers });
  copy.headers.delete('content-length');
  return Object.defineProperties(copy, {
    url: { value: url },
    redirected: { value: redirected },
    type: { value: type },
  });
}

/** Events end with an empty line. How large one may be is limited where they are fetched. */
function mendedEvents(mend: Mend): TransformStream<Uint8Array, Uint8Array> {
  const [decoder, encoder] = [new TextDecoder(), new TextEncoder()];
  let lines: string[] = [];
  /** The pieces of the line that has not ended: a long one comes in many, and is put together once. */
  let pieces: string[] = [];
  /** A carriage return at the end of a piece may be followed by its line feed in the next one. */
  let held = '';
  const endLine = (give: (event: string) => void) => {
    const line = pieces.join('');
    pieces = [];
    if (line !== '') lines.push(line);
    else {
      give(mendedEvent(lines, mend));
      lines = [];
    }
  };
  const take = (text: string, give: (event: string) => void) => {
    const [first = '', ...others] = (held + text).split(/\r\n|\n|\r(?!$)/);
    held = (others.at(-1) ?? first).endsWith('\r') ? '\r' : '';
    pieces.push(first);
    for (const piece of others) {
      endLine(give);
      pieces.push(piece);
    }
    if (held !== '') pieces.push((pieces.pop() ?? '').slice(0, -1));
  };
  return new TransformStream({
    transform(chunk, controller) {
      take(decoder.decode(chunk, { stream: true }), (event) => controller.enqueue(encoder.encode(event)));
    },
    flush(controller) {
      const give = (text: string) => controller.enqueue(encoder.encode(text));
      if (held !== '') endLine(give);
      const left = [...lines, ...pieces.join('').split('\n')].filter((line) => line !== '');
      // An event that was not ended is none, unless a whole message stands in it: then only the empty line is missing.
      if (left.length > 0) give(isWhole(left) ? mendedEvent(left, mend) : left.join('\n'));
    },
  });
}

function mendedEvent(lines: readonly string[], mend: Mend): string {
  const messages = mendedText(dataOf(lines), mend);
  if (messages === undefined) return [...lines, '', ''].join('\n');
  const others = lines.filter((line) => !isData(line));
  const isId = (line: string) => /^id(:|$)/.test(line);
  // The stream is continued after the last message that has the id.
  return messages
    .map((message, n) =>
      [...others.filter((line) => n === messages.length - 1 || !isId(line)), `data: ${message}`, '', ''].join('\n'),
    )
    .join('');
}

const isData = (line: string): boolean => line.startsWith('data:');
const dataOf = (lines: readonly string[]): string =>
  lines
    .filter(isData)
    .map((line) => line.slice(5).replace(/^ /, ''))
    .join('\n');
const isWhole = (lines: readonly string[]): boolean => mendedText(dataOf(lines), (value) => [value]) !== undefined;
