/**
 * The address of a provider. What is secret in it (a user and a password, a key in the query) is sent with every request, and shown nowhere:
 * the address itself never reaches the provider's client, whose errors would repeat it.
 */
import { TroupeError } from '../values/failure.ts';

/** An address, taken apart. */
export interface ProviderAddress {
  /** The address without what is secret. */
  readonly baseURL: string;
  /** What was secret in it; to be hidden wherever text of the other side is shown. */
  readonly secrets: readonly string[];
  /** Sends a request as the whole address says. */
  wrap(send: typeof fetch): typeof fetch;
}

/**
 * Takes an address apart. `from` names where it was set. `authorized`: the provider's key is sent in the header Authorization, where a user and a
 * password would have to be. Throws `invalid`, and never repeats the address.
 */
export function providerAddress(
  written: string,
  { from, authorized }: { readonly from: string; readonly authorized: boolean },
): ProviderAddress {
  const url = parsed(written.trim());
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:')
    throw new TroupeError(
      'invalid',
      `${from} must be an address that begins with http:// or https://, such as http://127.0.0.1:8000/v1. What it holds is not shown, because it may be secret.`,
    );
  const login = loginIn(url);
  if (login && authorized)
    throw new TroupeError(
      'invalid',
      `The address in ${from} has a user and a password, which are sent in the header Authorization; the key of this provider is sent in the same header, so only one of them can be. Take the part before "@" out of the address, or unset the key.`,
    );
  const query = [...url.searchParams];
  return {
    baseURL: `${url.origin}${url.pathname.replace(/\/+$/, '')}`,
    secrets: [
      ...query.map(([, value]) => value),
      ...(login ? [login.password, `${login.user}:${login.password}`, url.password] : []),
    ].filter((secret) => secret !== ''),
    wrap: (send) => (login === undefined && query.length === 0 ? send : sendingWith(send, login, query)),
  };
}

interface Login {
  readonly user: string;
  readonly password: string;
}

function loginIn({ username, password }: URL): Login | undefined {
  return username === '' && password === '' ? undefined : { user: decoded(username), password: decoded(password) };
}

const sendingWith =
  (send: typeof fetch, login: Login | undefined, query: readonly (readonly [string, string])[]): typeof fetch =>
  (input, init) => {
    const url = new URL(input instanceof Request ? input.url : input);
    for (const [name, value] of query) url.searchParams.append(name, value);
    const headers = new Headers(init?.headers);
    if (login && !headers.has('authorization'))
      headers.set('authorization', `Basic ${Buffer.from(`${login.user}:${login.password}`).toString('base64')}`);
    return send(url, { ...init, headers });
  };

function parsed(text: string): URL | undefined {
  try {
    return new URL(text);
  } catch {
    return undefined;
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // A percent sign that begins no code stands for itself.
  }
}
