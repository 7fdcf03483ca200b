/** The journal that all processes of a tenant share, on a NATS server with JetStream. */
import type { NatsConnection } from '@nats-io/transport-node';
import { durabilityFromMonitor } from '../../../nats/durability.ts';
import type { NatsSettings } from '../../../nats/options.ts';
import type { Clock } from '../../../values/clock.ts';
import type { Journal } from '../../journal.ts';
import { shared } from '../shared.ts';
import { jetstreamStore } from './jetstreamStore.ts';
import { journalStatus } from './status.ts';

/** How the shared journal of a tenant is opened: on which connection, and how it is kept, as `NatsSettings` says. Without a folder only this process remembers what it has seen. */
export interface JetStreamOptions extends Pick<
  NatsSettings,
  'tenant' | 'replicas' | 'folder' | 'monitor' | 'durability' | 'acceptRestored'
> {
  /** Stays open when the journal is closed. */
  readonly connection: NatsConnection;
  readonly clock: Clock;
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
