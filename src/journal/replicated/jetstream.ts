/** The journal that all processes of a tenant share, on a NATS server with JetStream. */
import type { NatsConnection } from '@nats-io/transport-node';
import type { Clock } from '../../values/clock.ts';
import { durabilityFromMonitor } from '../../nats/durability.ts';
import { journalStatus } from './status.ts';
import { shortDigest } from '../chain.ts';
import { sqliteReplica } from './sqliteReplica.ts';
import type { Journal } from '../journal.ts';
import { replicated } from './replicated.ts';
import { jetstreamLog, journalStream } from './streamLog.ts';
import { openReplica } from './replicaFile.ts';

/** How the shared journal of a tenant is opened. */
export interface JetStreamOptions {
  /** Stays open when the journal is closed. */
  readonly connection: NatsConnection;
  readonly clock: Clock;
  /** Default: `default`. */
  readonly tenant?: string;
  /** On how many servers of a cluster each entry is stored (the replicas of NATS; the local copy of a process is a `JournalReplica`). Default: 1. */
  readonly replicas?: number;
  /** Folder of the replica files, so that a start applies only newer entries. Default: the replica is in memory. */
  readonly folder?: string;
  /** URL of the server's monitor, `http://host:8222`. It is asked whether acknowledged data is on disk, and `notice` warns when it is not. Default: it is not asked. */
  readonly monitor?: string;
  /** Says that acknowledged data may be lost in a power cut of the server, so that there is no warning. Default: a warning. */
  readonly durability?: 'lossy';
  /** Entries from one snapshot to the next; the same for all processes of a tenant. Default: 10,000. */
  readonly snapshotEvery?: number;
  /** The server was restored to an older state, and what is not in it is given up. Default: such a server is refused. */
  readonly acceptRestored?: boolean;
  /** Called with a sentence for the operator. Default: nothing. */
  readonly onNotice?: (says: string) => void;
}

/** Opens the journal. Rejects with `environment` when the server has no JetStream. */
export async function jetstream({
  connection,
  clock,
  tenant = 'default',
  replicas = 1,
  folder,
  monitor,
  durability,
  ...rest
}: JetStreamOptions): Promise<Journal> {
  const log = await jetstreamLog({ connection, clock, tenant, replicas });
  const replica =
    folder === undefined
      ? await sqliteReplica(':memory:')
      : await openReplica(folder, fileNameOf(connection, tenant), rest.onNotice);
  const journal = await replicated({ log, replica, clock, ...rest });
  const isLossyWanted = durability === 'lossy';
  if (monitor !== undefined && !isLossyWanted) void warn(connection, monitor, rest.onNotice);
  const stream = journalStream(tenant);
  return {
    ...journal,
    status: () => journalStatus({ connection, clock, stream, log, replica, monitor, isLossyWanted }),
  };
}

async function warn(connection: NatsConnection, monitor: string, notice?: (says: string) => void): Promise<void> {
  const { is, says } = await durabilityFromMonitor(connection, monitor);
  if (is === 'lossy') notice?.(`The shared journal is lossy: ${says}`);
}

/** The file name's part for this server or cluster. It does not depend on the stream: so a stream that was created again is opened with the old file, and noticed. */
const fileNameOf = (connection: NatsConnection, tenant: string): string =>
  `${tenant}-${shortDigest(connection.info?.cluster ?? connection.getServer())
    .replaceAll(/[^A-Za-z0-9]/g, '')
    .slice(0, 8)}`;
