/** The servers that nodes of a chaos round share: one that is killed, or three with a copy of everything each, of which the leader is killed. */
import { connect, DiscardPolicy, StoreCompression, type StreamConfig } from 'nats';
import { systemClock } from '../../src/engine/clock.ts';
import type { Clock } from '../../src/values/clock.ts';
import { natsCluster, type NatsCluster } from '../nats/cluster.ts';
import { natsServer, type NatsServer } from '../nats/server.ts';
import { fastClock } from './fastClock.ts';

/** Servers. */
export interface Place extends AsyncDisposable {
  readonly url: string;
  /** The folder of what clients have seen of them. */
  readonly stateFolder: string;
  /** On how many servers each message is stored. */
  readonly replicas: number;
  /** The clock of all processes: an election of a leader takes its time, so it is a fast one only where there is one server. */
  readonly clock: Clock;
  /** The shares of the faults that are kills of a server, and nodes that are suspended; the others are kills of nodes. */
  readonly faults: { readonly server: number; readonly zombie: number };
  /** Kills the server that decides what is stored. The result starts it again. */
  kill(random: () => number): Promise<() => Promise<void>>;
  /** An operator changes a stream of the journal in a way that loses nothing. Resolves to whether the servers accepted it. */
  edit?(random: () => number): Promise<boolean>;
}

/** One server that must not lose acknowledged writes. */
export async function oneServer(): Promise<Place> {
  const server = await natsServer();
  return {
    url: server.url,
    stateFolder: server.stateFolder,
    replicas: 1,
    clock: fastClock(),
    faults: { server: 0.2, zombie: 0.2 },
    async kill() {
      await server.kill();
      return () => server.restart();
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

const streamsOfJournal = ['log', 'runs', 'mail'];
const anyStream = (random: () => number) =>
  `troupe_default_${streamsOfJournal[Math.floor(random() * streamsOfJournal.length)]}`;

/** Three servers. The streams of the journal have leaders of their own: one of them is chosen. */
export async function threeServers(): Promise<Place> {
  const cluster = await natsCluster();
  return {
    url: cluster.urls,
    stateFolder: cluster.servers[0]?.stateFolder ?? '',
    replicas: 3,
    clock: systemClock(),
    faults: { server: 0.6, zombie: 0 },
    async kill(random) {
      const leader = await leaderIn(cluster, anyStream(random));
      await leader.kill();
      return () => leader.restart();
    },
    async edit(random) {
      const [stream, draw] = [anyStream(random), random()];
      const connection = await connect({ servers: cluster.urls.split(',') });
      try {
        const { streams } = await connection.jetstreamManager();
        const { config } = await streams.info(stream);
        const changed: Partial<StreamConfig> =
          draw < 0.3
            ? { description: `seen at ${draw}` }
            : draw < 0.6
              ? { metadata: { ...config.metadata, team: `team ${draw}` } }
              : draw < 0.8
                ? {
                    compression:
                      config.compression === StoreCompression.S2 ? StoreCompression.None : StoreCompression.S2,
                  }
                : { max_bytes: 10_000_000_000 + Math.floor(draw * 1_000), discard: DiscardPolicy.New };
        await streams.update(stream, { ...config, ...changed });
        return true;
      } catch {
        return false; // The servers are electing a leader: an operator tries again.
      } finally {
        await connection.close();
      }
    },
    [Symbol.asyncDispose]: () => cluster[Symbol.asyncDispose](),
  };
}

/** The servers may be electing one: then none answers for a while. */
async function leaderIn(cluster: NatsCluster, stream: string): Promise<NatsServer> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await cluster.leaderOf(stream);
    } catch (thrown) {
      if (attempt === 20) throw thrown;
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  }
}
