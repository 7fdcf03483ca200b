/** What is too large for one message: kept in the server's object store, and named in the message. */
import type { NatsConnection } from '@nats-io/transport-node';
import { reasonOf } from '../contracts/cause.ts';
import { TroupeError } from '../contracts/failure.ts';

export interface Blobs {
  /** Rejects with `invalid` when the server has no object store. */
  put(name: string, bytes: Uint8Array): Promise<void>;
  get(name: string): Promise<Uint8Array>;
}

/** `bucket` is its name in the store; `ttl` milliseconds after which a blob is gone, never unless given. */
export function blobs(connection: NatsConnection, bucket: string, ttl?: number): Blobs {
  let opened: Promise<Awaited<ReturnType<typeof open>>> | undefined;
  async function open() {
    const { Objm } = await import('@nats-io/obj');
    return new Objm(connection).create(bucket, ttl === undefined ? {} : { ttl: ttl * 1e6 });
  }
  const store = () =>
    (opened ??= open().catch((thrown: unknown) => {
      opened = undefined;
      throw thrown;
    }));
  return {
    async put(name, bytes) {
      const found = await store().catch((cause: unknown) => {
        throw new TroupeError(
          'invalid',
          `A message of ${bytes.length} bytes is more than this NATS server takes (${connection.info?.max_payload ?? 0}), and it has no object store for larger ones (${reasonOf(cause)}). Start it with JetStream (-js), or raise its max_payload.`,
          { cause },
        );
      });
      await found.putBlob({ name }, bytes);
    },
    async get(name) {
      const bytes = await (await store()).getBlob(name);
      if (bytes) return bytes;
      throw new TroupeError('environment', `What was put into the object store as ${name} is gone.`, {
        retryable: true,
      });
    },
  };
}
