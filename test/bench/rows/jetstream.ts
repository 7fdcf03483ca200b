/** A message to an actor of the shared journal, until it is committed, against the acknowledgement of a message by JetStream in the same mode. */
import type { Row, Scope } from '../row.ts';
import { inFlight } from './natsAsk.ts';

const modes = { always: 'jetstream { sync_interval: always }', default: 'jetstream {}' };
/** As many bytes as the entry of a small commit. */
const bytes = new TextEncoder().encode('x'.repeat(360));

export function committedMessage(mode: keyof typeof modes, times: number, width: number, atLeast: number): Row {
  const against = 'publish + ack';
  return {
    name: `jetstream-${mode}-${width}`,
    title: `a message committed, ${width} in flight, on a server that ${mode === 'always' ? 'flushes each message' : 'is as it comes'}`,
    unit: 'message',
    units: times,
    server: modes[mode],
    columns: [{ figure: 'rate', goals: [{ of: 'troupe', against, atLeast }] }, { figure: 'busy' }],
    contestants: [
      {
        name: against,
        async open(scope) {
          const publish = await publishing(scope);
          return (timed) => timed(() => inFlight(times, width, publish));
        },
      },
      {
        name: 'troupe',
        ours: true,
        async open(scope) {
          const send = await sending(scope, width);
          return (timed) => timed(() => inFlight(times, width, send));
        },
      },
    ],
  };
}

async function publishing({ server, onEnd }: Scope) {
  const { connect } = await import('@nats-io/transport-node');
  const { jetstream, jetstreamManager } = await import('@nats-io/jetstream');
  const connection = await connect({ servers: server, noAsyncTraces: true });
  onEnd(() => connection.close());
  const manager = await jetstreamManager(connection);
  await manager.streams.add({ name: 'raw', subjects: ['raw'] });
  const publisher = jetstream(connection);
  return () => publisher.publish('raw', bytes);
}

/** As many actors as messages under way: each waits for its own commit, and commits share log entries. */
async function sending({ load, server, folder, onEnd }: Scope, width: number) {
  const { setup } = await import('xstate');
  const { connectNats } = await load('src/nats/connection');
  const { systemClock } = await load('src/engine/clock');
  const { actorType } = await load('src/engine/nodePlatform');
  const { nats } = await load('src/transport/nats/nats');
  const { Host } = await load('src/engine/host');
  const { jetstream } = await load('src/journal/shared/jetstream/open');
  const clock = systemClock();
  // A tenant of its own: no process applies what another one writes.
  const tenant = `p${process.pid}`;
  const [connection, away] = await Promise.all([connectNats({ servers: server }), connectNats({ servers: server })]);
  onEnd(() => Promise.all([connection.close(), away.close()]));
  const journal = await jetstream({ connection, clock, folder, tenant });
  onEnd(() => journal[Symbol.asyncDispose]());
  const host = new Host({ journal, transport: nats({ connection, clock, tenant }), clock, lease: { owner: 'bench' } });
  onEnd(() => host.abandon());
  const ticker = actorType(
    setup({ types: {} as { events: { type: 'inc' } } }).createMachine({
      id: 'ticker',
      initial: 'on',
      states: { on: { on: { inc: {} } } },
    }),
  );
  const start = (_: unknown, n: number) => host.start(ticker, { run: `r${n}`, input: null });
  const addresses = await Promise.all(Array.from({ length: width }, start));
  await connection.flush();
  const sender = nats({ connection: away, clock, tenant });
  let sent = 0;
  return (index: number) => {
    const n = index % width;
    const message = { id: `m${sent++}`, type: 'inc', body: { type: 'inc' }, from: 'person/p', kind: 'signal' as const };
    return sender.send({ ...message, to: addresses[n] ?? '', run: `r${n}` });
  };
}
