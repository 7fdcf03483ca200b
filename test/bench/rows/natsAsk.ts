/** An ask between two connections of a real server: `nc.request` as it comes, against a typed ask with its envelope, its schemas and its deadline. */
import type { Envelope } from '../../../src/contracts/envelope.ts';
import type { Row, Scope, Timed } from '../row.ts';
import { counterIn, forgettingJournal } from './counter.ts';

/** Does `times` units of work, `width` under way at any moment. */
export async function inFlight(times: number, width: number, work: (index: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  const lane = async () => {
    for (let index = next++; index < times; index = next++) await work(index);
  };
  await Promise.all(Array.from({ length: width }, lane));
}

/** The goals are for an ask that a function answers, and for one that an actor answers. */
export function natsAsk(times: number, width: number, goals: { handler: number; actor: number }): Row {
  const asking = (ask: () => Promise<unknown>) => (timed: Timed) => timed(() => inFlight(times, width, ask));
  const against = 'nc.request';
  return {
    name: `nats-ask-${width}`,
    title: `an ask over NATS, ${width} in flight`,
    unit: 'ask',
    units: times,
    server: 'jetstream {}',
    columns: [
      {
        figure: 'rate',
        goals: [
          { of: 'troupe, to a handler', against, atLeast: goals.handler },
          { of: 'troupe, to an actor', against, atLeast: goals.actor },
        ],
      },
      { figure: 'busy' },
    ],
    contestants: [
      { name: 'nc.request', open: async (scope) => asking(await requests(scope)) },
      { name: 'troupe, to a handler', ours: true, open: async (scope) => asking(await asks(scope, 'handler')) },
      { name: 'troupe, to an actor', ours: true, open: async (scope) => asking(await asks(scope, 'actor')) },
    ],
  };
}

async function requests({ server, onEnd }: Scope) {
  const { connect } = await import('@nats-io/transport-node');
  const [asker, answerer] = await Promise.all([connect({ servers: server }), connect({ servers: server })]);
  onEnd(() => Promise.all([asker.close(), answerer.close()]));
  answerer.subscribe('raw', { callback: (_, message) => void message.respond(message.data) });
  await answerer.flush();
  return () => asker.request('raw', '{"n":1}', { timeout: 30_000 });
}

async function asks({ load, server, onEnd }: Scope, who: 'handler' | 'actor') {
  const { connectNats } = await load('src/nats/connection');
  const { systemClock } = await load('src/engine/clock');
  const { ReplyChannel } = await load('src/engine/ref');
  const { nats } = await load('src/transport/nats/nats');
  const { Host } = await load('src/engine/host');
  const clock = systemClock();
  const tenant = `p${process.pid}`;
  const [here, there] = await Promise.all([connectNats({ servers: server }), connectNats({ servers: server })]);
  onEnd(() => Promise.all([here.close(), there.close()]));
  const [asker, answerer] = [nats({ connection: here, clock, tenant }), nats({ connection: there, clock, tenant })];
  onEnd(() => Promise.all([asker[Symbol.asyncDispose](), answerer[Symbol.asyncDispose]()]));
  const { messages, type } = await counterIn(load);
  let address = 'counter/r';
  if (who === 'actor') {
    const host = new Host({
      journal: await forgettingJournal(load),
      transport: answerer,
      clock,
      lease: { owner: 'bench' },
    });
    onEnd(() => host.abandon());
    address = await host.start(type, { run: 'r', input: null });
  } else {
    const sending = new Set<Promise<unknown>>();
    onEnd(() => Promise.all(sending));
    const answer = async ({ id, type: name, body, from, run }: Envelope) => {
      const sum = messages.parse('sum', messages.parse('add', body));
      const sent = { id: `${id}.sum`, type: 'sum', body: sum, from: address, to: from, run };
      const reply = answerer.send({ ...sent, kind: 'reply', correlation: id, causation: name });
      sending.add(reply);
      void reply.finally(() => sending.delete(reply));
    };
    answerer.listen(address, answer, 'r');
  }
  await there.flush();
  const channel = new ReplyChannel(asker, clock);
  onEnd(() => channel[Symbol.dispose]());
  const ref = channel.ref(messages, address, 'r');
  return () => ref.ask('add', { n: 1 });
}
