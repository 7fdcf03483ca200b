/** The log of a troupe as a stream of JetStream: one subject, one order, on disk before it is acknowledged where the server says `sync_interval: always`. */
import { jetstream as jetstreamOf, jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { reasonOf } from '../contracts/cause.ts';
import type { Clock } from '../contracts/clock.ts';
import { TroupeError } from '../contracts/failure.ts';
import { blobs } from '../nats/blobs.ts';
import type { Journal } from './journal.ts';
import type { Log } from './log.ts';
import { memory } from './memory.ts';
import { replicated } from './replicated.ts';

export interface JetStreamOptions {
  readonly connection: NatsConnection;
  readonly clock: Clock;
  readonly tenant?: string;
  /** On how many servers of a cluster each entry is kept; 1 unless told otherwise. */
  readonly replicas?: number;
}

const blobHeader = 'Troupe-Blob';
/** Room for headers in what the server calls its largest payload. */
const headroom = 4_096;

/** Opens the journal that all processes of a tenant share. Rejects with `environment` when the server has no JetStream. */
export async function jetstream(options: JetStreamOptions): Promise<Journal> {
  return replicated(await streamLog(options), memory(), options.clock);
}

export async function streamLog({
  connection,
  tenant = 'default',
  replicas = 1,
}: Omit<JetStreamOptions, 'clock'>): Promise<Log> {
  const stream = `troupe_${tenant}`;
  const subject = `troupe.${tenant}._journal`;
  const manager = await jetstreamManager(connection).catch((cause: unknown) => {
    throw new TroupeError(
      'environment',
      `This NATS server has no JetStream, which the journal needs: ${reasonOf(cause)}. Start it with -js, or keep the journal in a file (--db).`,
      { cause },
    );
  });
  await manager.streams.add({ name: stream, subjects: [subject], num_replicas: replicas });
  const publisher = jetstreamOf(connection);
  const large = blobs(connection, `${stream}_entries`);
  const limit = (connection.info?.max_payload ?? 1_048_576) - headroom;

  return {
    limit,
    async append(id, entry) {
      try {
        if (entry.length <= limit) return void (await publisher.publish(subject, entry, { msgID: id }));
        await large.put(id, entry);
        const { headers } = await import('@nats-io/transport-node');
        const named = headers();
        named.set(blobHeader, id);
        await publisher.publish(subject, new Uint8Array(), { msgID: id, headers: named });
      } catch (cause) {
        throw new TroupeError('storage', `The entry ${id} may not be stored: ${reasonOf(cause)}.`, { cause });
      }
    },

    async play(hear) {
      const last = (await manager.streams.info(stream)).state.last_seq;
      const consumer = await publisher.consumers.get(stream);
      const messages = await consumer.consume();
      let caughtUp!: () => void;
      const ready = new Promise<void>((resolve) => (caughtUp = resolve));
      if (last === 0) caughtUp();
      const playing = (async () => {
        for await (const message of messages) {
          const name = message.headers?.get(blobHeader);
          hear(name ? await large.get(name) : message.data);
          if (message.seq >= last) caughtUp();
        }
      })();
      await ready;
      return {
        async [Symbol.asyncDispose]() {
          await messages.close();
          await playing;
        },
      };
    },
    async [Symbol.asyncDispose]() {},
  };
}
