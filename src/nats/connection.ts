/** The connection to the bus: made once, kept for ever, refused when the server cannot do what a troupe needs. */
import { connect, createInbox, type NatsConnection, type NodeConnectionOptions } from '@nats-io/transport-node';
import { reasonOf } from '../contracts/cause.ts';
import { TroupeError } from '../contracts/failure.ts';
import { addressed } from './address.ts';
import { credentialsIn } from './credentials.ts';
import { isLoopback, requireName } from './exposure.ts';
import { hearLastError } from './lastError.ts';

export interface NatsOptions {
  /** `nats://host:port`, one or more of one cluster; `nats://user:password@host:port` names us as `user` and `password` do. */
  readonly servers: string | readonly string[];
  /** How this process calls itself to the server. */
  readonly name?: string;
  readonly user?: string;
  readonly password?: string;
  readonly token?: string;
  /** Path of a file with credentials: one that `troupe nats-config` wrote, or a `.creds` file. */
  readonly creds?: string;
  /** Under what subject answers to this process arrive; what the credentials say unless told otherwise. */
  readonly inbox?: string;
  /** Paths of files: the authority that signed the server's certificate, and this client's own. */
  readonly tls?: { readonly ca?: string; readonly cert?: string; readonly key?: string };
  /** Speak to a server on another machine without credentials, and without TLS where it has none. */
  readonly insecure?: boolean;
  /** Milliseconds to wait for the server at the start; 5,000 unless told otherwise. */
  readonly patience?: number;
}

/** Older servers know no `sync_interval`, and lose what they acknowledged. */
const oldest = [2, 10] as const;

/**
 * Rejects with `environment` when no server answers or it is too old, with `auth` when it does not let us in, with `invalid` when it is on another
 * machine and nothing says who we are. Such a server must have TLS: nothing is said to it before that.
 */
export async function dial(options: NatsOptions): Promise<NatsConnection> {
  const { servers: places, ...said } = addressed(options.servers);
  const {
    name = 'troupe',
    user,
    password: pass,
    token,
    creds,
    tls,
    insecure,
    patience: timeout = 5_000,
  } = { ...said, ...options };
  const servers = [...places];
  const place = servers.join(', ');
  const isExposed = insecure !== true && !servers.every(isLoopback);
  if (isExposed)
    requireName(
      servers,
      [user, token, creds, tls?.cert].some((given) => given !== undefined),
    );
  const { authenticator, inbox } = creds === undefined ? {} : await credentialsIn(creds);
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
  const connection = await connect(given).catch((cause: unknown) => {
    throw refused(place, cause);
  });
  hearLastError(connection);
  const version = connection.info?.version ?? '0';
  if (isOlder(version)) {
    await connection.close();
    throw new TroupeError(
      'environment',
      `The NATS server at ${place} is ${version}; a troupe needs ${oldest.join('.')} or later, because older ones may lose what they acknowledged. Update it.`,
      { data: { version } },
    );
  }
  return connection;
}

/** For headers, in what the server calls its largest payload. */
const headroom = 4_096;

/** Bytes that the body of one message may have. */
export const roomIn = (connection: NatsConnection): number => (connection.info?.max_payload ?? 1_048_576) - headroom;

/** A subject for answers, at which this connection may listen. */
export const ownInbox = (connection: NatsConnection): string =>
  // Its options are public, and not in its interface.
  createInbox((connection as { options?: NodeConnectionOptions }).options?.inboxPrefix);

function isOlder(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major < oldest[0] || (major === oldest[0] && minor < oldest[1]);
}

function refused(place: string, cause: unknown): TroupeError {
  const reason = reasonOf(cause as Error);
  if (/does not support 'tls'/.test(reason))
    return new TroupeError(
      'environment',
      `The NATS server at ${place} has no TLS, and it is on another machine: whoever is on the way could read and change what is said. Give it a certificate ("troupe nats-config --tls CERT,KEY"), or say that nobody else is on that network: insecure: true, or TROUPE_NATS_INSECURE=1.`,
      { cause },
    );
  if (/certificate|altnames|signature/i.test(reason))
    return new TroupeError(
      'environment',
      `The NATS server at ${place} shows a certificate that is not good here: ${reason}. Name the authority that signed it (NODE_EXTRA_CA_CERTS, or tls.ca), and the server by the name it stands for.`,
      { cause },
    );
  return /authoriz|authenticat|credential/i.test(`${(cause as Error).name} ${reason}`)
    ? new TroupeError(
        'auth',
        `The NATS server at ${place} did not let us in: ${reason}. Check the credentials (--nats-creds), or user, password and token.`,
        { cause },
      )
    : new TroupeError(
        'environment',
        `No NATS server answers at ${place}: ${reason}. Start one (nats-server -js), or correct the address.`,
        { cause },
      );
}
