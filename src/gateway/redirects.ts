/** Redirects of providers: followed within the origin of the provider's address, and refused elsewhere, because the request holds a key and a conversation. */
import { TroupeError } from '../values/failure.ts';
import { sameOriginFetch } from '../security/sameOrigin.ts';

/** The same `fetch` for a provider. Throws `invalid` for a redirect to another origin, which is named, without its path and query. */
export const providerFetch = (send: typeof fetch): typeof fetch => {
  const follow = sameOriginFetch(send);
  return async (input, init) => {
    const asked = new URL(input instanceof Request ? input.url : input);
    const response = await follow(asked, init);
    const location = response.headers.get('location');
    if (response.status < 300 || response.status > 399 || location === null) return response;
    await response.body?.cancel();
    throw new TroupeError('invalid', refusal(asked, location));
  };
};

function refusal(asked: URL, location: string): string {
  const target = URL.canParse(location, asked) ? new URL(location, asked).origin : 'an address that cannot be read';
  if (target === asked.origin) return `${asked.origin} redirected the request again and again. Check the address.`;
  return (
    `${asked.origin} redirected the request to ${target}. A model is asked at its own address only, because the request holds a key and a conversation. ` +
    'If the other address is meant, set it as the base URL of the provider.'
  );
}
