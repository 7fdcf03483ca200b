/** The status of a shared journal on a NATS server: where it is, how large, how many processes write to it, and how durable the server is. */
import type { StreamInfo } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { jetstreamManager } from '../../../nats/client.ts';
import { durabilityFromMonitor, durabilityFromServer } from '../../../nats/durability.ts';
import type { Clock } from '../../../values/clock.ts';
import type { SkippedEntries, StatusLine } from '../../journal.ts';
import type { SharedStore } from '../store.ts';
import { messageStreams, streamName } from './streams.ts';

/** The journal to report on. */
export interface StatusSource {
  readonly connection: NatsConnection;
  readonly clock: Clock;
  readonly tenant: string;
  readonly store: SharedStore;
  skipped(): SkippedEntries;
  /** URL of the server's monitor, if known. */
  readonly monitor: string | undefined;
  /** The operator has said that data may be lost in a power cut. */
  readonly isLossyWanted: boolean;
}

/** The clock difference, in milliseconds, above which times in the journal mislead people. */
const noticeableSkew = 2_000;

/** Asks the server, and returns one remark per subject. Rejects when the server does not answer. */
export async function journalStatus(source: StatusSource): Promise<StatusLine[]> {
  const { connection, clock, tenant, monitor } = source;
  const manager = await jetstreamManager(connection);
  const asked = clock.now();
  const streams = await Promise.all(messageStreams.map((stream) => manager.streams.info(streamName(tenant, stream))));
  const answered = clock.now();
  const account = await manager.getAccountInfo();
  const durability =
    monitor === undefined ? await durabilityFromServer(connection) : await durabilityFromMonitor(connection, monitor);
  return [
    serverLine(connection),
    ...streams.map(streamLine),
    await processesLine(source.store),
    ...skippedLines(source.skipped()),
    storageLine(account.storage, account.limits.max_storage),
    {
      what: 'durability',
      ok: durability.is === 'safe' || (durability.is === 'lossy' && source.isLossyWanted) ? true : 'note',
      says: `${durability.is}: ${durability.says}`,
    },
    ...clockLines(streams[0], (asked + answered) / 2),
  ];
}

function serverLine(connection: NatsConnection): StatusLine {
  const { server_name: name = '', version = 'of an unknown version', cluster } = connection.info ?? {};
  const where = cluster === undefined ? '' : `, ${name} of the cluster ${cluster}`;
  return { what: 'server', ok: true, says: `nats://${connection.getServer()}, ${version}${where}` };
}

const streamLine = ({ config, state }: StreamInfo): StatusLine => ({
  what: 'stream',
  ok: true,
  says: `${config.name}: ${count(state.messages, 'message', 'messages')} (${size(state.bytes)}), kept on ${count(config.num_replicas, 'server', 'servers')}`,
});

/** Processes whose logs are there, and those among them that do not live any more. */
async function processesLine({ logs, presence }: SharedStore): Promise<StatusLine> {
  const [names, present] = await Promise.all([logs.names(), presence.present()]);
  const gone = present === undefined ? 0 : names.filter((name) => !present.has(name)).length;
  const ended = gone === 0 ? '' : `; ${gone} of them ended, and a node takes over what they had`;
  return { what: 'processes', ok: true, says: `${count(names.length, 'log', 'logs')} of processes${ended}` };
}

function skippedLines({ count: skipped, latest }: SkippedEntries): StatusLine[] {
  if (skipped === 0) return [];
  const named = latest.slice(0, 3).map(({ position, reason }) => `message ${position} (${reason})`);
  const says = `${count(skipped, 'message', 'messages')} of another program in the log of this process, which are skipped: ${named.join(', ')}`;
  return [{ what: 'skipped', ok: 'note', says }];
}

function storageLine(used: number, limit: number): StatusLine {
  const isShort = limit > 0 && used > limit * 0.9;
  const hint = isShort ? '; when it is full every run waits until there is room' : '';
  const of = limit < 0 ? 'what the server has' : size(limit);
  return { what: 'storage', ok: isShort ? 'note' : true, says: `${size(used)} used of ${of}${hint}` };
}

/** `ts` of an answer is the server's time, which is not in the client's types. */
function clockLines(info: StreamInfo | undefined, at: number): StatusLine[] {
  const skew = Date.parse((info as { ts?: string } | undefined)?.ts ?? '') - at;
  if (Number.isNaN(skew)) return [];
  const isWell = Math.abs(skew) < noticeableSkew;
  const hint = isWell ? '' : '; deadlines and times in the journal are off by that much. Set it right (NTP)';
  const says = `${(Math.abs(skew) / 1_000).toFixed(1)} s ${skew < 0 ? 'ahead of' : 'behind'} the server's${hint}`;
  return [{ what: 'clock', ok: isWell ? true : 'note', says }];
}

const count = (n: number, one: string, many: string): string => `${n} ${n === 1 ? one : many}`;
const size = (bytes: number): string =>
  bytes < 1e6
    ? `${(bytes / 1e3).toFixed(1)} kB`
    : bytes < 1e9
      ? `${(bytes / 1e6).toFixed(1)} MB`
      : `${(bytes / 1e9).toFixed(1)} GB`;
