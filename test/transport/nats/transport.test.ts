/** The NATS transport keeps the contract of every transport, on a real server. */
import { headers, type NatsConnection } from '@nats-io/transport-node';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { virtualClock } from 'troupe/testing';
import { transportSuite, type Envelope, type Transport } from 'troupe/testing/suites';
import { TroupeError } from '../../../src/values/failure.ts';
import { connectNats } from '../../../src/nats/connection.ts';
import { nats } from '../../../src/transport/nats/nats.ts';
import { encodeHeaders } from '../../../src/transport/nats/codec.ts';
import { limits } from '../../limits.ts';
import { natsServer, type NatsServer } from '../../nats/server.ts';

let server: NatsServer;
let connection: NatsConnection;
beforeAll(async () => {
  server = await natsServer();
  connection = await connectNats({ servers: server.url });
});
afterAll(async () => {
  await connection.close();
  await server[Symbol.asyncDispose]();
});

let tenant = 0;
const shared = {
  twice: async (transport: Transport, envelope: Envelope) => {
    await transport.send(envelope);
    await transport.send(envelope);
  },
  settle: async () => {
    await connection.flush();
    await connection.flush();
  },
};

transportSuite('nats, from one process to another', {
  ...shared,
  async open(clock) {
    const options = { connection, clock, tenant: `t${tenant++}` };
    const [here, there] = [nats(options), nats(options)];
    return {
      send: (envelope) => here.send(envelope),
      publish: (topic, envelope) => here.publish(topic, envelope),
      listen: (address, receive) => there.listen(address, receive),
      subscribe: (topic, record) => there.subscribe(topic, record),
      async [Symbol.asyncDispose]() {
        await here[Symbol.asyncDispose]();
        await there[Symbol.asyncDispose]();
      },
    };
  },
});

transportSuite('nats, within one process', {
  ...shared,
  open: async (clock) => nats({ connection, clock, tenant: `t${tenant++}` }),
});

test('all actors of a run share one subscription, and a message to a missing actor is refused as unknown recipient', async () => {
  const options = { connection, clock: virtualClock(), tenant: `t${tenant++}` };
  await using here = nats(options);
  await using there = nats(options);
  const subscribing = vi.spyOn(connection, 'subscribe');
  const got: string[] = [];
  const listening = Array.from({ length: 1_000 }, (_, n) =>
    there.listen(`agent/r1.${n}`, async ({ to }) => void got.push(to), 'r1'),
  );
  expect(subscribing).toHaveBeenCalledTimes(1);
  await connection.flush();
  const message = { id: 'm1', type: 'greet', body: {}, from: 'agent/a', run: 'r1', kind: 'tell' } as const;
  await here.send({ ...message, to: 'agent/r1.999' });
  expect(got).toEqual(['agent/r1.999']);
  await expect(here.send({ ...message, to: 'agent/r1.1000' })).rejects.toMatchObject({ kind: 'unknown_recipient' });
  for (const one of listening) one[Symbol.dispose]();
  await expect(here.send({ ...message, to: 'agent/r1.999' })).rejects.toMatchObject({ kind: 'unknown_recipient' });
});

test('messages accepted at the same moment share acknowledgements, and one from a plain client gets its own', async () => {
  const options = { connection, clock: virtualClock(), tenant: `t${tenant++}` };
  await using here = nats(options);
  await using there = nats(options);
  const refused = 'agent/b takes nothing odd.';
  there.listen('agent/b', async ({ body }) => {
    if (body === 77) throw new TroupeError('invalid', refused);
  });
  let acks = 0;
  connection.subscribe(`troupe.${options.tenant}._inbox.>`, { callback: () => void acks++ });
  await connection.flush();
  const message = { type: 'greet', from: 'agent/a', to: 'agent/b', run: 'r1', kind: 'tell' } as const;
  const sending = Array.from({ length: 100 }, (_, n) => here.send({ ...message, id: `m${n}`, body: n }));
  const ends = await Promise.allSettled(sending);
  expect(ends.flatMap((end) => (end.status === 'rejected' ? [end.reason as Error] : []))).toMatchObject([
    { kind: 'invalid', message: refused },
  ]);
  await shared.settle();
  expect(acks).toBeLessThan(50);
  const subject = `troupe.${options.tenant}.r1.agent.b.in`;
  const plainHeaders = encodeHeaders({ ...message, id: 'plain', body: null });
  const response = await connection.request(subject, 'null', { timeout: limits.reply, headers: plainHeaders });
  expect(response.data).toHaveLength(0);
  expect(response.headers?.has('Troupe-Failure') ?? false).toBe(false);
});

