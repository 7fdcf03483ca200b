/** The journal that all processes of a tenant share, on a NATS server with JetStream. */
import type { NatsConnection } from '@nats-io/transport-node';
import type { Clock } from '../contracts/clock.ts';
import { askMonitor } from '../nats/durability.ts';
import { about } from './about.ts';
import { short } from './chain.ts';
import { fileView } from './fileView.ts';
import type { Journal } from './journal.ts';
import { replicated } from './replicated.ts';
import { streamLog, streamOf } from './streamLog.ts';
import { viewIn } from './viewFile.ts';

export interface JetStreamOptions {
  readonly connection: NatsConnection;
  readonly clock: Clock;
  readonly tenant?: string;
  /** On how many servers of a cluster each entry is kept; 1 unless told otherwise. */
  readonly replicas?: number;
  /** Folder for what this machine has played, so that a start plays only what came since; in memory unless given. */
  readonly folder?: string;
  /** Address of the server's monitor, `http://host:8222`: it is asked whether what is acknowledged is on disk, and a warning says so when it is not. */
  readonly monitor?: string;
  /** It is known that a power cut of the server may lose what it has acknowledged: no warning. */
  readonly durability?: 'lossy';
  /** Entries from one snapshot to the next; the same for all processes of a tenant. */
  readonly every?: number;
  /** Says what a person should know, in a sentence. */
  readonly notice?: (says: string) => void;
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
  ...more
}: JetStreamOptions): Promise<Journal> {
  const log = await streamLog({ connection, clock, tenant, replicas });
  const view = folder === undefined ? await fileView(':memory:') : await viewIn(folder, nameOf(connection, tenant));
  const journal = await replicated({ log, view, clock, ...more });
  const isLossyWanted = durability === 'lossy';
  if (monitor !== undefined && !isLossyWanted) void warn(connection, monitor, more.notice);
  const stream = streamOf(tenant);
  return { ...journal, about: () => about({ connection, clock, stream, log, view, monitor, isLossyWanted }) };
}

async function warn(connection: NatsConnection, monitor: string, notice?: (says: string) => void): Promise<void> {
  const { is, says } = await askMonitor(connection, monitor);
  if (is === 'lossy') notice?.(`The shared journal is lossy: ${says}`);
}

/** Of the same server, or cluster, whatever journal it has: one that stands in its place anew is noticed. */
const nameOf = (connection: NatsConnection, tenant: string): string =>
  `${tenant}-${short(connection.info?.cluster ?? connection.getServer())
    .replaceAll(/[^A-Za-z0-9]/g, '')
    .slice(0, 8)}`;
