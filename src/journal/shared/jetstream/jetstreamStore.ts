/** The shared store of a tenant on a NATS server with JetStream. */
import type { NatsConnection } from '@nats-io/transport-node';
import { join } from 'node:path';
import { maxPayload } from '../../../nats/connection.ts';
import { permissionError } from '../../../nats/permissionErrors.ts';
import type { Clock } from '../../../values/clock.ts';
import { TroupeError } from '../../../values/failure.ts';
import { shortDigest } from '../../chain.ts';
import type { FencedLogs, SharedStore } from '../store.ts';
import { jetstreamApi, messageFromLeader } from './api.ts';
import { ApiRequests } from './apiRequests.ts';
import { storeFailure } from './failures.ts';
import { connectionGate } from './gate.ts';
import { partsHeader } from './headers.ts';
import { jetstreamLogs, messageDigest } from './logs.ts';
import { bodyParts } from './parts.ts';
import { jetstreamPresence } from './presence.ts';
import { rememberSeen, type SeenSource } from './seen.ts';
import { openNodes, openStreams, storeSubject, streamName, streamState, type OpenedStream } from './streams.ts';

/** How the store of a tenant is opened. */
export interface JetStreamStoreOptions {
  /** Stays open when the store is closed. */
  readonly connection: NatsConnection;
  readonly clock: Clock;
  readonly tenant: string;
  /** On how many servers of a cluster each message is stored. Default: 1. */
  readonly replicas?: number;
  /** Folder of the file that remembers up to where this machine has seen the journal. Default: only this process remembers. */
  readonly folder?: string;
  /** The server was restored to an older state, and what is not in it is given up. Default: such a server is refused. */
  readonly acceptRestored?: boolean;
  /** Called with a sentence for the operator. Default: nothing. */
  readonly onNotice?: (says: string) => void;
}

/**
 * Opens the store, and creates the streams that are missing. Rejects with `environment` when the server has no JetStream, a stream cannot hold the journal,
 * or the server is another one or in an older state than was seen; with `auth` when a permission is missing.
 */
export async function jetstreamStore(options: JetStreamStoreOptions): Promise<SharedStore> {
  const requests = new ApiRequests(options.connection, options.clock);
  try {
    return await openStore(options, requests);
  } catch (thrown) {
    requests[Symbol.dispose]();
    throw thrown;
  }
}

async function openStore(
  {
    connection,
    clock,
    tenant,
    replicas = 1,
    folder,
    acceptRestored = false,
    onNotice = () => {},
  }: JetStreamStoreOptions,
  requests: ApiRequests,
): Promise<SharedStore> {
  const ungated = jetstreamApi(connection, clock, requests);
  const opened = await openStreams(ungated, { tenant, replicas, acceptRestored });

  const source: SeenSource = {
    async state() {
      const of = (stream: 'log' | 'runs' | 'mail') => streamState(ungated, streamName(tenant, stream));
      const [log, runs, mail] = await Promise.all([of('log'), of('runs'), of('mail')]);
      return {
        identity: shortDigest(log.created, runs.created, mail.created),
        log: log.lastSequence,
        runs: runs.lastSequence,
        mail: mail.lastSequence,
      };
    },
    async digestOf(stream, seq) {
      const found = await messageFromLeader(ungated, streamName(tenant, stream), { seq });
      return found && messageDigest(found.subject, found.headers[partsHeader], found.body);
    },
  };
  const path = folder === undefined ? undefined : join(folder, fileNameOf(connection, tenant));
  const untold = (thrown: unknown) => {
    throw storeFailure(thrown, streamName(tenant, 'log'), 'say how far the shared journal goes');
  };
  const seen = await rememberSeen({ source, clock, path, acceptRestored, onNotice }).catch(untold);

  const gate = connectionGate(connection, clock, { check: seen.check, onReconnect: () => presence.restart() });
  const api = jetstreamApi(connection, clock, requests, gate.ready);
  const presence = jetstreamPresence({
    api,
    stream: streamName(tenant, 'nodes'),
    prefix: storeSubject(tenant, 'presence'),
    processes: storeSubject(tenant, 'process'),
    create: () => openNodes(api, tenant, replicas),
  });
  const limitOf = ({ maxMessage = Infinity }: OpenedStream, reserved = 0) => ({
    limit: () => Math.min(maxPayload(connection), maxMessage, largestMessage) - reserved,
  });
  const collection = (name: 'log' | 'runs' | 'mail' | 'free'): FencedLogs => {
    const key = name === 'free' ? 'mail' : name;
    const [stream, prefix] = [streamName(tenant, key), storeSubject(tenant, name)];
    const parts = bodyParts({
      api,
      messages: { stream, prefix },
      stream: streamName(tenant, 'parts'),
      prefix: `${storeSubject(tenant, 'parts')}.${name}`,
      ...limitOf(opened.parts, headroom),
      newId: () => clock.id(),
    });
    const onSeen = (sequence: number, digest?: () => string) => seen.note(key, sequence, digest);
    return jetstreamLogs({ api, stream, prefix, parts, ...limitOf(opened[key]), onSeen });
  };

  const logs = collection('log');
  return {
    logs: {
      ...logs,
      // Asked where the log of this process is gone: the whole journal may be another one by now, without a reconnection.
      async lastSequence() {
        await seen.check().catch(untold);
        return logs.lastSequence();
      },
    },
    runs: collection('runs'),
    mail: collection('mail'),
    free: collection('free'),
    presence,
    identity: seen.identity,
    lost: () => gate.refusal(),
    async requireDeletion() {
      const stream = streamName(tenant, 'runs');
      try {
        // A purge of a subject that nothing is on removes nothing, and needs the same permission. No name has this token.
        await api.ask(`STREAM.PURGE.${stream}`, { filter: `${storeSubject(tenant, 'runs')}.%none` });
      } catch (thrown) {
        throw permissionError(thrown)
          ? mayNotDelete(stream, thrown)
          : storeFailure(thrown, stream, 'delete anything now');
      }
    },
    async [Symbol.asyncDispose]() {
      presence[Symbol.dispose]();
      gate[Symbol.dispose]();
      await seen[Symbol.asyncDispose]();
      requests[Symbol.dispose]();
    },
  };
}

/** A server may take larger messages than JetStream stores, which is less than 32 MB; their bytes are in the memory of both sides at once. */
const largestMessage = 8_388_608;
/** Bytes of a message's headers, which the limit of a stream covers as well. */
const headroom = 256;

/** The file's name for this server or cluster. It does not depend on the streams: so those that were created again are found out. */
const fileNameOf = (connection: NatsConnection, tenant: string): string =>
  `seen-${tenant}-${shortDigest(connection.info?.cluster ?? connection.getServer())
    .replaceAll(/[^A-Za-z0-9]/g, '')
    .slice(0, 8)}.json`;

const mayNotDelete = (stream: string, cause: unknown) =>
  new TroupeError(
    'auth',
    `Nothing was deleted: these credentials may not delete runs from the server (purge ${stream}). Use those of a node.`,
    { cause },
  );
