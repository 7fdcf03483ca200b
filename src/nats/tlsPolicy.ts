/** The policy for servers on other machines: they need credentials and TLS, unless the caller allows otherwise. */
import { TroupeError } from '../values/failure.ts';

/** Is the server on this machine? Takes a host or a URL, with or without `nats://` and a port. */
export function isLoopback(server: string): boolean {
  const address = server.replace(/^[a-z]+:\/\//, '').replace(/^.*@/, '');
  const host = address.startsWith('[') ? address.slice(1, address.indexOf(']')) : address.replace(/:\d*$/, '');
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}

/** Throws `invalid` for a server on another machine when there are no credentials (`hasCredentials` is false). */
export function requireCredentials(servers: readonly string[], hasCredentials: boolean): void {
  const remote = servers.find((server) => !isLoopback(server));
  if (remote === undefined || hasCredentials) return;
  throw new TroupeError(
    'invalid',
    `The NATS server ${remote} is on another machine, and there are no credentials for it. Give some (--nats-creds FILE or TROUPE_NATS_CREDS; "troupe nats-config" makes them), or say that nobody else is on that network: insecure: true, or TROUPE_NATS_INSECURE=1.`,
  );
}
