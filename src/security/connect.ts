/** Opens the connection of one request: to addresses that were checked, and checked again once it stands. */
import { lookup as systemLookup } from 'node:dns/promises';
import { once } from 'node:events';
import { connect as tcpConnect, type LookupFunction, type Socket, type TcpNetConnectOpts } from 'node:net';
import { TroupeError } from '../values/failure.ts';
import type { AllowList } from './allowList.ts';
import { requireReachable } from './policy.ts';
import { familyOf } from './ranges.ts';
import type { Destination } from './destination.ts';

/** How names become addresses, and addresses connections. */
export interface Network {
  /** All addresses of a host. */
  lookup(host: string): Promise<readonly string[]>;
  /** Opens a connection. */
  connect(options: TcpNetConnectOpts): Socket;
  /** Certificates of authorities that are trusted instead of the usual ones, as PEM. */
  readonly authorities: string | readonly string[] | undefined;
}

/** The network of this machine. */
export const systemNetwork: Network = {
  lookup: async (host) => (await systemLookup(host, { all: true })).map(({ address }) => address),
  connect: (options) => tcpConnect(options),
  authorities: undefined,
};

/** A connection over which nothing was sent yet. Its host is looked up once: the addresses that were checked are those that are connected to. */
export async function connectTo(
  destination: Destination,
  allow: AllowList,
  network: Network,
  signal: AbortSignal,
): Promise<Socket> {
  const addresses = await addressesOf(destination, network, signal);
  requireReachable(destination, addresses, allow);
  const { host, port } = destination;
  const socket = network.connect({ host, port, lookup: fixedLookup(addresses) });
  // An error is told by what waits for the socket. Between two waits it would end the process.
  socket.on('error', () => {});
  try {
    await once(socket, 'connect', { signal });
    requireReachable(destination, [socket.remoteAddress ?? ''], allow);
    return destination.isEncrypted ? await encrypted(socket, destination, network, signal) : socket;
  } catch (thrown) {
    socket.destroy();
    throw thrown;
  }
}

/** The addresses of the destination: its own, if it is one. */
async function addressesOf(
  { host, shown }: Destination,
  network: Network,
  signal: AbortSignal,
): Promise<readonly string[]> {
  if (familyOf(host) !== undefined) return [host];
  const addresses = await untilStopped(network.lookup(host), signal);
  if (addresses.length === 0)
    throw new TroupeError('environment', `${shown} cannot be reached: its host has no address.`);
  return addresses;
}

/** A look-up goes on when it is stopped; its answer is dropped. */
function untilStopped<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason as Error);
    signal.addEventListener('abort', stop, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}

/** Gives the addresses that were checked, whatever is asked. */
const fixedLookup =
  (addresses: readonly string[]): LookupFunction =>
  (_host, { all }, done) => {
    const found = addresses.map((address) => ({ address, family: familyOf(address) === 'ipv6' ? 6 : 4 }));
    const [first] = found;
    if (all === true || first === undefined) done(null, found);
    else done(null, first.address, first.family);
  };

async function encrypted(
  socket: Socket,
  { host }: Destination,
  { authorities }: Network,
  signal: AbortSignal,
): Promise<Socket> {
  const isName = familyOf(host) === undefined;
  // Not imported: many processes ask for nothing, and this module is one of the largest of Node.
  const { connect } = process.getBuiltinModule('node:tls');
  const secure = connect({
    socket,
    host,
    ALPNProtocols: ['http/1.1'],
    ...(isName ? { servername: host } : {}),
    ...(authorities === undefined ? {} : { ca: typeof authorities === 'string' ? authorities : [...authorities] }),
  });
  secure.on('error', () => {});
  await once(secure, 'secureConnect', { signal });
  return secure;
}
