/** The log of a shared journal as a JetStream stream: one subject, one order. With `sync_interval: always` on the server, an entry is on disk before it is acknowledged. */
import {
  DeliverPolicy,
  JetStreamApiCodes,
  JetStreamApiError,
  jetstream as jetstreamOf,
  jetstreamManager,
  type ConsumerMessages,
  type JsMsg,
  type StreamInfo,
} from '@nats-io/jetstream';
import { headers, type NatsConnection } from '@nats-io/transport-node';
import { reasonOf } from '../../values/cause.ts';
import type { Clock } from '../../values/clock.ts';
import { TroupeError } from '../../values/failure.ts';
import { maxBodyBytes } from '../../nats/connection.ts';
import { objectStore } from '../../nats/objectStore.ts';
import { permissionError } from '../../nats/permissionErrors.ts';
import { watchStatus } from '../../nats/subscribe.ts';
import { isEntryId } from './entry.ts';
import type { Log, LogEntry } from './log.ts';
import { requireUsableStream } from './streamConfig.ts';

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

/** Opens the log, and creates the stream when there is none. Rejects with `environment` when the server has no JetStream, or its stream cannot hold a journal. */
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
  const { config } = await openStream(manager, { name: stream, subjects: [subject], num_replicas: replicas });
  requireUsableStream(config, subject);
  const publisher = jetstreamOf(connection);
  const bucketOf = (bucket: string) => objectStore({ connection, clock, bucket: `${stream}_${bucket}`, replicas });
  const [large, dumps] = [bucketOf('entries'), bucketOf('snapshots')];
  const ofStream = config.max_msg_size ?? -1;
  const limit = Math.min(maxBodyBytes(connection), ofStream > 0 ? ofStream - headroom : Infinity);

  async function read(message: JsMsg): Promise<LogEntry> {
    // Only an entry has an object, and it is stored under the entry's id before the entry is appended. Whatever else stands on the subject has none to wait for.
    const id = message.subject === subject ? (message.headers?.get(idHeader) ?? '') : '';
    const isLarge = isEntryId(id) && message.headers?.get(blobHeader) === id;
    const parts: Uint8Array[] = [];
    if (isLarge) for await (const part of large.get(id)) parts.push(part);
    return { position: message.seq, id, bytes: isLarge ? Buffer.concat(parts) : message.data };
  }

  let following: ConsumerMessages | undefined;
  // After a reconnection the server may have fewer entries than before: the reader must look at `bounds` again.
  watchStatus(connection, ({ type }) => {
    if (type === 'reconnect') following?.stop();
  });

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

  /** False when the stream takes no message of this size: its operator may have lowered the limit meanwhile. */
  const wasPublished = (id: string, entry: Uint8Array): Promise<boolean> =>
    publisher.publish(subject, entry, { msgID: id }).then(
      () => true,
      (cause: unknown) => {
        if (cause instanceof JetStreamApiError && cause.code === messageTooLarge) return false;
        throw cause;
      },
    );

  async function appendLarge(id: string, entry: Uint8Array): Promise<void> {
    await large.put(
      id,
      (async function* () {
        yield entry;
      })(),
    );
    const reference = headers();
    reference.set(blobHeader, id);
    await publisher.publish(subject, new Uint8Array(), { msgID: id, headers: reference });
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
        if (entry.length > limit || !(await wasPublished(id, entry))) await appendLarge(id, entry);
      } catch (cause) {
        const data = hasNoRoom(cause) ? { data: { reason: 'no space' } } : {};
        throw new TroupeError('storage', `the server does not store it (${reasonOf(cause)})`, { cause, ...data });
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
    async requireTruncation() {
      // A purge of a subject that nothing is on removes nothing, and needs the same permission.
      const requirePurge = async (name: string) => {
        try {
          await manager.streams.purge(name, { filter: `${subject}.none` });
        } catch (thrown) {
          const denied = permissionError(thrown);
          if (denied) throw notAllowed(stream, denied);
          throw thrown instanceof TroupeError ? thrown : unanswered(thrown);
        }
      };
      await dumps.open();
      await requirePurge(stream);
      await requirePurge(`OBJ_${stream}_snapshots`);
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

/** The server's code for a message that is larger than the stream allows. */
const messageTooLarge = 10_054;
/** The account, the server's memory or its disk has no more room, or the stream may not be larger. */
const noRoom: readonly number[] = [10_002, 10_023, 10_028, 10_047];
const storeFailed = 10_077;
const hasNoRoom = (cause: unknown): boolean =>
  cause instanceof JetStreamApiError &&
  (noRoom.includes(cause.code) || (cause.code === storeFailed && /maximum bytes|no space/i.test(cause.message)));

/** Bytes of a message's headers, which the limit of a stream covers as well. */
const headroom = 1_024;

type Manager = Awaited<ReturnType<typeof jetstreamManager>>;

/** The stream as it is; it is created only where there is none, so that what its operator has changed stays as it is. */
async function openStream(manager: Manager, wanted: Parameters<Manager['streams']['add']>[0]): Promise<StreamInfo> {
  const asItIs = () => manager.streams.info(wanted.name);
  return asItIs().catch((missing: unknown) => {
    if (!isMissing(missing)) throw missing;
    // Another process may have created it meanwhile, in another way.
    return manager.streams
      .add(wanted)
      .catch((refused: unknown) => asItIs().catch(() => Promise.reject(refused as Error)));
  });
}

const notAllowed = (stream: string, cause: TroupeError) =>
  new TroupeError(
    'auth',
    `Nothing was deleted: these credentials may not cut the log (purge ${stream}), so what was stored of the runs would stay on the server. Use those of a node.`,
    { cause },
  );

const unanswered = (cause: unknown) =>
  new TroupeError(
    'storage',
    `Nothing was deleted: the server does not say whether the log can be cut (${reasonOf(cause)}). Try again.`,
    {
      cause,
    },
  );

const isMissing = (cause: unknown): boolean =>
  cause instanceof JetStreamApiError && cause.code === JetStreamApiCodes.StreamNotFound;

const lost = (stream: string, cause: unknown) =>
  new TroupeError(
    'environment',
    `The server has no stream ${stream} any more: its store was emptied, or another server stands in its place. What was committed to the shared journal is not there. Put the store back.`,
    { cause, data: { gone: true } },
  );
