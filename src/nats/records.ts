/** Small records on a NATS server with JetStream, each the last message of a subject. A change names the sequence that its writer has read, and is refused when another one was first. */
import type { JetStreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { headers, JetStreamApiError, jetstreamClient, jetstreamManager } from './client.ts';
import { reasonOf } from '../values/cause.ts';
import type { Clock } from '../values/clock.ts';
import { TroupeError } from '../values/failure.ts';
import { maxBodyBytes } from './connection.ts';
import { permissionError } from './permissionErrors.ts';

/** A record as it was read. */
export interface ServerRecord {
  readonly body: Uint8Array;
  /** Rises with each change; it names the change that is read. */
  readonly sequence: number;
}

/** Records by name. Each method rejects with `auth` when a permission is missing, and `storage` when the server cannot do it now. */
export interface ServerRecords {
  /** The record, never older than a change that was acknowledged before; undefined when there is none. */
  get(name: string): Promise<ServerRecord | undefined>;
  /** Changes it, when `expected` is the sequence of what is there, 0 where there is nothing. Resolves to whether it was changed. Rejects with `invalid` for more than a message holds. */
  put(name: string, body: Uint8Array, expected: number): Promise<boolean>;
  /** The names that begin with a prefix, which ends with a dot. */
  names(prefix: string): Promise<readonly string[]>;
}

/** Which records. */
export interface ServerRecordsOptions {
  readonly connection: NatsConnection;
  readonly clock: Pick<Clock, 'id'>;
  /** The stream that has them. It is made when there is none. */
  readonly stream: string;
  /** What their subjects begin with, without a dot at the end. */
  readonly prefix: string;
  /** On how many servers of a cluster they are stored. Default: 1. */
  readonly replicas?: number;
}

/** Codes of the server's API. */
const codes = { noStream: 10059, exists: 10058, noMessage: 10037, wrongSequence: 10071 };
/** Says who wrote a record, so that a writer whose answer was lost finds its own. */
const writerHeader = 'Troupe-Writer';

/** The records of a stream. Nothing is asked of the server before the first call. */
export function serverRecords({
  connection,
  clock,
  stream,
  prefix,
  replicas = 1,
}: ServerRecordsOptions): ServerRecords {
  let opened: Promise<JetStreamManager> | undefined;
  const open = () =>
    (opened ??= create().catch((thrown: unknown) => {
      opened = undefined;
      throw thrown;
    }));

  async function create(): Promise<JetStreamManager> {
    const { streams, ...manager } = await jetstreamManager(connection, { checkAPI: false });
    try {
      await streams.info(stream);
    } catch (thrown) {
      if (codeOf(thrown) !== codes.noStream) throw thrown;
      await streams
        .add({ name: stream, subjects: [`${prefix}.>`], max_msgs_per_subject: 1, num_replicas: replicas })
        .catch((refused: unknown) => {
          // Another process was quicker, with other settings.
          if (codeOf(refused) !== codes.exists) throw refused;
        });
    }
    return { ...manager, streams };
  }

  const lastOf = async (name: string) => {
    const { streams } = await open();
    try {
      return (await streams.getMessage(stream, { last_by_subj: `${prefix}.${name}` })) ?? undefined;
    } catch (thrown) {
      if (codeOf(thrown) === codes.noMessage) return undefined;
      throw thrown;
    }
  };

  return {
    get: (name) =>
      told('read', async () => {
        const last = await lastOf(name);
        return last && { body: last.data, sequence: last.seq };
      }),
    put: (name, body, expected) =>
      told('written', async () => {
        if (body.length > maxBodyBytes(connection))
          throw new TroupeError(
            'invalid',
            `The record ${name} has ${body.length} bytes, and a message of this NATS server holds ${maxBodyBytes(connection)}. Delete versions that are no longer used, or raise the limit (max_payload).`,
          );
        await open();
        const [writer, sent] = [clock.id(), headers()];
        sent.set(writerHeader, writer);
        try {
          const options = { headers: sent, expect: { lastSubjectSequence: expected } };
          await jetstreamClient(connection).publish(`${prefix}.${name}`, body, options);
          return true;
        } catch (thrown) {
          // An answer that was lost, and one to a second attempt, say nothing of whether it is stored.
          if (permissionError(thrown)) throw thrown;
          if ((await lastOf(name))?.header.get(writerHeader) === writer) return true;
          if (codeOf(thrown) === codes.wrongSequence) return false;
          throw thrown;
        }
      }),
    names: (begin) =>
      told('listed', async () => {
        const { streams } = await open();
        const { state } = await streams.info(stream, { subjects_filter: `${prefix}.${begin}>` });
        return Object.keys(state.subjects ?? {}).map((subject) => subject.slice(prefix.length + 1));
      }),
  };

  async function told<T>(what: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (cause) {
      if (cause instanceof TroupeError) throw cause;
      throw (
        permissionError(cause) ??
        new TroupeError(
          'storage',
          `The records of ${stream} cannot be ${what} on the NATS server: ${reasonOf(cause)}.`,
          {
            cause,
          },
        )
      );
    }
  }
}

const codeOf = (thrown: unknown): number | undefined =>
  thrown instanceof JetStreamApiError ? thrown.apiError().err_code : undefined;
