/** The streams of a tenant's shared journal: their names, their subjects, and how they are opened. */
import { TroupeError } from '../../../values/failure.ts';
import type { JetStreamApi } from './api.ts';
import { isMissing, isUnheard, lostStream, storeFailure } from './failures.ts';
import { presenceAge, requireStreamConfig, type StreamSettings } from './streamConfig.ts';

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

/** Opens the streams, and creates those that are missing. Rejects with `environment` when the server has no JetStream, or one of them cannot hold the journal. */
export async function openStreams(
  api: JetStreamApi,
  tenant: string,
  replicas: number,
): Promise<Record<MessageStream, OpenedStream>> {
  await refuseEarlierLayout(api, tenant);
  const open = (stream: MessageStream) => openMessages(api, tenant, stream, replicas);
  const [log, runs, mail, parts] = await Promise.all([open('log'), open('runs'), open('mail'), open('parts')]);
  await openNodes(api, tenant, replicas);
  return { log, runs, mail, parts };
}

async function openMessages(
  api: JetStreamApi,
  tenant: string,
  stream: MessageStream,
  replicas: number,
): Promise<OpenedStream> {
  const [name, subjects] = [streamName(tenant, stream), subjectsOf(tenant, stream)];
  const info = await openStream(api, {
    name,
    subjects,
    num_replicas: replicas,
    storage: 'file',
    discard: 'new',
    allow_direct: true,
    duplicate_window: duplicateWindow,
  });
  requireStreamConfig(info.config, subjects, 'messages');
  return opened(info);
}

/** Opens the stream of the announcements; in memory, so a server has none when it starts. */
export async function openNodes(api: JetStreamApi, tenant: string, replicas: number): Promise<OpenedStream> {
  const subjects = subjectsOf(tenant, 'nodes');
  const info = await openStream(api, {
    name: streamName(tenant, 'nodes'),
    subjects,
    num_replicas: replicas,
    storage: 'memory',
    max_age: presenceAge,
    max_msgs_per_subject: 1,
    duplicate_window: duplicateWindow,
  });
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

/** The stream as it is; it is created only where there is none, so that what its operator has changed stays as it is. */
async function openStream(
  api: JetStreamApi,
  wanted: Partial<StreamSettings> & { readonly name: string },
): Promise<StreamInfo> {
  const asItIs = () => api.ask<StreamInfo>(`STREAM.INFO.${wanted.name}`);
  try {
    return await asItIs().catch((thrown: unknown) => {
      if (!isMissing(thrown)) throw thrown;
      // Another process may have created it meanwhile, in another way.
      return api
        .ask<StreamInfo>(`STREAM.CREATE.${wanted.name}`, wanted)
        .catch((refused: unknown) => asItIs().catch(() => Promise.reject(refused as Error)));
    });
  } catch (thrown) {
    if (isUnheard(thrown)) throw noJetStream(thrown);
    throw storeFailure(thrown, wanted.name, `open the stream ${wanted.name}`);
  }
}

const noJetStream = (cause: unknown) =>
  new TroupeError(
    'environment',
    'This NATS server has no JetStream, which the journal needs. Start it with -js, or keep the journal in a file (--db).',
    { cause },
  );

/** A journal of an earlier version is one stream with one subject. Beginning a new one beside it would run its runs a second time. */
async function refuseEarlierLayout(api: JetStreamApi, tenant: string): Promise<void> {
  const name = `troupe_${tenant}`;
  const info = await api.ask<StreamInfo>(`STREAM.INFO.${name}`).catch((thrown: unknown) => {
    if (isMissing(thrown)) return undefined;
    throw isUnheard(thrown)
      ? noJetStream(thrown)
      : storeFailure(thrown, name, 'say whether there is an earlier journal');
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
