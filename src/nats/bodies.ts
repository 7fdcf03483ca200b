/** The bucket for bodies that are larger than a message may be. Both sides of a message use it, and an object that nobody has removed goes after a day. */
import type { NatsConnection } from '@nats-io/transport-node';
import type { Clock } from '../values/clock.ts';
import { objectStore, type ObjectStore } from './objectStore.ts';

/** The header with the name of the object that holds a body which was too large for a message. */
export const blobHeader = 'Troupe-Blob';

/** Milliseconds until a large body is deleted: longer than any message is under way. */
const bodyTtl = 24 * 3_600_000;

/** The bucket of a tenant: `troupe_<tenant>_bodies`, on so many servers of a cluster. */
export const bodyStore = (connection: NatsConnection, clock: Clock, tenant: string, replicas = 1): ObjectStore =>
  objectStore({ connection, clock, bucket: `troupe_${tenant}_bodies`, ttl: bodyTtl, replicas });
