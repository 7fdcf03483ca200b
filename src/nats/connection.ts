/** The connection to a NATS server: made once, re-established whenever it breaks, and refused when the server is too old or not safe to talk to. */
import type { NatsConnection, NodeConnectionOptions } from '@nats-io/transport-node';
import { connect, createInbox, loadNatsClient } from './client.ts';
import { reasonOf } from '../values/cause.ts';
import { TroupeError } from '../values/failure.ts';
import { parseServerUrls } from './serverUrl.ts';
import { readCredentials } from './credentials.ts';
import { isLoopback, requireCredentials } from './tlsPolicy.ts';
import { corkWrites } from './corkWrites.ts';
import { guardSocketErrors } from './socketErrorGuard.ts';
import { eachSocket } from './sockets.ts';

/** Which server, and with what credentials. */
export interface NatsOptions {
  /** `nats://host:port`: one server, or several of one cluster. `nats://user:password@host:port` also gives `user` and `password`. */
  readonly servers: string | readonly string[];
  /** The name of this connection in the server's monitor. Default: `troupe`. */
  readonly name?: string;
  /** The name of a NATS user; none by default, like all credentials. */
  readonly user?: string;
  /** The password of `user`. */
  readonly password?: string;
  /** A secret that the server accepts instead of user and password. */
  readonly token?: string;
  /** The path of a file with credentials: one that `troupe nats-config` wrote, or a `.creds` file. */
  readonly creds?: string;
  /** The subject prefix under which answers to this process arrive. Default: what the credentials say, else `_INBOX`. */
  readonly inbox?: string;
  /** The files with certificates for TLS. */
  readonly tls?: {
    /** Path of the certificate of the authority that signed the server's; default the system's authorities. */
    readonly ca?: string;
    /** Path of this client's own certificate; none by default. */
    readonly cert?: string;
    /** Path of the private key of that certificate; none by default. */
    readonly key?: string;
  };
  /** Allow a server on another machine without credentials and without TLS. Default: false. */
  readonly insecure?: boolean;
  /** Milliseconds to wait for the first connection. Default: 5,000. */
  readonly timeout?: number;
}

/** The oldest version that has `sync_interval`; servers before it may lose acknowledged data. */
const oldest = [2, 10] as const;

/**
 * Connects to a server. Rejects with `environment` when no server answers or it is too old, with `auth` when it does not accept the credentials, and with
 * `invalid` when it is on another machine and there are no credentials. A server on another machine must have TLS: nothing is sent to it before the handshake.
 */
export async function connectNats(options: NatsOptions): Promise<NatsConnection> {
  const { servers: urls, ...inUrl } = parseServerUrls(options.servers);
  const {
    name = 'troupe',
    user,
    password: pass,
    token,
    creds,
    tls,
    insecure,
    timeout = 5_000,
  } = { ...inUrl, ...options };
  const servers = [...urls];
  const shown = servers.join(', ');
  const isExposed = insecure !== true && !servers.every(isLoopback);
  if (isExposed)
    requireCredentials(
      servers,
      [user, token, creds, tls?.cert].some((given) => given !== undefined),
    );
  await loadNatsClient();
  const { authenticator, inbox } = creds === undefined ? {} : await readCredentials(creds);
  const inboxPrefix = options.inbox ?? inbox;
  const given: NodeConnectionOptions = {
    servers,
    name,
    timeout,
    maxReconnectAttempts: -1,
    reconnectTimeWait: 250,
    reconnectJitter: 250,
    ignoreAuthErrorAbort: true,
    noAsyncTraces: true,
    ...(user === undefined ? {} : { user }),
    ...(pass === undefined ? {} : { pass }),
    ...(token === undefined ? {} : { token }),
    ...(authenticator === undefined ? {} : { authenticator }),
    ...(inboxPrefix === undefined ? {} : { inboxPrefix }),
    ...(tls === undefined && !isExposed
      ? {}
      : {
          tls: {
            ...(tls?.ca === undefined ? {} : { caFile: tls.ca }),
            ...(tls?.cert === undefined ? {} : { certFile: tls.cert }),
            ...(tls?.key === undefined ? {} : { keyFile: tls.key }),
          },
        }),
  };
  const connection = await connect(given).catch(async (cause: unknown) => {
    throw connectionError(shown, (await limitRefusal(given, cause)) ?? cause);
  });
  eachSocket(connection, (socket) => {
    guardSocketErrors(socket);
    corkWrites(socket);
  });
  const version = connection.info?.version ?? '0';
  if (isOlder(version)) {
    await connection.close();
    throw new TroupeError(
      'environment',
      `The NATS server at ${shown} is ${version}; a troupe needs ${oldest.join('.')} or later, because older ones may lose what they acknowledged. Update it.`,
      { data: { version } },
    );
  }
  return connection;
}

