/** Decides whether a request may go to an address. */
import { TroupeError } from '../values/failure.ts';
import type { AllowList } from './allowList.ts';
import { familyOf, nonPublicRange } from './ranges.ts';
import type { Destination } from './destination.ts';

const lowestFreePort = 1_024;
const webPorts = [80, 443];

/** Throws `denied` unless the destination may be reached at all of these addresses: each is public or allowed, and the port is not that of another protocol. */
export function requireReachable(destination: Destination, addresses: readonly string[], allow: AllowList): void {
  const { host, port } = destination;
  const bracketed = familyOf(host) === 'ipv6' ? `[${host}]` : host;
  if (allow.hasHost(bracketed, port)) return;
  for (const address of addresses) {
    if (allow.hasAddress(address, port)) continue;
    const range = nonPublicRange(address);
    if (range !== undefined)
      throw deniedError(
        destination,
        host === address ? `${host} is ${range}` : `${host} leads to ${address}, ${range}`,
      );
    if (port < lowestFreePort && !webPorts.includes(port))
      throw deniedError(destination, `port ${port} belongs to another protocol than HTTP`);
  }
}

const deniedError = ({ shown, url: { host } }: Destination, why: string) =>
  new TroupeError(
    'denied',
    `A request to ${shown} was denied: ${why}. If it is meant, add "${host}" to the list of allowed addresses.`,
  );
