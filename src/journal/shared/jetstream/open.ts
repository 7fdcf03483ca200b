/** The journal that all processes of a tenant share, on a NATS server with JetStream. */
import type { NatsConnection } from '@nats-io/transport-node';
import { durabilityFromMonitor } from '../../../nats/durability.ts';
import type { Clock } from '../../../values/clock.ts';
import type { Journal } from '../../journal.ts';
import { shared } from '../shared.ts';
import { jetstreamStore } from './jetstreamStore.ts';
import { journalStatus } from './status.ts';

/** How the shared journal of a tenant is opened. */
export interface JetStreamOptions {
  /** Stays open when the journal is closed. */
  readonly connection: NatsConnection;
  readonly clock: Clock;
  /** Default: `default`. */
  readonly tenant?: string;
  /** On how many servers of a cluster each message is stored. Default: 1. */
  readonly replicas?: number;
  /** Folder of the file that remembers up to where this machine has seen the journal, so that an older state of the server is found out. Default: only this process remembers. */
  readonly folder?: string;
  /** URL of the server's monitor, `http://host:8222`. It is asked whether acknowledged data is on disk, and `onNotice` warns when it is not. Default: it is not asked. */
  readonly monitor?: string;
  /** Says that acknowledged data may be lost in a power cut of the server, so that there is no warning. Default: a warning. */
  readonly durability?: 'lossy';
  /** The server was restored to an older state, and what is not in it is given up. Default: such a server is refused. */
  readonly acceptRestored?: boolean;
  /** Called with a sentence for the operator. Default: nothing. */
  readonly onNotice?: (says: string) => void;
}

/** Opens the journal. Rejects with `environment` when the server has no JetStream, or cannot hold the journal; `auth` when a permission is missing. */
export async function jetstream({
  connection,
  clock,
  tenant = 'default',
  monitor,
  durability,
  ...rest
}: JetStreamOptions): Promise<Journal> {
  const { onNotice = () => {} } = rest;
  const store = await jetstreamStore({ connection, clock, tenant, ...rest });
  const journal = shared({ store, clock, onNotice });
  const isLossyWanted = durability === 'lossy';
  if (monitor !== undefined && !isLossyWanted) void warn(connection, monitor, onNotice);
  return {
    ...journal,
    status: () => journalStatus({ connection, clock, tenant, store, skipped: journal.skipped, monitor, isLossyWanted }),
  };
}

async function warn(connection: NatsConnection, monitor: string, onNotice: (says: string) => void): Promise<void> {
  const { is, says } = await durabilityFromMonitor(connection, monitor);
  if (is === 'lossy') onNotice(`The shared journal is lossy: ${says}`);
}
