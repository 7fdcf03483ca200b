/** Large objects in the server's object store: bodies of messages, entries and snapshots of the journal. */
import type { JetStreamManager } from '@nats-io/jetstream';
import type { ObjectStore as Bucket } from '@nats-io/obj';
import type { NatsConnection } from '@nats-io/transport-node';
import { jetstreamManager } from './client.ts';
import { reasonOf } from '../values/cause.ts';
import { sleep, type Clock } from '../values/clock.ts';
import { TroupeError } from '../values/failure.ts';

/** A bucket of objects, each stored whole or not at all. */
export interface ObjectStore {
  /** Creates the bucket when there is none. The other methods do so as well; this one tells apart a server without an object store. */
  open(): Promise<void>;
  /** Stores a stream of bytes; it can be read once this resolves, and not before. */
  put(name: string, data: AsyncIterable<Uint8Array>): Promise<void>;
  /** Stores bytes that are in memory. */
  putBytes(name: string, bytes: Uint8Array): Promise<void>;
  /** Reads an object as a stream. Throws `storage` when there is none, or it is not what was put, or no part of it comes for ten seconds. */
  get(name: string): AsyncIterable<Uint8Array>;
  /** Reads an object into memory; undefined when there is none. */
  getBytes(name: string): Promise<Uint8Array | undefined>;
  /** The names of all objects, oldest first. */
  list(): Promise<readonly string[]>;
  remove(name: string): Promise<void>;
  /** Deletes the objects that were put before this one, and the parts of puts that were broken off. */
  deleteBefore(name: string): Promise<void>;
}

/** Which bucket, and how it keeps its objects. */
export interface ObjectStoreOptions {
  readonly connection: NatsConnection;
  readonly clock: Clock;
  /** The name of the bucket. */
  readonly bucket: string;
  /** On how many servers of a cluster each object is stored. Default: 1. */
  readonly replicas?: number;
  /** Milliseconds after which an object is deleted. Default: never. */
  readonly ttl?: number;
}

/** Milliseconds until the next part of an object must have come: the client of the store waits without end for a part that was removed. */
const partTimeout = 10_000;

/** A bucket of the server's object store, opened at its first use. */
export function objectStore({ connection, clock, bucket, replicas, ttl }: ObjectStoreOptions): ObjectStore {
  const stream = `OBJ_${bucket}`;
  let opened: Promise<Bucket> | undefined;
  let manager: Promise<JetStreamManager> | undefined;
  const open = () =>
    (opened ??= create().catch((thrown: unknown) => {
      opened = undefined;
      throw thrown;
    }));

  async function create(): Promise<Bucket> {
    const { Objm } = await import('@nats-io/obj');
    return new Objm(connection).create(bucket, {
      ...(replicas === undefined ? {} : { replicas }),
      // The server takes nanoseconds.
      ...(ttl === undefined ? {} : { ttl: ttl * 1e6 }),
    });
  }

  async function* get(name: string): AsyncGenerator<Uint8Array> {
    const store = await open();
    const found = await store.get(name);
    if (!found) throw unreadable(name);
    found.error.catch(() => {}); // The stream reports the same error.
    const reader = found.data.getReader();
    try {
      for (;;) {
        const { done, value } = await withTimeout(clock, reader.read());
        if (done) return;
        yield value;
      }
    } catch (cause) {
      throw unreadable(name, cause);
    } finally {
      await reader.cancel().catch(() => {});
    }
  }

  return {
    open: async () => void (await open()),
    async put(name, data) {
      const store = await open();
      await store.put({ name }, readableOf(data));
    },
    putBytes: async (name, bytes) => void (await (await open()).putBlob({ name }, bytes)),
    get,
    getBytes: async (name) => (await (await open()).getBlob(name)) ?? undefined,
    list: async () => (await (await open()).list()).map(({ name }) => name),
    remove: async (name) => void (await (await open()).delete(name)),
    async deleteBefore(name) {
      const store = await open();
      manager ??= jetstreamManager(connection, { checkAPI: false }); // The bucket is there, so JetStream is.
      const { direct, streams } = await manager;
      const info = await store.info(name);
      const first = info && (await direct.getMessage(stream, { seq: 1, next_by_subj: `$O.${bucket}.C.${info.nuid}` }));
      // The server takes a purge up to the first message for a purge of everything.
      if (first && first.seq > 1) await streams.purge(stream, { seq: first.seq });
    },
  };
}

function readableOf(data: AsyncIterable<Uint8Array>): ReadableStream<Uint8Array> {
  const parts = data[Symbol.asyncIterator]();
  return new ReadableStream<Uint8Array>({
    async pull(to) {
      const { done, value } = await parts.next();
      if (done) to.close();
      else to.enqueue(value);
    },
    cancel: async () => void (await parts.return?.()),
  });
}

async function withTimeout<T>(clock: Clock, part: Promise<T>): Promise<T> {
  const over = new AbortController();
  const late = sleep(clock, partTimeout, over.signal).then(
    () => Promise.reject(new Error(`no part of it came for ${partTimeout / 1_000} seconds`)),
    () => part,
  );
  return Promise.race([part, late]).finally(() => over.abort());
}

const unreadable = (name: string, cause?: unknown) =>
  new TroupeError(
    'storage',
    `${name} cannot be read from the object store: ${cause === undefined ? 'it is gone' : reasonOf(cause)}.`,
    { cause },
  );
