/** A `fetch` that follows redirects only within the origin: the headers may hold secrets, and are sent to no other. */

/** Redirects that are followed for one request. */
const maxRedirects = 3;

/** Follows redirects of the same origin with the same method and body. Any other redirect is the answer, which is no success. */
export const sameOriginFetch =
  (send: (to: string | URL, init?: RequestInit) => Promise<Response>) =>
  async (to: URL, init: RequestInit = {}): Promise<Response> => {
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
