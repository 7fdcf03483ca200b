/** Where a server may send our messages to. */

/** Whether an address that a server names for its messages may be sent what its base address is sent. */
export function mayFollow(base: URL, endpoint: URL): boolean {
  if (endpoint.origin === base.origin) return true;
  const isSameHost = endpoint.hostname === base.hostname || (isLoopback(endpoint) && isLoopback(base));
  // Behind a proxy a server knows another port or scheme of itself; but nothing is sent in clear that was not before.
  return isSameHost && (endpoint.protocol === 'https:' || (endpoint.protocol === 'http:' && base.protocol === 'http:'));
}

const isLoopback = ({ hostname }: URL): boolean => ['localhost', '127.0.0.1', '[::1]'].includes(hostname);
