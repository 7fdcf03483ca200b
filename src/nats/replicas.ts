/** On how many servers of a cluster a tenant's data is stored: what to say when the servers cannot, or do not, store it on as many as were asked for. */
import type { NatsConnection } from '@nats-io/transport-node';
import { jetstreamManager, JetStreamApiError, StorageType } from './client.ts';
import { causesOf, reasonOf } from '../values/cause.ts';
import { TroupeError } from '../values/failure.ts';

/** The server's codes for a stream with more replicas than it can store: it is no cluster; the cluster has no suitable servers for them. */
const tooManyReplicas = [10074, 10005];

/** An `environment` error when the servers cannot store so many replicas; undefined when something else went wrong. The causes of the error are looked at, too. */
export function replicasError(thrown: unknown, replicas: number): TroupeError | undefined {
  const refusal = causesOf(thrown).find(
    (cause) => cause instanceof JetStreamApiError && tooManyReplicas.includes(cause.code),
  );
  if (!refusal) return undefined;
  return new TroupeError(
    'environment',
    `The NATS server cannot store the journal on ${replicas} servers: ${reasonOf(refusal)}. Connect to a cluster of at least ${replicas} servers with JetStream, or ask for fewer (--nats-replicas, TROUPE_NATS_REPLICAS).`,
    { cause: thrown },
  );
}

/** A sentence that names the streams of a tenant which are stored on fewer servers than were asked for: streams that exist stay as they are. Undefined when there are none, or the credentials do not allow to look. */
export async function fewerReplicasNotice(
  connection: NatsConnection,
  tenant: string,
  replicas: number,
): Promise<string | undefined> {
  const names: string[] = [];
  try {
    const manager = await jetstreamManager(connection, { checkAPI: false });
    for await (const { config } of manager.streams.list()) {
      const isOfTenant = [`troupe_${tenant}`, `OBJ_troupe_${tenant}`].some(
        (name) => config.name === name || config.name.startsWith(`${name}_`),
      );
      // What is kept in memory is lost with its server anyway, and made anew.
      if (isOfTenant && config.storage === StorageType.File && config.num_replicas < replicas) names.push(config.name);
    }
  } catch {
    return undefined;
  }
  if (names.length === 0) return undefined;
  return `The tenant "${tenant}" is to be stored on ${replicas} servers, and these streams are stored on fewer, as they were made: ${names.join(', ')}. Change each with: nats stream edit NAME --replicas ${replicas}`;
}
