/** The log of a shared journal as a JetStream stream: one subject, one order. With `sync_interval: always` on the server, an entry is on disk before it is acknowledged. */
import {
  DeliverPolicy,
  JetStreamApiCodes,
  JetStreamApiError,
  jetstream as jetstreamOf,
  jetstreamManager,
  type ConsumerMessages,
  type JsMsg,
} from '@nats-io/jetstream';
import { headers, type NatsConnection } from '@nats-io/transport-node';
import { reasonOf } from '../../values/cause.ts';
import type { Clock } from '../../values/clock.ts';
import { TroupeError } from '../../values/failure.ts';
import { maxBodyBytes } from '../../nats/connection.ts';
import { objectStore } from '../../nats/objectStore.ts';
import type { Log, LogEntry } from './log.ts';

/** How the log of a tenant is opened. */
export interface JetStreamLogOptions {
  /** Stays open when the log is closed. */
  readonly connection: NatsConnection;
  readonly clock: Clock;
  readonly tenant: string;
  /** On how many servers of a cluster each entry is stored. */
  readonly replicas: number;
}

/** The name of the stream with a tenant's journal. */
export const journalStream = (tenant: string): string => `troupe_${tenant}`;

const idHeader = 'Nats-Msg-Id';
const blobHeader = 'Troupe-Blob';

/** Opens the log, and creates the stream when there is none. Rejects with `environment` when the server has no JetStream. */
export async function jetstreamLog({ connection, clock, tenant, replicas }: JetStreamLogOptions): Promise<Log> {
  const stream = journalStream(tenant);
  const subject = `troupe.${tenant}._journal`;
  const manager = await jetstreamManager(connection).catch((cause: unknown) => {
    // A late answer does not mean that the server has no JetStream.
    if (cause instanceof Error && cause.name === 'TimeoutError') throw cause;
    throw new TroupeError(
      'environment',
      `This NATS server has no JetStream, which the journal needs: ${reasonOf(cause)}. Start it with -js, or keep the journal in a file (--db).`,
      { cause },
    );
  });
  await manager.streams.add({ name: stream, subjects: [subject], num_replicas: replicas });
  const publisher = jetstreamOf(connection);
  const bucketOf = (bucket: string) => objectStore({ connection, clock, bucket: `${stream}_${bucket}`, replicas });
  const [large, dumps] = [bucketOf('entries'), bucketOf('snapshots')];
  const limit = maxBodyBytes(connection);

  async function read(message: JsMsg): Promise<LogEntry> {
    const name = message.headers?.get(blobHeader);
    const parts: Uint8Array[] = [];
    if (name) for await (const part of large.get(name)) parts.push(part);
    return {
      position: message.seq,
      id: message.headers?.get(idHeader) ?? '',
      bytes: name ? Buffer.concat(parts) : message.data,
    };
  }

  let following: ConsumerMessages | undefined;
  // After a reconnection the server may have fewer entries than before: the reader must look at `bounds` again.
  void (async () => {
    for await (const { type } of connection.status()) if (type === 'reconnect') following?.stop();
  })();

  async function* entries(from: number, signal: AbortSignal): AsyncGenerator<LogEntry> {
    const consumer = await publisher.consumers.get(stream, {
      deliver_policy: DeliverPolicy.StartSequence,
      opt_start_seq: from,
    });
    const messages = await consumer.consume();
    const stop = () => messages.stop();
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    following = messages;
    try {
      for await (const message of messages) yield await read(message);
    } finally {
      signal.removeEventListener('abort', stop);
      await messages.close();
    }
  }

  return {
    maxEntryBytes: limit,
    entries,
    snapshots: {
      list: async () => (await dumps.list()).map(Number).sort((a, b) => b - a),
      read: (position) => dumps.get(String(position)),
      write: (position, data) => dumps.put(String(position), data),
    },
    async append(id, entry) {
      try {
        if (entry.length <= limit) return void (await publisher.publish(subject, entry, { msgID: id }));
        await large.put(
          id,
          (async function* () {
            yield entry;
          })(),
        );
        const reference = headers();
        reference.set(blobHeader, id);
        await publisher.publish(subject, new Uint8Array(), { msgID: id, headers: reference });
      } catch (cause) {
        throw new TroupeError('storage', `the server does not store it (${reasonOf(cause)})`, { cause });
      }
    },
    async bounds() {
      const { created, state } = await manager.streams.info(stream).catch((cause: unknown) => {
        throw isMissing(cause) ? lost(stream, cause) : cause;
      });
      return { log: created, first: state.first_seq || 1, last: state.last_seq };
    },
    async idAt(position) {
      const found = await manager.streams.getMessage(stream, { seq: position });
      return found?.header.get(idHeader);
    },
    async truncateBefore(position, stale) {
      // The server takes a purge up to the first message for a purge of everything.
      if (position > 1) await manager.streams.purge(stream, { seq: position });
      await dumps.deleteBefore(String(position));
      const names = await large.list();
      for (const name of names) if (Number.parseInt(name) < stale) await large.remove(name);
      const oldest = names.filter((name) => Number.parseInt(name) >= stale).at(0);
      if (oldest !== undefined) await large.deleteBefore(oldest);
    },
    async [Symbol.asyncDispose]() {},
  };
}

const isMissing = (cause: unknown): boolean =>
  cause instanceof JetStreamApiError && cause.code === JetStreamApiCodes.StreamNotFound;

const lost = (stream: string, cause: unknown) =>
  new TroupeError(
    'environment',
    `The server has no stream ${stream} any more: its store was emptied, or another server stands in its place. What was committed to the shared journal is not there. Put the store back.`,
    { cause, data: { gone: true } },
  );
