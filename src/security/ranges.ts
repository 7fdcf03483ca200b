/** Which addresses are not on the public internet, and what they are instead. */
import { BlockList, isIP } from 'node:net';

/** IPv4 networks that a request may not reach, by what they are. */
const ipv4: Readonly<Record<string, readonly string[]>> = {
  'an unspecified address': ['0.0.0.0/8'],
  'a loopback address': ['127.0.0.0/8'],
  'a private address': ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16'],
  'an address of a shared network (CGNAT)': ['100.64.0.0/10'],
  // Also the metadata service of most clouds, 169.254.169.254.
  'a link-local address': ['169.254.0.0/16'],
  // The host of a virtual machine at Azure: public by its number, and answered by the host.
  'an address of a metadata service': ['168.63.129.16/32'],
  'an address of a special protocol': ['192.0.0.0/24', '192.88.99.0/24'],
  'an address for documentation': ['192.0.2.0/24', '198.51.100.0/24', '203.0.113.0/24'],
  'an address for benchmarks': ['198.18.0.0/15'],
  'a multicast address': ['224.0.0.0/4'],
  'a reserved address': ['240.0.0.0/4'],
};

/** The same of IPv6. What is in none of them and not in `globalUnicast` is reserved. */
const ipv6: Readonly<Record<string, readonly string[]>> = {
  'an unspecified address': ['::/128'],
  'a loopback address': ['::1/128'],
  // These carry an IPv4 address, which a gateway or the system itself would reach.
  'an IPv4 address in IPv6 form': ['::/96', '::ffff:0:0/96', '::ffff:0:0:0/96'],
  'an address of NAT64': ['64:ff9b::/96', '64:ff9b:1::/48'],
  'an address of 6to4': ['2002::/16'],
  // Also Teredo, 2001::/32, and the benchmark range, 2001:2::/48.
  'an address of a special protocol': ['2001::/23'],
  'an address for documentation': ['2001:db8::/32', '3fff::/20'],
  'a private address': ['fc00::/7'],
  'a link-local address': ['fe80::/10', 'fec0::/10'],
  'a multicast address': ['ff00::/8'],
};

const globalUnicast = listOf(['2000::/3'], 'ipv6');
const ranges = [...namedLists(ipv4, 'ipv4'), ...namedLists(ipv6, 'ipv6')];

/** What an address is that is not on the public internet, such as `a loopback address`; undefined for a public one. Text that is no address is not public. */
export function nonPublicRange(address: string): string | undefined {
  const family = familyOf(address);
  if (family === undefined) return 'no address';
  const found = ranges.find((range) => range.family === family && range.list.check(address, family));
  if (found) return found.name;
  return family === 'ipv6' && !globalUnicast.check(address, 'ipv6') ? 'a reserved address' : undefined;
}

/** The family of an address; undefined for anything else, and for an address with a zone, which names an interface of this machine. */
export function familyOf(address: string): 'ipv4' | 'ipv6' | undefined {
  const version = address.includes('%') ? 0 : isIP(address);
  return version === 4 ? 'ipv4' : version === 6 ? 'ipv6' : undefined;
}

function namedLists(networks: Readonly<Record<string, readonly string[]>>, family: 'ipv4' | 'ipv6') {
  return Object.entries(networks).map(([name, all]) => ({ name, family, list: listOf(all, family) }));
}

function listOf(networks: readonly string[], family: 'ipv4' | 'ipv6'): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [address = '', length] = network.split('/');
    list.addSubnet(address, Number(length), family);
  }
  return list;
}
