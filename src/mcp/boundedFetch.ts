/** `fetch` whose answers are bounded in size: a server must not fill the memory of this process. */
import { patientFetch } from '../security/patientFetch.ts';
import type { TroupeError } from '../values/failure.ts';
import { serverError, type ErrorContext } from './errors.ts';

const maxAnswer = 8 * 1024 * 1024;
const lineFeed = 10;
const carriageReturn = 13;

/** The failure of a server that sends too much. */
export const tooLarge = (context: ErrorContext): TroupeError =>
  serverError(context, `sent an answer larger than ${maxAnswer / 1024 / 1024} MB. Ask it for less.`, false);

/** Answers break off with the error that `failure` gives when they are too large. */
export const boundedFetch =
  (failure: () => TroupeError) =>
  async (to: string | URL, init?: RequestInit): Promise<Response> =>
    bounded(await patientFetch(to, init), failure);

/** The same answer, which breaks off when it is too large. */
function bounded(response: Response, failure: () => TroupeError): Response {
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
      else controller.error(failure());
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
