/** A `fetch` that follows redirects only within the origin: the headers may hold secrets, and are sent to no other. */

/** Redirects that are followed for one request. */
const maxRedirects = 3;

/** Follows redirects of the same origin with the same method and body. Any other redirect is the answer, which is no success. */
export const sameOriginFetch =
  (send: (to: string | URL, init?: RequestInit) => Promise<Response>) =>
  async (to: URL, init: RequestInit): Promise<Response> => {
    let url = to;
    for (let redirects = 0; ; redirects++) {
      const response = await send(url, { ...init, redirect: 'manual' });
      const location = response.headers.get('location');
      if (![301, 302, 307, 308].includes(response.status) || location === null || redirects >= maxRedirects)
        return response;
      const next = URL.canParse(location, url) ? new URL(location, url) : undefined;
      if (next?.origin !== url.origin) return response;
      await response.body?.cancel();
      url = next;
    }
  };

/** Whether an address that a server names for its messages may be sent what its base address is sent. */
export function mayFollow(base: URL, endpoint: URL): boolean {
  if (endpoint.origin === base.origin) return true;
  const isSameHost = endpoint.hostname === base.hostname || (isLoopback(endpoint) && isLoopback(base));
  // Behind a proxy a server knows another port or scheme of itself; but nothing is sent in clear that was not before.
  return isSameHost && (endpoint.protocol === 'https:' || (endpoint.protocol === 'http:' && base.protocol === 'http:'));
}

const isLoopback = ({ hostname }: URL): boolean => ['localhost', '127.0.0.1', '[::1]'].includes(hostname);
