/** A `fetch` whose answers are in the form that the client library takes: JSON documents, and the events of a stream. */
import type { Json } from '../values/json.ts';
import type { Mend } from './mendAnswers.ts';

type Send = (to: string | URL, init?: RequestInit) => Promise<Response>;

/** Mends each message of an answer. What is no JSON is left as it is. */
export const mendedFetch =
  (send: Send, mend: Mend): Send =>
  async (to, init) => {
    const response = await send(to, init);
    const type = response.headers.get('content-type') ?? '';
    if (!response.ok || !response.body) return response;
    if (/^text\/event-stream\b/i.test(type)) return withBody(response, response.body.pipeThrough(mendedEvents(mend)));
    if (!/^application\/json\b/i.test(type)) return response;
    const text = await response.text();
    const messages = mendedText(text, mend);
    return withBody(
      response,
      messages === undefined ? text : messages.length === 1 ? messages[0] : `[${messages.join()}]`,
    );
  };

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
  let rest = '';
  const take = (text: string, give: (event: string) => void) => {
    // A carriage return at the end may be followed by its line feed in the next piece.
    const all = (rest + text).split(/\r\n|\n|\r(?!$)/);
    rest = all.pop() ?? '';
    for (const line of all) {
      if (line !== '') lines.push(line);
      else {
        give(mendedEvent(lines, mend));
        lines = [];
      }
    }
  };
  return new TransformStream({
    transform(chunk, controller) {
      take(decoder.decode(chunk, { stream: true }), (event) => controller.enqueue(encoder.encode(event)));
    },
    flush(controller) {
      // An event that was not ended is none.
      const left = [...lines, rest].join('\n');
      if (left !== '') controller.enqueue(encoder.encode(left));
    },
  });
}

function mendedEvent(lines: readonly string[], mend: Mend): string {
  const data = lines.filter(isData).map((line) => line.slice(5).replace(/^ /, ''));
  const messages = data.length === 0 ? undefined : mendedText(data.join('\n'), mend);
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
