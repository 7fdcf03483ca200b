/** A cluster of real NATS servers on this machine, each with its own port and its own folder; all of it is removed with the test. */
import { createServer } from 'node:net';
import { once } from 'node:events';
import { connect } from 'nats';
import { natsServer, type NatsServer } from './server.ts';

export interface NatsCluster extends AsyncDisposable {
  /** The URLs of all servers, for `--nats`. */
  readonly urls: string;
  readonly servers: readonly NatsServer[];
  /** The server that leads a stream. */
  leaderOf(stream: string): Promise<NatsServer>;
}

/** Starts so many servers, with `jetstream` as the lines of that block, and waits until they have elected a leader for JetStream. */
export async function natsCluster(count = 3, jetstream = 'sync_interval: always'): Promise<NatsCluster> {
  const ports = await freePorts(count);
  const routes = ports.map((port) => `nats-route://127.0.0.1:${port}`);
  const servers = await Promise.all(
    ports.map((port, n) =>
      natsServer(
        `server_name: s${n}\njetstream { ${jetstream} }\ncluster { name: test, listen: "127.0.0.1:${port}", routes: ${JSON.stringify(routes)} }`,
      ),
    ),
  );
  const urls = servers.map(({ url }) => url).join(',');
  await untilJetStream(urls);
  return {
    urls,
    servers,
    async leaderOf(stream) {
      const connection = await connect({ servers: urls.split(',') });
      try {
        const { cluster } = await (await connection.jetstreamManager()).streams.info(stream);
        const leader = servers[Number(cluster?.leader?.slice(1))];
        if (!leader) throw new Error(`${stream} has no leader.`);
        return leader;
      } finally {
        await connection.close();
      }
    },
    async [Symbol.asyncDispose]() {
      for (const server of servers) await server[Symbol.asyncDispose]();
    },
  };
}

/** JetStream answers once the servers have elected its leader. */
async function untilJetStream(urls: string): Promise<void> {
  const connection = await connect({ servers: urls.split(',') });
  const isThere = () =>
    connection.jetstreamManager({ timeout: 1_000 }).then(
      () => true,
      () => false,
    );
  while (!(await isThere()));
  await connection.close();
}

/** Ports on which nothing listens now. All are held until the last one is known, so that they differ. */
export async function freePorts(count: number): Promise<number[]> {
  const holders = await Promise.all(
    Array.from({ length: count }, async () => {
      const holder = createServer().listen(0, '127.0.0.1');
      await once(holder, 'listening');
      return holder;
    }),
  );
  const ports = holders.map((holder) => (holder.address() as { port: number }).port);
  await Promise.all(holders.map((holder) => new Promise((resolve) => holder.close(resolve))));
  return ports;
}