test('headers are percent-encoded as in a URI: another program may encode every character, and ours are read as they were', async () => {
  const options = { connection, clock: virtualClock(), tenant: `t${tenant++}` };
  await using receiver = nats(options);
  const received: Envelope[] = [];
  receiver.listen('agent/b', async (envelope) => void received.push(envelope), 'r1');
  const subject = `troupe.${options.tenant}.r1.agent.b.in`;
  const sender = 'person/ada';
  const fields = {
    'Nats-Msg-Id': 'm 1/ü%',
    'Troupe-Type': 'note',
    'Troupe-Kind': 'tell',
    'Troupe-Run': 'r1',
    'Troupe-From': sender,
    'Troupe-To': 'agent/b',
  };
  for (const encode of [encodeURIComponent, encodeURI, (text: string) => encodeURIComponent(text).toLowerCase()]) {
    const sent = headers();
    for (const [name, value] of Object.entries(fields)) sent.set(name, encode(value));
    const response = await connection.request(subject, '1', { timeout: limits.reply, headers: sent });
    expect(response.data.toString()).toBe('');
  }
  await receiver.send({ id: 'm 1/ü%', type: 'note', kind: 'tell', run: 'r1', from: sender, to: 'agent/b', body: 1 });
  expect(received).toHaveLength(4);
  for (const { id, from, to } of received)
    expect({ id, from, to }).toEqual({ id: 'm 1/ü%', from: sender, to: 'agent/b' });
});

const tell = { id: 'm1', type: 'greet', body: {}, from: 'agent/a', run: 'r1', kind: 'tell' } as const;

test('an actor that ends leaves the others of its run their messages', async () => {
  const options = { connection, clock: virtualClock(), tenant: `t${tenant++}` };
  await using here = nats(options);
  await using there = nats(options);
  const got: string[] = [];
  const receive = async ({ to }: Envelope) => void got.push(to);
  const first = there.listen('agent/r1.1', receive, 'r1');
  there.listen('agent/r1.2', receive, 'r1');
  await connection.flush();
  first[Symbol.dispose]();
  await connection.flush();
  await here.send({ ...tell, to: 'agent/r1.2' });
  expect(got).toEqual(['agent/r1.2']);
});

test('two messages of one plain client that are accepted at the same moment are acknowledged each by itself', async () => {
  const name = `t${tenant++}`;
  await using there = nats({ connection, clock: virtualClock(), tenant: name });
  there.listen('agent/b', async () => {}, 'r1');
  const answered: string[] = [];
  const answers = connection.subscribe('_INBOX.plain.*', { callback: (_, { subject }) => void answered.push(subject) });
  await connection.flush();
  for (const reply of ['_INBOX.plain.one', '_INBOX.plain.two'])
    connection.publish(`troupe.${name}.r1.agent.b.in`, '{}', {
      reply,
      headers: encodeHeaders({ ...tell, to: 'agent/b' }),
    });
  await expect.poll(() => answered).toEqual(['_INBOX.plain.one', '_INBOX.plain.two']);
  answers.unsubscribe();
});

test('a refusal arrives, however long its reason is', async () => {
  const options = { connection, clock: virtualClock(), tenant: `t${tenant++}` };
  await using here = nats(options);
  await using there = nats(options);
  const reason = 'x'.repeat(2 * 1024 * 1024);
  there.listen('agent/b', () => Promise.reject(new TroupeError('tool', reason, { data: { reason } })), 'r1');
  await connection.flush();
  await expect(here.send({ ...tell, to: 'agent/b' })).rejects.toMatchObject({
    kind: 'tool',
    message: `${'x'.repeat(2_000)}…`,
  });
});

test('what looks like an encoded character, a line of its own or another script arrives in a header as it was sent', async () => {
  const options = { connection, clock: virtualClock(), tenant: `t${tenant++}` };
  await using here = nats(options);
  await using there = nats(options);
  const got: string[] = [];
  there.listen('agent/b', async ({ type, causation }) => void got.push(type, String(causation)), 'r1');
  await connection.flush();
  const [type, causation] = ['größe %41 研究', 'm0\r\nTroupe-Kind: ask'];
  await here.send({ ...tell, type, causation, to: 'agent/b' });
  expect(got).toEqual([type, causation]);
});

test('a reply channel that listens for one run gets its replies', async () => {
  const options = { connection, clock: virtualClock(), tenant: `t${tenant++}` };
  await using here = nats(options);
  await using there = nats(options);
  const got: unknown[] = [];
  there.listen('door/d1', async ({ body }) => void got.push(body), 'r1');
  await connection.flush();
  const reply = {
    id: 'm1',
    type: 'reply',
    body: 42,
    from: 'agent/a',
    to: 'door/d1',
    run: 'r1',
    kind: 'reply',
  } as const;
  await here.send({ ...reply, correlation: 'm0' });
  expect(got).toEqual([42]);
});
