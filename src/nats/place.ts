/** Where a troupe's server is, who we are to it, and whose troupe it is: from what was said, else from the surroundings. */
import { addressed } from './address.ts';
import type { NatsOptions } from './connection.ts';

export interface NatsPlace extends NatsOptions {
  /** Troupes of different tenants do not hear each other; `default` unless told otherwise. */
  readonly tenant?: string;
  /** On how many servers of a cluster the journal is kept; 1 unless told otherwise. */
  readonly replicas?: number;
  /** Folder for what this machine has read of the journal, so that a start reads only what came since; `./.troupe` unless told otherwise. */
  readonly folder?: string;
  /** Address of the server's monitor, `http://host:8222`: asked whether a power cut could lose what is acknowledged. */
  readonly monitor?: string;
  /** `lossy`: it is known that it could, and no warning is wanted. */
  readonly durability?: 'lossy';
}

/** What is said goes before `TROUPE_NATS`, `TROUPE_NATS_CREDS`, `TROUPE_NATS_INSECURE=1`, `TROUPE_TENANT`, `TROUPE_NATS_MONITOR` and `TROUPE_NATS_DURABILITY=lossy`. Undefined when no server is named. */
export function natsPlace(
  given: string | Partial<NatsPlace> | undefined,
  env: Readonly<Record<string, string | undefined>>,
): NatsPlace | undefined {
  const said = typeof given === 'string' ? { servers: given } : given;
  const named = said?.servers ?? (env['TROUPE_NATS'] || undefined);
  if (named === undefined) return undefined;
  const { servers, ...who } = addressed(named);
  const { TROUPE_NATS_CREDS: creds, TROUPE_NATS_INSECURE: insecure, TROUPE_TENANT: tenant } = env;
  const { TROUPE_NATS_MONITOR: monitor, TROUPE_NATS_DURABILITY: durability } = env;
  const isNamed = [said?.user, said?.token, who.user, who.token].some((given) => given !== undefined);
  return {
    ...(creds && !isNamed ? { creds } : {}),
    ...(insecure === '1' ? { insecure: true } : {}),
    ...(tenant ? { tenant } : {}),
    ...(monitor ? { monitor } : {}),
    ...(durability === 'lossy' ? { durability } : {}),
    ...who,
    ...said,
    servers,
  };
}
