/** The streams of a tenant's shared journal: their names, their subjects, and how they are opened. */
import { reasonOf } from '../../../values/cause.ts';
import { TroupeError } from '../../../values/failure.ts';
import type { JetStreamApi } from './api.ts';
import {
  hasNoRoom,
  isMissing,
  isStreamRefused,
  isUnheard,
  isWithoutJetStream,
  lostStream,
  storeFailure,
} from './failures.ts';
import { presenceAge, requireStreamConfig, type StreamSettings } from './streamConfig.ts';
import { wholeJournal } from './wholeJournal.ts';

/** Streams with messages that must stay. `mail` also has the free runs, `parts` the bodies that are larger than a message. */
export const messageStreams = ['log', 'runs', 'mail', 'parts'] as const;
export type MessageStream = (typeof messageStreams)[number];

/** `troupe_<tenant>_<stream>`; `nodes` has the announcements of processes. */
export const streamName = (tenant: string, stream: MessageStream | 'nodes'): string => `troupe_${tenant}_${stream}`;

/** The subjects of a tenant's store. Below the first four is one for each log, below `presence` and `process` one for each process. */
export type StoreSubject = 'log' | 'runs' | 'mail' | 'free' | 'parts' | 'presence' | 'process';
/** `troupe.<tenant>._<subject>`. No run begins with an underscore. */
export const storeSubject = (tenant: string, subject: StoreSubject): string => `troupe.${tenant}._${subject}`;

const subjectsOf = (tenant: string, stream: MessageStream | 'nodes'): string[] => {
  const subjects: readonly StoreSubject[] =
    stream === 'mail' ? ['mail', 'free'] : stream === 'nodes' ? ['presence'] : [stream];
  return subjects.map((subject) => `${storeSubject(tenant, subject)}.>`);
};

/** Nanoseconds for which the server remembers ids of messages: the shortest, because fenced appends have none. */
const duplicateWindow = 1e8;

/** The part of the server's answer that is read. */
interface StreamInfo {
  readonly created: string;
  readonly config: StreamSettings;
  readonly state: { readonly messages: number; readonly last_seq: number };
}

/** What the server says of a stream. */
export interface OpenedStream {
  readonly created: string;
  readonly lastSequence: number;
  /** Bytes of the largest message that it takes; undefined when only the server limits it. */
  readonly maxMessage: number | undefined;
}

/** How the streams of a tenant are opened. */
export interface OpenStreamsOptions {
  readonly tenant: string;
  /** On how many servers of a cluster each message is stored. */
  readonly replicas: number;
  /** What the server has lost is given up. */
  readonly acceptRestored: boolean;
}

/**
 * Opens the streams, and creates those that are missing. Rejects with `environment` when the server has no JetStream, one of them cannot hold the journal, or
 * one of them was deleted.
 */
export async function openStreams(
  api: JetStreamApi,
  { tenant, replicas, acceptRestored }: OpenStreamsOptions,
): Promise<Record<MessageStream, OpenedStream>> {
  await refuseEarlierLayout(api, tenant);
  const names = messageStreams.map((stream) => streamName(tenant, stream));
  const look = async () =>
    new Map(await Promise.all(names.map(async (name) => [name, await findStream(api, name)] as const)));
  const found = await wholeJournal(look, { acceptRestored, clock: api.clock });
  const open = async (stream: MessageStream) => {
    const [name, subjects] = [streamName(tenant, stream), subjectsOf(tenant, stream)];
    const wanted: WantedStream = {
      name,
      subjects,
      num_replicas: replicas,
      storage: 'file',
      discard: 'new',
      allow_direct: true,
      duplicate_window: duplicateWindow,
    };
    const info = found.get(name) ?? (await createStream(api, wanted));
    requireStreamConfig(info.config, subjects, 'messages');
    return opened(info);
  };
  const [log, runs, mail, parts] = await Promise.all([open('log'), open('runs'), open('mail'), open('parts')]);
  await openNodes(api, tenant, replicas);
  return { log, runs, mail, parts };
}

