/** The options for a NATS server: from the caller, else from the environment variables. */
import { parseServerUrls } from './serverUrl.ts';
import type { NatsOptions } from './connection.ts';

/** The server, the credentials, and how the shared journal is kept on it. */
export interface NatsSettings extends NatsOptions {
  /** Processes of different tenants share nothing but the server. Default: `default`. */
  readonly tenant?: string;
  /** On how many servers of a cluster the journal is stored. Default: 1. */
  readonly replicas?: number;
  /** Folder of this machine's replicas of the journal, so that a start reads only newer entries. Default: `./.troupe`. */
  readonly folder?: string;
  /** URL of the server's monitor, `http://host:8222`. It is asked whether a power cut could lose acknowledged data. Default: it is not asked. */
  readonly monitor?: string;
  /** `lossy`: the caller accepts that it could, so there is no warning. Default: a warning. */
  readonly durability?: 'lossy';
  /** The server was restored to an older state, and what is not in it is given up: runs that ended since may run again. Default: such a server is refused. */
  readonly acceptRestored?: boolean;
}

/** The options of the caller (`given`), completed from the environment variables `TROUPE_NATS`, `TROUPE_NATS_CREDS`, `TROUPE_NATS_INSECURE=1`, `TROUPE_TENANT`, `TROUPE_NATS_MONITOR`, `TROUPE_NATS_DURABILITY=lossy` and `TROUPE_NATS_ACCEPT_RESTORED=1`. Credentials of the caller or in the URL replace those of `TROUPE_NATS_CREDS`. Undefined when no server is named. */
export function natsSettings(
  given: string | Partial<NatsSettings> | undefined,
  env: Readonly<Record<string, string | undefined>>,
): NatsSettings | undefined {
  const options = typeof given === 'string' ? { servers: given } : given;
  const urls = options?.servers ?? (env['TROUPE_NATS'] || undefined);
  if (urls === undefined) return undefined;
  const { servers, ...inUrl } = parseServerUrls(urls);
  const { TROUPE_NATS_CREDS: creds, TROUPE_NATS_INSECURE: insecure, TROUPE_TENANT: tenant } = env;
  const { TROUPE_NATS_MONITOR: monitor, TROUPE_NATS_DURABILITY: durability } = env;
  const { TROUPE_NATS_ACCEPT_RESTORED: acceptRestored } = env;
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
    servers,
  };
}
