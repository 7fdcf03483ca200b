/** A durable step on the replicated journal, against the acknowledgement of a message of the same size by JetStream on the same server. */
import { jetstream as jetstreamOf, jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { setup } from 'xstate';
import { jetstream } from '../../../src/journal/replicated/jetstream.ts';
import { connectNats } from '../../../src/nats/connection.ts';
import { actorType } from '../../../src/engine/nodePlatform.ts';
import { systemClock } from '../../../src/engine/clock.ts';
import { Host } from '../../../src/engine/host.ts';
import { commitFor } from '../../../src/testing/suites/commit.ts';
import { nats } from '../../../src/transport/nats/nats.ts';
import { natsServer } from '../../nats/server.ts';
import { compare, concurrencies, inFlight } from '../measure.ts';

const clock = systemClock();
const modes = {
  'acknowledged when on disk (sync_interval: always)': 'jetstream { sync_interval: always }',
  'acknowledged before (as a server is by default)': 'jetstream {}',
};
const ticker = setup({ types: {} as { context: { n: number } } }).createMachine({
  id: 'ticker',
  context: { n: 0 },
  initial: 'on',
  states: { on: { on: { inc: {} } } },
});

export async function durableCommits(): Promise<void> {
  for (const [mode, config] of Object.entries(modes)) {
    await using server = await natsServer(config);
    const plain = await connect({ servers: server.url, noAsyncTraces: true });
    const connection = await connectNats({ servers: server.url });
    const away = await connectNats({ servers: server.url });
    const manager = await jetstreamManager(plain);
    await manager.streams.add({ name: 'raw', subjects: ['raw'] });
    const publisher = jetstreamOf(plain);
    const journal = await jetstream({ connection, clock, folder: server.replicaFolder });
    const epoch = await journal.claim('r', 'bench', { now: clock.now(), ttl: 3_600_000 });
    const bytes = new TextEncoder().encode(JSON.stringify(commitFor()));

    // As many actors as commits under way: each waits for its own commit, and commits share log entries.
    let [messages, generation] = [0, 0];
    const sent = nats({ connection: away, clock });
    const host = new Host({ journal, transport: nats({ connection, clock }), clock, lease: { owner: 'bench' } });
    const committing = (times: number, width: number) => {
      const [birth, seqs] = [generation++, new Map<number, number>()];
      return inFlight(times, width, (index) => {
        const lane = index % width;
        const seq = (seqs.get(lane) ?? 0) + 1;
        seqs.set(lane, seq);
        return journal.commit(commitFor({ actor: `agent/g${birth}.${lane}`, seq, epoch }));
      });
    };
    for (const { times, width } of concurrencies(2_000)) {
      const addresses = await Promise.all(
        Array.from({ length: width }, (_, n) => host.start(actorType(ticker), { run: `w${width}-${n}`, input: null })),
      );
      await connection.flush();
      const askCommitted = (index: number) =>
        sent.send({
          id: `m${messages++}`,
          type: 'inc',
          body: { type: 'inc' },
          from: 'person/p',
          to: addresses[index % width]!,
          run: `w${width}-${index % width}`,
          kind: 'signal',
        });
      await compare(`Durable, ${mode}, ${width} in flight`, [
        {
          name: `JetStream publish + ack, ${bytes.length} bytes`,
          run: () => inFlight(times, width, () => publisher.publish('raw', bytes)),
        },
        { name: 'a commit to the shared journal', run: () => committing(times, width) },
        { name: 'a message to an actor, committed', run: () => inFlight(times, width, askCommitted) },
      ]);
    }
    host.abandon();
    await journal[Symbol.asyncDispose]();
    for (const each of [plain, connection, away]) await each.close();
  }
}

if (process.argv[1]?.endsWith('commits.ts')) await durableCommits();
