/** A `fetch` that waits for its answer as long as its signal lets it. The one of Node gives up when no head has come for five minutes, and models may think for longer. */
import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { Readable } from 'node:stream';

/** Milliseconds of silence after which the system looks whether the other machine is still there. */
const keepAliveAfter = 30_000;

/** What `exchange` uses of `fetch`: a text is sent, and redirects are not followed. */
export const patientFetch: typeof fetch = async (url, { method = 'GET', headers, body, signal } = {}) => {
  const target = new URL(url instanceof Request ? url.url : url);
  const message = (target.protocol === 'https:' ? httpsRequest : httpRequest)(target, {
    method,
    headers: Object.fromEntries(new Headers(headers)),
    ...(signal ? { signal } : {}),
  });
  // Beside the answer nobody waits for it.
  message.on('error', () => {});
  message.on('socket', (socket) => socket.setKeepAlive(true, keepAliveAfter));
  message.end(typeof body === 'string' ? body : undefined);
  // What the event brings, by Node's documentation. An error of the request rejects.
  const [head] = (await once(message, 'response')) as [IncomingMessage];
  const { statusCode: status = 0 } = head;
  const answered = new Headers(
    Object.entries(head.headers).map(([name, value]): [string, string] => [name, String(value)]),
  );
  // A status that has no body must not be given one.
  const isEmpty = status === 204 || status === 205 || status === 304;
  if (isEmpty) head.resume();
  // The web's streams are typed twice: by Node, and for the global `Response`.
  const stream = isEmpty ? null : (Readable.toWeb(head) as ReadableStream<Uint8Array>);
  return new Response(stream, { status, headers: answered });
};
