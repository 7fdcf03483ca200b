/** What requests may reach although it is not public: the hosts, addresses and networks that a user has listed. */
import { BlockList } from 'node:net';
import { TroupeError } from '../values/failure.ts';
import { familyOf } from './ranges.ts';

/** The list, ready to be asked. */
export interface AllowList {
  /** Is this host listed, on this port? Its addresses are then not looked at. */
  hasHost(host: string, port: number): boolean;
  /** Is this address listed, or in a listed network, on this port? */
  hasAddress(address: string, port: number): boolean;
}

/**
 * Reads entries such as `localhost`, `build.internal:8080`, `127.0.0.1:6163`, `[::1]:80`, `fd00::1` and `10.0.0.0/8`. An entry without a port allows all ports.
 * Throws `definition` for an entry that is none of these.
 */
export function allowList(entries: readonly string[]): AllowList {
  const networks = new BlockList();
  const hosts = new Set<string>();
  for (const entry of entries) {
    if (typeof entry !== 'string') throw entryError(String(entry));
    if (entry.includes('/')) addNetwork(networks, entry);
    else hosts.add(hostEntry(entry));
  }
  const isListed = (host: string, port: number) => hosts.has(host) || hosts.has(`${host}:${port}`);
  return {
    hasHost: isListed,
    hasAddress(address, port) {
      const family = familyOf(address);
      if (family === undefined) return false;
      return isListed(hostName(family === 'ipv6' ? `[${address}]` : address), port) || networks.check(address, family);
    },
  };
}

/** A host in the one form in which hosts are compared: as in a URL, without the dot at its end. */
export function hostName(host: string): string {
  const { hostname } = new URL(`http://${host}`);
  return hostname.replace(/\.$/, '');
}

function addNetwork(networks: BlockList, entry: string): void {
  const [address = '', length = '', ...rest] = entry.split('/');
  const family = familyOf(address);
  const longest = family === 'ipv4' ? 32 : 128;
  if (family === undefined || rest.length > 0 || !/^\d{1,3}$/.test(length) || Number(length) > longest)
    throw entryError(entry);
  networks.addSubnet(address, Number(length), family);
}

/** `host` or `host:port`. */
function hostEntry(entry: string): string {
  if (familyOf(entry) === 'ipv6') return hostName(`[${entry}]`);
  const [, host, port] = /^(\[[\da-f:.]+\]|[^\s:/?#@*[\]\\]+)(?::(\d{1,5}))?$/i.exec(entry) ?? [];
  if (host === undefined || Number(port ?? 0) > 65_535) throw entryError(entry);
  try {
    return port === undefined ? hostName(host) : `${hostName(host)}:${Number(port)}`;
  } catch {
    throw entryError(entry);
  }
}

const entryError = (entry: string) =>
  new TroupeError(
    'definition',
    `"${entry}" cannot be an entry of the list of allowed addresses. Write a host, an address or a network: "localhost", "127.0.0.1:8080", "[::1]:8080", "10.0.0.0/8".`,
  );
