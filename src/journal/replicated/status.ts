/** The status of a shared journal: where it is, how large, how far this process has applied it, and how durable the server is. */
import { jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import type { Clock } from '../../values/clock.ts';
import { durabilityFromMonitor, durabilityFromServer } from '../../nats/durability.ts';
import type { StatusLine } from '../journal.ts';
import type { Log } from './log.ts';
import type { JournalReplica } from './replica.ts';

/** The journal to report on. */
export interface StatusSource {
  readonly connection: NatsConnection;
  readonly clock: Clock;
  readonly stream: string;
  readonly log: Log;
  readonly replica: JournalReplica;
  /** URL of the server's monitor, if known. */
  readonly monitor: string | undefined;
  /** The operator has said that data may be lost in a power cut. */
  readonly isLossyWanted: boolean;
}

/** The clock difference, in milliseconds, above which leases end noticeably too early or too late. */
const noticeableSkew = 2_000;

/** Asks the server, and returns one remark per subject. Rejects when the server does not answer. */
export async function journalStatus({
  connection,
  clock,
  stream,
  log,
  replica,
  monitor,
  isLossyWanted,
}: StatusSource): Promise<StatusLine[]> {
  const manager = await jetstreamManager(connection);
  const [asked, info, answered] = [clock.now(), await manager.streams.info(stream), clock.now()];
  const { state, config } = info;
  const snapshots = await log.snapshots.list();
  const store = await manager.streams.info(`OBJ_${stream}_snapshots`).catch(() => undefined);
  const { storage, limits } = await manager.getAccountInfo();
  const durability =
    monitor === undefined ? await durabilityFromServer(connection) : await durabilityFromMonitor(connection, monitor);
  const lag = state.last_seq - replica.mark.position;
  const { server_name: name = '', version = 'of an unknown version', cluster } = connection.info ?? {};
  // The server's time of the answer is not in the client's types.
  const skew = Date.parse((info as { ts?: string }).ts ?? '') - (asked + answered) / 2;
  return [
    {
      what: 'server',
      ok: true,
      says: `nats://${connection.getServer()}, ${version}${cluster === undefined ? '' : `, ${name} of the cluster ${cluster}`}`,
    },
    {
      what: 'stream',
      ok: true,
      says: `${stream}: ${count(state.messages, 'entry', 'entries')} (${size(state.bytes)}), ${state.first_seq} to ${state.last_seq}, kept on ${count(config.num_replicas, 'server', 'servers')}`,
    },
    {
      what: 'snapshot',
      ok: true,
      says:
        snapshots[0] === undefined
          ? 'none yet; a process that joins applies every entry'
          : `at entry ${snapshots[0]}, ${count(state.last_seq - snapshots[0], 'entry', 'entries')} ago; ${snapshots.length} kept (${size(store?.state.bytes ?? 0)})`,
    },
    {
      what: 'position',
      ok: lag < 1_000 ? true : 'note',
      says: `applied up to entry ${replica.mark.position} of ${state.last_seq}, into ${replica.path ?? 'memory (no file was free, or its folder cannot be written)'}`,
    },
    ...(replica.skipped.count === 0
      ? []
      : [
          {
            what: 'skipped',
            ok: 'note' as const,
            says: `${count(replica.skipped.count, 'message', 'messages')} of another program in the stream, which every process skips: ${replica.skipped.latest
              .slice(0, 3)
              .map(({ position, reason }) => `entry ${position} (${reason})`)
              .join(', ')}`,
          },
        ]),
    {
      what: 'storage',
      ok: isShort(storage, limits.max_storage) ? 'note' : true,
      says: `${size(storage)} used of ${limits.max_storage < 0 ? 'what the server has' : size(limits.max_storage)}${isShort(storage, limits.max_storage) ? '; when it is full every run waits until there is room' : ''}`,
    },
    {
      what: 'durability',
      ok: durability.is === 'safe' || (durability.is === 'lossy' && isLossyWanted) ? true : 'note',
      says: `${durability.is}: ${durability.says}`,
    },
    ...(Number.isNaN(skew)
      ? []
      : [
          {
            what: 'clock',
            ok: Math.abs(skew) < noticeableSkew ? true : ('note' as const),
            says: `${(Math.abs(skew) / 1_000).toFixed(1)} s ${skew < 0 ? 'ahead of' : 'behind'} the server's${Math.abs(skew) < noticeableSkew ? '' : '; leases of runs end too early or too late. Set it right (NTP)'}`,
          },
        ]),
  ];
}

const isShort = (used: number, limit: number): boolean => limit > 0 && used > limit * 0.9;
const count = (n: number, one: string, many: string): string => `${n} ${n === 1 ? one : many}`;
const size = (bytes: number): string =>
  bytes < 1e6
    ? `${(bytes / 1e3).toFixed(1)} kB`
    : bytes < 1e9
      ? `${(bytes / 1e6).toFixed(1)} MB`
      : `${(bytes / 1e9).toFixed(1)} GB`;
