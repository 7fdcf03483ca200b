/** Large things in the server's object store, as streams of bytes. */
import { jetstreamManager, type JetStreamManager } from '@nats-io/jetstream';
import { Objm, type ObjectStore } from '@nats-io/obj';
import type { NatsConnection } from '@nats-io/transport-node';
import { reasonOf } from '../contracts/cause.ts';
import { sleep, type Clock } from '../contracts/clock.ts';
import { TroupeError } from '../contracts/failure.ts';

export interface Objects {
  /** There whole once it resolves, and not at all before. */
  put(name: string, data: AsyncIterable<Uint8Array>): Promise<void>;
  /** Throws `storage` when it is gone, or not what was put. */
  get(name: string): AsyncIterable<Uint8Array>;
  list(): Promise<readonly string[]>;
  remove(name: string): Promise<void>;
  /** Forgets what was put before it, and what is left of puts that were broken off. */
  cut(name: string): Promise<void>;
}

export interface ObjectsOptions {
  readonly connection: NatsConnection;
  readonly clock: Clock;
  /** Its name in the store. */
  readonly bucket: string;
  readonly replicas: number;
}

/** Milliseconds until the next part of an object must have come: the store's client waits for ever for one that was removed. */
const patience = 10_000;

export function objects({ connection, clock, bucket, replicas }: ObjectsOptions): Objects {
  const stream = `OBJ_${bucket}`;
  let opened: Promise<{ store: ObjectStore; manager: JetStreamManager }> | undefined;
  const open = () =>
    (opened ??= (async () => {
      const [store, manager] = await Promise.all([
        new Objm(connection).create(bucket, { replicas }),
        jetstreamManager(connection),
      ]);
      return { store, manager };
    })().catch((thrown: unknown) => {
      opened = undefined;
      throw thrown;
    }));
  const gone = (name: string, cause?: unknown) =>
    new TroupeError(
      'storage',
      `${name} cannot be read from the object store: ${cause === undefined ? 'it is gone' : reasonOf(cause)}.`,
      { cause },
    );

  async function* get(name: string): AsyncGenerator<Uint8Array> {
    const { store } = await open();
    const found = await store.get(name);
    if (!found) throw gone(name);
    found.error.catch(() => {}); // The data says so as well.
    const reader = found.data.getReader();
    try {
      for (;;) {
        const { done, value } = await soon(clock, reader.read());
        if (done) return;
        yield value;
      }
    } catch (cause) {
      throw gone(name, cause);
    } finally {
      await reader.cancel().catch(() => {});
    }
  }

  return {
    async put(name, data) {
      const { store } = await open();
      const parts = data[Symbol.asyncIterator]();
      const source = new ReadableStream<Uint8Array>({
        async pull(to) {
          const { done, value } = await parts.next();
          if (done) to.close();
          else to.enqueue(value);
        },
        cancel: async () => void (await parts.return?.()),
      });
      await store.put({ name }, source);
    },
    get,
    list: async () => (await (await open()).store.list()).map(({ name }) => name),
    remove: async (name) => void (await (await open()).store.delete(name)),
    async cut(name) {
      const { store, manager } = await open();
      const info = await store.info(name);
      const first =
        info && (await manager.direct.getMessage(stream, { seq: 1, next_by_subj: `$O.${bucket}.C.${info.nuid}` }));
      // A purge up to the first message is taken for one of everything.
      if (first && first.seq > 1) await manager.streams.purge(stream, { seq: first.seq });
    },
  };
}

async function soon<T>(clock: Clock, part: Promise<T>): Promise<T> {
  const over = new AbortController();
  const late = sleep(clock, patience, over.signal).then(
    () => Promise.reject(new Error(`no part of it came for ${patience / 1_000} seconds`)),
    () => part,
  );
  return Promise.race([part, late]).finally(() => over.abort());
}
