/** Bodies too large for one message: kept in the server's object store for a while, and named in the message. */
import type { NatsConnection } from '@nats-io/transport-node';
import { reasonOf } from '../../contracts/cause.ts';
import { TroupeError } from '../../contracts/failure.ts';

export interface Blobs {
  /** Rejects with `invalid` when the server has no object store. */
  put(name: string, bytes: Uint8Array): Promise<void>;
  get(name: string): Promise<Uint8Array>;
}

/** Longer than any message is under way, in nanoseconds. */
const ttl = 24 * 3_600 * 1e9;

export function blobs(connection: NatsConnection, tenant: string): Blobs {
  let opened: Promise<Awaited<ReturnType<typeof open>>> | undefined;
  async function open() {
    const { Objm } = await import('@nats-io/obj');
    return new Objm(connection).create(`troupe_${tenant}_bodies`, { ttl });
  }
  const store = () =>
    (opened ??= open().catch((thrown: unknown) => {
      opened = undefined;
      throw thrown;
    }));
  return {
    async put(name, bytes) {
      const bucket = await store().catch((cause: unknown) => {
        throw new TroupeError(
          'invalid',
          `A message of ${bytes.length} bytes is more than this NATS server takes (${connection.info?.max_payload ?? 0}), and it has no object store for larger ones (${reasonOf(cause)}). Start it with JetStream (-js), or raise its max_payload.`,
          { cause },
        );
      });
      await bucket.putBlob({ name }, bytes);
    },
    async get(name) {
      const bytes = await (await store()).getBlob(name);
      if (bytes) return bytes;
      throw new TroupeError('environment', `The body of a large message (${name}) is gone from the object store.`, {
        retryable: true,
      });
    },
  };
}
