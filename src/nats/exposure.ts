/** A server that is not on this machine is spoken to by name and in secret, or not at all, unless somebody says otherwise. */
import { TroupeError } from '../contracts/failure.ts';

/** Of an address of a server, with or without `nats://` and a port. */
export function isLoopback(server: string): boolean {
  const place = server.replace(/^[a-z]+:\/\//, '').replace(/^.*@/, '');
  const host = place.startsWith('[') ? place.slice(1, place.indexOf(']')) : place.replace(/:\d*$/, '');
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}

/** Throws `invalid` when a server elsewhere would be spoken to by somebody without a name. */
export function requireName(servers: readonly string[], isNamed: boolean): void {
  const away = servers.find((server) => !isLoopback(server));
  if (away === undefined || isNamed) return;
  throw new TroupeError(
    'invalid',
    `The NATS server ${away} is on another machine, and nothing says who we are to it. Give credentials (--nats-creds FILE or TROUPE_NATS_CREDS; "troupe nats-config" makes them), or say that nobody else is on that network: insecure: true, or TROUPE_NATS_INSECURE=1.`,
  );
}