/** Bytes for headers: the server's limit covers headers and body. */
const headroom = 4_096;

/** The most bytes that the headers and the body of one message may have now: the server may be told another limit while it runs. */
export const maxPayload = (connection: NatsConnection): number => connection.info?.max_payload ?? 1_048_576;

/** The most bytes that the body of one message may have. */
export const maxBodyBytes = (connection: NatsConnection): number => maxPayload(connection) - headroom;

/** A new subject for answers, to which this connection may subscribe. */
export const newInbox = (connection: NatsConnection): string =>
  // The options are public at run time, and not in the interface.
  createInbox((connection as { options?: NodeConnectionOptions }).options?.inboxPrefix);

function isOlder(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major < oldest[0] || (major === oldest[0] && minor < oldest[1]);
}

const isLimitRefusal = (reason: string): boolean => /maximum (account active )?connections exceeded/i.test(reason);

/** An attempt that is refused takes some milliseconds, and about every second one ends without the server's words. */
const limitAttempts = 20;

/**
 * A client that connects again and again tells only that its time is over. A single attempt tells when the server takes no more connections; the server
 * closes such a connection at once, so an attempt may also end without its words.
 */
async function limitRefusal(given: NodeConnectionOptions, thrown: unknown): Promise<unknown> {
  if (!(thrown instanceof Error) || thrown.name !== 'TimeoutError') return undefined;
  for (let attempt = 0; attempt < limitAttempts; attempt++) {
    const cause: unknown = await connect({ ...given, reconnect: false, timeout: 1_000 }).then(
      (late) => late.close(),
      (refused: unknown) => refused,
    );
    if (isLimitRefusal(reasonOf(cause))) return cause;
    // Nobody listens, or whoever does says nothing: another attempt tells no more.
    if (cause === undefined || (cause instanceof Error && cause.name === 'TimeoutError')) return undefined;
  }
  return undefined;
}

function connectionError(shown: string, cause: unknown): TroupeError {
  // The client's words for a connection that was closed without an error.
  const reason = reasonOf(cause).replace(
    /^.*an undefined error$/,
    'the connection was closed before a server had answered',
  );
  if (/does not support 'tls'/.test(reason))
    return new TroupeError(
      'environment',
      `The NATS server at ${shown} has no TLS, and it is on another machine: anybody on the network could read and change what is sent. Give it a certificate ("troupe nats-config --tls CERT,KEY"), or say that nobody else is on that network: insecure: true, or TROUPE_NATS_INSECURE=1.`,
      { cause },
    );
  if (/certificate|altnames|signature/i.test(reason))
    return new TroupeError(
      'environment',
      `The NATS server at ${shown} shows a certificate that is not good here: ${reason}. Name the authority that signed it (NODE_EXTRA_CA_CERTS, or tls.ca), and the server by the name it stands for.`,
      { cause },
    );
  if (isLimitRefusal(reason))
    return new TroupeError(
      'environment',
      `The NATS server at ${shown} takes no more connections (${reason}). Close some, or raise the limit: of the tenant with "troupe nats-config --max-connections", of the server with max_connections.`,
      { cause, retryable: true },
    );
  return /authoriz|authenticat|credential/i.test(`${cause instanceof Error ? cause.name : ''} ${reason}`)
    ? new TroupeError(
        'auth',
        `The NATS server at ${shown} did not accept our credentials: ${reason}. Check the credentials (--nats-creds), or user, password and token.`,
        { cause },
      )
    : new TroupeError(
        'environment',
        `No NATS server answers at ${shown}: ${reason}. Start one (nats-server -js), or correct the address.`,
        { cause },
      );
}
