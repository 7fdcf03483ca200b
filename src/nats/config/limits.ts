/** What one tenant may use of a server. The server enforces it, so that a tenant that is full or busy leaves the others alone. */
import * as z from 'zod';
import { TroupeError } from '../../values/failure.ts';

const count = z.number().int().positive();

/** The limits of a tenant; what is not given has the default, or no limit. */
export const TenantLimits = z.strictObject({
  /** Bytes of all its streams on the servers' disks, every replica counted; 10 GiB by default. */
  storage: count.exactOptional(),
  /** Bytes of all its streams in the servers' memory; 256 MiB by default. */
  memory: count.exactOptional(),
  /** Connections of its nodes and operators together, and as many of each other key; no limit by default. */
  connections: count.exactOptional(),
  /** Subscriptions of one connection; no limit by default. A node has about ten, and one for each of its runs. */
  subscriptions: count.exactOptional(),
  /** Bytes of one message; the server's own limit by default. What is larger goes by way of the object store. */
  payload: count.exactOptional(),
});
export type TenantLimits = z.infer<typeof TenantLimits>;

/** By tenant. */
export const AllLimits = z.record(z.string(), TenantLimits);
export type AllLimits = z.infer<typeof AllLimits>;

/** Below this there is no room for the headers of a message and a part of its body. */
const smallestPayload = 64 * 2 ** 10;
/** Below this a process and a command cannot be connected at the same time: a node has two connections, a command up to two. */
const fewestConnections = 4;

/** Throws `invalid` for limits under which nothing works. */
export function requireWorkable({ payload, connections }: TenantLimits): void {
  if (payload !== undefined && payload < smallestPayload)
    throw new TroupeError(
      'invalid',
      `A message has at least ${smallestPayload / 2 ** 10}K (--max-payload); got ${payload} bytes.`,
    );
  if (connections !== undefined && connections < fewestConnections)
    throw new TroupeError(
      'invalid',
      `A node has two connections and a command up to two, so a tenant needs at least ${fewestConnections} (--max-connections); got ${connections}.`,
    );
}

/** The `jetstream` block of a tenant's account. */
export const storageLimits = ({ storage = 10 * 2 ** 30, memory = 256 * 2 ** 20 }: TenantLimits) => ({
  max_memory: memory,
  max_store: storage,
  max_streams: 32,
  max_consumers: 1024,
});

/** The `limits` block of each of a tenant's accounts; undefined when there is nothing to limit. */
export function connectionLimits({ connections, subscriptions, payload }: TenantLimits): object | undefined {
  const limits = {
    ...(connections === undefined ? {} : { max_connections: connections }),
    ...(subscriptions === undefined ? {} : { max_subscriptions: subscriptions }),
    ...(payload === undefined ? {} : { max_payload: payload }),
  };
  return Object.keys(limits).length === 0 ? undefined : limits;
}
