/** The options for a NATS server: from the caller, else from the environment variables. */
import { TroupeError } from '../values/failure.ts';
import { requireOptions, type OptionNames } from '../values/options.ts';
import { parseServerUrls } from './serverUrl.ts';
import type { NatsOptions } from './connection.ts';

/** The most servers on which JetStream stores a stream. */
export const maxReplicas = 5;

/** The server, the credentials, and how the shared journal is kept on it. */
export interface NatsSettings extends NatsOptions {
  /** Processes of different tenants share nothing but the server. Default: `default`. */
  readonly tenant?: string;
  /** On how many servers of a cluster each stream of the journal is stored when it is made: 1 to 5. A stream that is there stays as it is. Default: 1. */
  readonly replicas?: number;
  /** Folder in which this machine keeps what it has seen of the journal, so that a server in an older state is noticed. Default: `./.troupe`. */
  readonly folder?: string;
  /** URL of the server's monitor, `http://host:8222`. It is asked whether a power cut could lose acknowledged data. Default: it is not asked. */
  readonly monitor?: string;
  /** `lossy`: the caller accepts that it could, so there is no warning. Default: a warning. */
  readonly durability?: 'lossy';
  /** The server was restored to an older state, and what is not in it is given up: runs that ended since may run again. Default: such a server is refused. */
  readonly acceptRestored?: boolean;
}

/** The options of the caller (`given`), completed from the environment variables `TROUPE_NATS`, `TROUPE_NATS_CREDS`, `TROUPE_NATS_INSECURE=1`, `TROUPE_TENANT`, `TROUPE_NATS_REPLICAS`, `TROUPE_NATS_MONITOR`, `TROUPE_NATS_DURABILITY=lossy` and `TROUPE_NATS_ACCEPT_RESTORED=1`. Credentials of the caller or in the URL replace those of `TROUPE_NATS_CREDS`. Undefined when no server is named. Throws `invalid` for a number of replicas that no server can keep. */
export function natsSettings(
  given: string | Partial<NatsSettings> | undefined,
  env: Readonly<Record<string, string | undefined>>,
): NatsSettings | undefined {
  const options = typeof given === 'string' ? { servers: given } : given;
  requireOptions('The NATS server', options, natsOptionNames);
  const urls = options?.servers ?? (env['TROUPE_NATS'] || undefined);
  if (urls === undefined) return undefined;
  const { servers, ...inUrl } = parseServerUrls(urls);
  const { TROUPE_NATS_CREDS: creds, TROUPE_NATS_INSECURE: insecure, TROUPE_TENANT: tenant } = env;
  const { TROUPE_NATS_MONITOR: monitor, TROUPE_NATS_DURABILITY: durability } = env;
  const { TROUPE_NATS_ACCEPT_RESTORED: acceptRestored, TROUPE_NATS_REPLICAS: written } = env;
  const replicas = options?.replicas ?? (written ? Number(written) : undefined);
  if (replicas !== undefined) requireReplicas(replicas);
  const hasCredentials = [options?.user, options?.token, inUrl.user, inUrl.token].some((given) => given !== undefined);
  return {
    ...(creds && !hasCredentials ? { creds } : {}),
    ...(insecure === '1' ? { insecure: true } : {}),
    ...(tenant ? { tenant } : {}),
    ...(monitor ? { monitor } : {}),
    ...(durability === 'lossy' ? { durability } : {}),
    ...(acceptRestored === '1' ? { acceptRestored: true } : {}),
    ...inUrl,
    ...options,
    ...(replicas === undefined ? {} : { replicas }),
    servers,
  };
}

function requireReplicas(replicas: number): void {
  if (Number.isInteger(replicas) && replicas >= 1 && replicas <= maxReplicas) return;
  throw new TroupeError(
    'invalid',
    `The journal is kept on 1 to ${maxReplicas} servers (--nats-replicas, TROUPE_NATS_REPLICAS, nats: { replicas }); got ${replicas}. Three survive the loss of one.`,
  );
}

const natsOptionNames: OptionNames<NatsSettings> = {
  servers: true,
  name: true,
  user: true,
  password: true,
  token: true,
  creds: true,
  inbox: true,
  tls: true,
  insecure: true,
  timeout: true,
  acceptRestored: true,
  tenant: true,
  replicas: true,
  folder: true,
  monitor: true,
  durability: true,
};