/** Opens the stream of the announcements; in memory, so a server has none when it starts. */
export async function openNodes(api: JetStreamApi, tenant: string, replicas: number): Promise<OpenedStream> {
  const subjects = subjectsOf(tenant, 'nodes');
  const name = streamName(tenant, 'nodes');
  const wanted: WantedStream = {
    name,
    subjects,
    num_replicas: replicas,
    storage: 'memory',
    max_age: presenceAge,
    max_msgs_per_subject: 1,
    duplicate_window: duplicateWindow,
  };
  const info = (await findStream(api, name)) ?? (await createStream(api, wanted));
  requireStreamConfig(info.config, subjects, 'presence');
  return opened(info);
}

/** What the server says of a stream that was there. Rejects with `environment` when it is gone. */
export async function streamState(api: JetStreamApi, name: string): Promise<OpenedStream> {
  return opened(
    await api.ask<StreamInfo>(`STREAM.INFO.${name}`).catch((thrown: unknown) => {
      throw isMissing(thrown) ? lostStream(name, thrown) : thrown;
    }),
  );
}

const opened = ({ created, state, config }: StreamInfo): OpenedStream => {
  const { max_msg_size: size = -1 } = config;
  return { created, lastSequence: state.last_seq, maxMessage: size > 0 ? size : undefined };
};

type WantedStream = Partial<StreamSettings> & { readonly name: string };

/** The stream as it is: what its operator has changed stays as it is. Undefined where there is none. */
async function findStream(api: JetStreamApi, name: string): Promise<StreamInfo | undefined> {
  try {
    return await api.ask<StreamInfo>(`STREAM.INFO.${name}`);
  } catch (thrown) {
    if (isMissing(thrown)) return undefined;
    throw notOpened(name, thrown);
  }
}

async function createStream(api: JetStreamApi, wanted: WantedStream): Promise<StreamInfo> {
  try {
    return await api.ask<StreamInfo>(`STREAM.CREATE.${wanted.name}`, wanted);
  } catch (thrown) {
    // Another process may have created it meanwhile, in another way.
    const other = await findStream(api, wanted.name).catch(() => undefined);
    if (other) return other;
    throw notOpened(wanted.name, thrown);
  }
}

/** `what`: what the server did not do, as the end of a sentence. Only what waiting does not change is final. */
function notOpened(name: string, thrown: unknown, what = `open the stream ${name}`): TroupeError {
  if (isUnheard(thrown)) return noJetStream(thrown);
  if (isStreamRefused(thrown))
    return new TroupeError(
      'environment',
      `On this NATS server the account may not have the stream ${name} (${reasonOf(thrown)}). ${needs}`,
      { cause: thrown },
    );
  const failure = storeFailure(thrown, name, what);
  const advice = hasNoRoom(thrown) ? `${needs} Or try again when there is room.` : isWithoutJetStream(thrown) && enable;
  return advice ? new TroupeError('storage', `${failure.message} ${advice}`, failure) : failure;
}

const needs =
  "The journal needs five streams without limits of their own, one of them in memory, and an object store beside them: raise the limits of the account's JetStream.";
const enable = 'The journal needs JetStream: enable it for the account, or try again when it is there.';

const noJetStream = (cause: unknown) =>
  new TroupeError(
    'environment',
    'This NATS server has no JetStream, which the journal needs. Start it with -js (and enable it for the account, where there are accounts), or keep the journal in a file (--db).',
    { cause },
  );

/** A journal of an earlier version is one stream with one subject. Beginning a new one beside it would run its runs a second time. */
async function refuseEarlierLayout(api: JetStreamApi, tenant: string): Promise<void> {
  const name = `troupe_${tenant}`;
  const info = await api.ask<StreamInfo>(`STREAM.INFO.${name}`).catch((thrown: unknown) => {
    if (isMissing(thrown)) return undefined;
    throw notOpened(name, thrown, 'say whether there is an earlier journal');
  });
  const { subjects = [] } = info?.config ?? {};
  const entries = info?.state.messages ?? 0;
  if (!subjects.includes(`troupe.${tenant}._journal`) || entries === 0) return;
  throw new TroupeError(
    'environment',
    `The stream ${name} holds the shared journal of an earlier version (${entries} entries), which this version does not read. Let its runs end with the version that made it and delete the stream ("nats stream rm ${name}"), or use another tenant (--tenant).`,
    { data: { stream: name, entries } },
  );
}
