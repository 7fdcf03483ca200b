/** The log of a troupe as a stream of JetStream: one subject, one order, on disk before it is acknowledged where the server says `sync_interval: always`. */
import {
  DeliverPolicy,
  jetstream as jetstreamOf,
  jetstreamManager,
  type ConsumerMessages,
  type JsMsg,
} from '@nats-io/jetstream';
import { headers, type NatsConnection } from '@nats-io/transport-node';
import { reasonOf } from '../contracts/cause.ts';
import type { Clock } from '../contracts/clock.ts';
import { TroupeError } from '../contracts/failure.ts';
import { roomIn } from '../nats/connection.ts';
import { objects } from '../nats/objects.ts';
import type { Log, LogEntry } from './log.ts';

export interface StreamLogOptions {
  readonly connection: NatsConnection;
  readonly clock: Clock;
  readonly tenant: string;
  /** On how many servers of a cluster each entry is kept. */
  readonly replicas: number;
}

/** Of the stream that keeps a tenant's journal. */
export const streamOf = (tenant: string): string => `troupe_${tenant}`;

const idHeader = 'Nats-Msg-Id';
const blobHeader = 'Troupe-Blob';

/** Rejects with `environment` when the server has no JetStream. */
export async function streamLog({ connection, clock, tenant, replicas }: StreamLogOptions): Promise<Log> {
  const stream = streamOf(tenant);
  const subject = `troupe.${tenant}._journal`;
  const manager = await jetstreamManager(connection).catch((cause: unknown) => {
    // No answer in time says nothing of what it has.
    if ((cause as Error).name === 'TimeoutError') throw cause;
    throw new TroupeError(
      'environment',
      `This NATS server has no JetStream, which the journal needs: ${reasonOf(cause)}. Start it with -js, or keep the journal in a file (--db).`,
      { cause },
    );
  });
  await manager.streams.add({ name: stream, subjects: [subject], num_replicas: replicas });
  const publisher = jetstreamOf(connection);
  const stored = (bucket: string) => objects({ connection, clock, bucket: `${stream}_${bucket}`, replicas });
  const [large, dumps] = [stored('entries'), stored('snapshots')];
  const limit = roomIn(connection);

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
  // A server that comes back may have less than it had.
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
    limit,
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
        const named = headers();
        named.set(blobHeader, id);
        await publisher.publish(subject, new Uint8Array(), { msgID: id, headers: named });
      } catch (cause) {
        throw new TroupeError('storage', `the server does not store it (${reasonOf(cause)})`, { cause });
      }
    },
    async standing() {
      const { created, state } = await manager.streams.info(stream).catch((cause: unknown) => {
        throw isMissing(cause) ? lost(stream, cause) : cause;
      });
      return { log: created, first: state.first_seq || 1, last: state.last_seq };
    },
    async idAt(position) {
      const found = await manager.streams.getMessage(stream, { seq: position });
      return found?.header.get(idHeader);
    },
    async cut(position, stale) {
      // A purge up to the first message is taken for one of everything.
      if (position > 1) await manager.streams.purge(stream, { seq: position });
      await dumps.cut(String(position));
      const names = await large.list();
      for (const name of names) if (Number.parseInt(name) < stale) await large.remove(name);
      const oldest = names.filter((name) => Number.parseInt(name) >= stale).at(0);
      if (oldest !== undefined) await large.cut(oldest);
    },
    async [Symbol.asyncDispose]() {},
  };
}

const isMissing = (cause: unknown): boolean =>
  (cause as { name?: string }).name === 'StreamNotFoundError' || (cause as { code?: number }).code === 10_059;

const lost = (stream: string, cause: unknown) =>
  new TroupeError(
    'environment',
    `The server has no stream ${stream} any more: its store was emptied, or another server stands in its place. What was committed to the shared journal is not there. Put the store back.`,
    { cause, data: { gone: true } },
  );
