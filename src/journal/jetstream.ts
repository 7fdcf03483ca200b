/** The journal that all processes of a tenant share, on a NATS server with JetStream. */
import type { NatsConnection } from '@nats-io/transport-node';
import type { Clock } from '../contracts/clock.ts';
import { short } from './chain.ts';
import { fileView } from './fileView.ts';
import type { Journal } from './journal.ts';
import { replicated } from './replicated.ts';
import { streamLog } from './streamLog.ts';
import { viewIn } from './viewFile.ts';

export interface JetStreamOptions {
  readonly connection: NatsConnection;
  readonly clock: Clock;
  readonly tenant?: string;
  /** On how many servers of a cluster each entry is kept; 1 unless told otherwise. */
  readonly replicas?: number;
  /** Folder for what this machine has played, so that a start plays only what came since; in memory unless given. */
  readonly folder?: string;
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
  ...more
}: JetStreamOptions): Promise<Journal> {
  const log = await streamLog({ connection, clock, tenant, replicas });
  const view = folder === undefined ? await fileView(':memory:') : await viewIn(folder, nameOf(connection, tenant));
  return replicated({ log, view, clock, ...more });
}

/** Of the same server, or cluster, whatever journal it has: one that stands in its place anew is noticed. */
const nameOf = (connection: NatsConnection, tenant: string): string =>
  `${tenant}-${short(connection.info?.cluster ?? connection.getServer())
    .replaceAll(/[^A-Za-z0-9]/g, '')
    .slice(0, 8)}`;
