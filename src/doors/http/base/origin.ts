/** Which web pages may use the door: none but those of allowed origins. Any page that a person opens can send requests to a port of this machine. */
import { HttpRefusal } from './refusal.ts';

/** The headers that let an allowed page read the answer; empty without a page. Throws a refusal for a page of another origin. */
export function allowedOrigin(headers: Headers, allowed: ReadonlySet<string>): Readonly<Record<string, string>> {
  const origin = headers.get('origin');
  if (origin === null) {
    const site = headers.get('sec-fetch-site');
    if (site === 'cross-site' || site === 'same-site') throw strangePage('another site');
    return {};
  }
  if (allowed.has(origin))
    return {
      'access-control-allow-origin': origin,
      'access-control-expose-headers': 'x-request-id, retry-after, idempotent-replayed',
      vary: 'Origin',
    };
  if (headers.get('sec-fetch-site') === 'same-origin' || hostOf(origin) === headers.get('host')) return {};
  throw strangePage(JSON.stringify(origin.slice(0, 200)));
}

/** The answer to a browser that asks before it sends the request itself. */
export const preflightHeaders = (methods: string): Readonly<Record<string, string>> => ({
  'access-control-allow-methods': methods,
  'access-control-allow-headers': 'authorization, content-type, idempotency-key, x-request-id',
  'access-control-max-age': '600',
});

/** Throws a refusal for a name that leads to this machine only because somebody's DNS says so. `hosts`: the names that are meant. */
export function checkHost(headers: Headers, hosts: ReadonlySet<string> | undefined): void {
  const host = headers.get('host');
  if (hosts === undefined || host === null) return;
  if (!hosts.has(host.replace(/:\d+$/, '').toLowerCase()))
    throw new HttpRefusal(
      421,
      'denied',
      `This server does not answer for the host ${JSON.stringify(host.slice(0, 200))}. Use localhost, or start it with a token.`,
    );
}

/** The names of this machine for itself. */
export const loopbackHosts: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]', '::1']);

const hostOf = (origin: string): string | undefined => (URL.canParse(origin) ? new URL(origin).host : undefined);

const strangePage = (from: string) =>
  new HttpRefusal(403, 'denied', `Pages of ${from} may not use this server. Add the origin to the allowed ones.`);
