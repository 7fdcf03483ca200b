/** The id of a request: the client's own when it is well-formed, so that the logs of both sides can be joined. */
import type { Clock } from '../../../values/clock.ts';

/** The header that carries it, in requests and answers. */
export const requestIdHeader = 'x-request-id';

/** The id that the client gave, or a fresh one. */
export function requestIdOf(headers: Headers, clock: Pick<Clock, 'id'>): string {
  const given = headers.get(requestIdHeader);
  return given !== null && /^[\w.:-]{1,128}$/.test(given) ? given : clock.id();
}
