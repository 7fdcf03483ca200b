/** What becomes of a request that the other side redirects. */
import { TroupeError } from '../values/failure.ts';
import type { EgressResponse, CheckedRequest } from './shapes.ts';
import { destinationOf, type Destination } from './destination.ts';

const redirects = new Set([301, 302, 303, 307, 308]);
/** Headers that say nothing of the caller: another origin may see them. Any other one may be a credential, such as `X-Api-Key`. */
const harmless = new Set(['accept', 'accept-language', 'content-language', 'content-type', 'user-agent']);

/**
 * The request that follows the redirect; undefined when the response is none, or names no location. After 303, and after 301 and 302 to a POST, it is a GET
 * without a body. Another origin gets no credentials. Throws `denied` when it leaves https.
 */
export function redirected(
  { method, body, headers }: CheckedRequest,
  from: Destination,
  { status, headers: { location } }: Pick<EgressResponse, 'status' | 'headers'>,
): { readonly request: CheckedRequest; readonly destination: Destination } | undefined {
  if (!redirects.has(status) || location === undefined || location === '') return undefined;
  const destination = locationOf(location, from);
  if (from.isEncrypted && !destination.isEncrypted)
    throw new TroupeError(
      'denied',
      `${from.shown} redirected to ${destination.shown}, which is not encrypted. Use the URL that is meant in the first place.`,
    );
  const isGet = (status === 303 && method !== 'HEAD') || ((status === 301 || status === 302) && method === 'POST');
  const isElsewhere = from.url.origin !== destination.url.origin;
  const kept = Object.entries(headers).filter(
    ([name]) => !(isElsewhere && !harmless.has(name)) && !(isGet && name.startsWith('content-')),
  );
  const request = { method: isGet ? 'GET' : method, headers: Object.fromEntries(kept), body: isGet ? undefined : body };
  return { request, destination };
}

function locationOf(location: string, from: Destination): Destination {
  if (!URL.canParse(location, from.url))
    throw new TroupeError('environment', `${from.shown} redirected to a location that cannot be read.`);
  return destinationOf(new URL(location, from.url).href);
}
