/** The connection to the bus: made once, kept for ever, refused when the server cannot do what a troupe needs. */
import { connect, type NatsConnection, type NodeConnectionOptions } from '@nats-io/transport-node';
import { reasonOf } from '../contracts/cause.ts';
import { TroupeError } from '../contracts/failure.ts';

export interface NatsOptions {
  /** `nats://host:port`, one or more of one cluster. */
  readonly servers: string | readonly string[];
  /** How this process calls itself to the server. */
  readonly name?: string;
  readonly user?: string;
  readonly password?: string;
  readonly token?: string;
  /** Paths of files: the authority that signed the server's certificate, and this client's own. */
  readonly tls?: { readonly ca?: string; readonly cert?: string; readonly key?: string };
  /** Milliseconds to wait for the server at the start; 5,000 unless told otherwise. */
  readonly patience?: number;
}

/** Older servers know no `sync_interval`, and lose what they acknowledged. */
const oldest = [2, 10] as const;

/** Rejects with `environment` when no server answers or it is too old, with `auth` when it does not let us in. */
export async function dial(options: NatsOptions): Promise<NatsConnection> {
  const { servers, name = 'troupe', user, password: pass, token, tls, patience: timeout = 5_000 } = options;
  const place = [servers].flat().join(', ');
  const given: NodeConnectionOptions = {
    servers: [servers].flat() as string[],
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
    ...(tls === undefined
      ? {}
      : {
          tls: {
            ...(tls.ca === undefined ? {} : { caFile: tls.ca }),
            ...(tls.cert === undefined ? {} : { certFile: tls.cert }),
            ...(tls.key === undefined ? {} : { keyFile: tls.key }),
          },
        }),
  };
  const connection = await connect(given).catch((cause: unknown) => {
    throw refused(place, cause);
  });
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

function isOlder(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major < oldest[0] || (major === oldest[0] && minor < oldest[1]);
}

function refused(place: string, cause: unknown): TroupeError {
  const reason = reasonOf(cause as Error);
  return /authoriz|authenticat|credential/i.test(`${(cause as Error).name} ${reason}`)
    ? new TroupeError(
        'auth',
        `The NATS server at ${place} did not let us in: ${reason}. Check user, password or token.`,
        {
          cause,
        },
      )
    : new TroupeError(
        'environment',
        `No NATS server answers at ${place}: ${reason}. Start one (nats-server -js), or correct the address.`,
        { cause },
      );
}
