/** An ask between two connections of a real server: `nc.request` as it comes, against a typed ask with its envelope, its schema on both sides and its deadline. */
import { connect } from '@nats-io/transport-node';
import * as z from 'zod';
import { assign, setup } from 'xstate';
import { engineActions, type MessageMeta } from '../../../machines/slot.ts';
import { protocol } from '../../../src/contracts/protocol.ts';
import { memory } from '../../../src/journal/memory.ts';
import { connectNats } from '../../../src/nats/connection.ts';
import { actorType } from '../../../src/engine/nodePlatform.ts';
import { systemClock } from '../../../src/engine/clock.ts';
import { Host } from '../../../src/engine/host.ts';
import { ReplyChannel } from '../../../src/engine/ref.ts';
import { nats } from '../../../src/transport/nats/nats.ts';
import type { Transport } from '../../../src/transport/transport.ts';
import { natsServer } from '../../nats/server.ts';
import { compare, concurrencies, inFlight } from '../measure.ts';

const CountingProtocol = protocol({
  add: { body: z.object({ n: z.number() }), replies: ['sum'] },
  sum: { body: z.object({ n: z.number() }) },
});
const counter = setup({
  types: {} as { context: { n: number }; events: { type: 'add'; body: { n: number }; meta: MessageMeta } },
  actions: { ...engineActions, add: assign({ n: ({ context, event }) => context.n + event.body.n }) },
}).createMachine({
  id: 'counter',
  context: { n: 0 },
  on: {
    add: {
      actions: [
        'add',
        { type: 'reply', params: ({ event, context }) => ({ ask: event.meta, type: 'sum', body: { n: context.n } }) },
      ],
    },
  },
});

const clock = systemClock();

/** A hand-written responder, so that only the round trip is measured. */
function answerByHand(transport: Transport): void {
  const address = 'counter/r';
  transport.listen(
    address,
    async ({ id, type, body, from, run }) => {
      const { n } = CountingProtocol.parse('add', body);
      void transport.send({
        id: `${id}.sum`,
        type: 'sum',
        body: CountingProtocol.parse('sum', { n }),
        from: address,
        to: from,
        run,
        kind: 'reply',
        correlation: id,
        causation: type,
      });
    },
    'r',
  );
}

export async function asks(): Promise<void> {
  await using server = await natsServer('jetstream {}');
  const plain = () => connect({ servers: server.url });
  const ours = () => connectNats({ servers: server.url });
  const [asker, answerer, untraced, here, there, actorConnection] = await Promise.all([
    plain(),
    plain(),
    connect({ servers: server.url, noAsyncTraces: true }),
    ours(),
    ours(),
    ours(),
  ]);
  answerer.subscribe('raw', { callback: (_, message) => void message.respond(message.data) });

  const transport = nats({ connection: here, clock });
  const handTransport = nats({ connection: there, clock });
  const engine = nats({ connection: actorConnection, clock });
  answerByHand(handTransport);
  const replyChannel = new ReplyChannel(transport, clock);
  // The history is left out: the journal measurements include it.
  const journal = { ...memory(), commit: async () => {}, handled: async () => undefined };
  const host = new Host({ journal, transport: engine, clock, lease: { owner: 'bench' } });
  const address = await host.start(actorType(counter, { handles: { add: z.object({ n: z.number() }) } }), {
    run: 'hosted',
    input: null,
  });
  const byHand = replyChannel.ref(CountingProtocol, 'counter/r', 'r');
  const byActor = replyChannel.ref(CountingProtocol, address, 'hosted');
  await Promise.all([answerer, there, actorConnection].map((connection) => connection.flush()));

  const raw = (connection: typeof asker) => () => connection.request('raw', '{"n":1}', { timeout: 30_000 });
  for (const { times, width } of concurrencies(10_000)) {
    const asking = (ask: () => Promise<unknown>) => ({ run: () => inFlight(times, width, ask) });
    await compare(`an ask over NATS, ${width} in flight`, [
      { name: 'nc.request, as it comes', ...asking(raw(asker)) },
      { name: 'nc.request, without its stacks', ...asking(raw(untraced)) },
      { name: 'ref.ask, answered by hand', ...asking(() => byHand.ask('add', { n: 1 })) },
      { name: 'ref.ask, answered by an actor', ...asking(() => byActor.ask('add', { n: 1 })) },
    ]);
  }
  host.abandon();
  replyChannel[Symbol.dispose]();
  for (const each of [transport, handTransport, engine]) await each[Symbol.asyncDispose]();
  for (const each of [asker, answerer, untraced, here, there, actorConnection]) await each.close();
}

if (process.argv[1]?.endsWith('ask.ts')) await asks();
