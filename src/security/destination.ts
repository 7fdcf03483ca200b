/** Where a request goes, taken from its URL, and how the URL is shown in messages. */
import { TroupeError } from '../values/failure.ts';
import { hostName } from './allowList.ts';

/** Where a request goes. */
export interface Destination {
  /** The whole URL. It may hold secrets: messages show `shown`. */
  readonly url: URL;
  /** The host as a connection wants it: a name, or an address without brackets. */
  readonly host: string;
  readonly port: number;
  readonly isEncrypted: boolean;
  /** Scheme, host, port and path. The query may hold secrets, so it is left out. */
  readonly shown: string;
}

const longestUrl = 16_384;

/** Reads a URL. Throws `invalid` for what is none, and `denied` for another scheme than http and https and for a user name or password in it. */
export function destinationOf(text: string): Destination {
  if (text.length > longestUrl)
    throw new TroupeError('invalid', `A URL may have ${longestUrl} characters; this one has ${text.length}.`);
  if (!URL.canParse(text))
    throw new TroupeError(
      'invalid',
      'The URL of a request cannot be read. Write it whole, such as "https://example.com/path".',
    );
  const url = new URL(text);
  const isEncrypted = url.protocol === 'https:';
  if (!isEncrypted && url.protocol !== 'http:')
    throw new TroupeError('denied', `A URL with the scheme "${url.protocol}" was denied. Use http or https.`);
  const shown = `${url.origin}${url.pathname}`;
  if (url.username !== '' || url.password !== '')
    throw new TroupeError(
      'denied',
      `A request to ${shown} was denied: its URL has a user name or a password. Send them in the header "Authorization".`,
    );
  return {
    url,
    host: hostName(url.host.replace(/:\d+$/, '')).replace(/^\[|\]$/g, ''),
    port: url.port === '' ? (isEncrypted ? 443 : 80) : Number(url.port),
    isEncrypted,
    shown,
  };
}

/** How a URL is shown in a message: origin and path, without its query, which may hold secrets. Undefined for what is no URL of http or https. */
export function shownUrl(text: string): string | undefined {
  if (!URL.canParse(text)) return undefined;
  const { protocol, origin, pathname } = new URL(text);
  return protocol === 'http:' || protocol === 'https:' ? `${origin}${pathname}` : undefined;
}
