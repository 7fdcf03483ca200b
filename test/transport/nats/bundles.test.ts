/** Processes that have met send each other bundles; everybody else, and everything that has to be sent again, is served message by message. */
import type { Msg, NatsConnection } from '@nats-io/transport-node';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { virtualClock } from 'troupe/testing';
import { transportSuite, type Envelope } from 'troupe/testing/suites';
import { TroupeError } from '../../../src/values/failure.ts';
import { systemClock } from '../../../src/engine/clock.ts';
import type { Clock } from '../../../src/values/clock.ts';
import { connectNats } from '../../../src/nats/connection.ts';
import { nats } from '../../../src/transport/nats/nats.ts';
import { encodeHeaders } from '../../../src/transport/nats/codec.ts';
import { natsServer, type NatsServer } from '../../nats/server.ts';

let server: NatsServer;
let connection: NatsConnection;
beforeAll(async () => {
  server = await natsServer('jetstream {}');
  connection = await connectNats({ servers: server.url });
});
afterAll(async () => {
  await connection.close();
  await server[Symbol.asyncDispose]();
});

let tenants = 0;
const newTenant = () => `b${tenants++}`;
/** One for all: processes have different ids. */
const clock = virtualClock();
const open = (tenant: string, on = connection, time: Clock = clock) => nats({ connection: on, clock: time, tenant });
let count = 0;
const tell = (body: Envelope['body'], over: Partial<Envelope> = {}): Envelope => ({
  id: `m${count++}`,
  type: 'greet',
  body,
  from: 'agent/a',
  to: 'agent/b',
  run: 'r1',
  kind: 'tell',
  ...over,
});
/** What is published below a subject, from now on. */
async function watch(subject: string): Promise<Msg[]> {
  const seen: Msg[] = [];
  connection.subscribe(subject, { callback: (_, message) => void seen.push(message) });
  await connection.flush();
  return seen;
}

transportSuite('nats, between processes that have met', {
  async open(time) {
    const tenant = newTenant();
    const [here, there] = [open(tenant, connection, time), open(tenant, connection, time)];
    for (const to of ['agent/a', 'agent/b', 'agent/nobody']) {
      using _ = there.listen(to, async () => {});
      await here.send(tell('met', { to }));
    }
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
  twice: async (transport, envelope) => {
    await transport.send(envelope);
    await transport.send(envelope);
  },
  settle: async () => {
    await connection.flush();
    await connection.flush();
  },
});

test('what one process sends another at the same moment travels as one message, and so do its acknowledgements', async () => {
  const tenant = newTenant();
  await using here = open(tenant);
  await using there = open(tenant);
  const got: unknown[] = [];
  there.listen('agent/b', async ({ body }) => {
    got.push(body);
    if (body === 7) throw new TroupeError('conflict', 'Seven was here before.');
  });
  await here.send(tell('first'));
  const seen = await watch(`troupe.${tenant}.>`);
  const sent = Array.from({ length: 100 }, (_, n) => n);
  const ends = await Promise.allSettled(sent.map((n) => here.send(tell(n))));
  await connection.flush();
  expect(got).toEqual(['first', ...sent]);
  expect(ends.flatMap((end, n) => (end.status === 'rejected' ? [[n, (end.reason as Error).message]] : []))).toEqual([
    [7, 'Seven was here before.'],
  ]);
  expect(seen.length).toBeLessThanOrEqual(4);
});

test('an ask and its answer between processes that have met are two messages, however many are asked in turn', async () => {
  const tenant = newTenant();
  await using here = open(tenant);
  await using there = open(tenant);
  const answers: Promise<void>[] = [];
  there.listen('agent/b', async ({ id, from }) => {
    answers.push(there.send(tell('yes', { from: 'agent/b', to: from, kind: 'reply', correlation: id })));
  });
  let answered = () => {};
  here.listen('door/x', async () => answered());
  const ask = () =>
    new Promise<void>((resolve, reject) => {
      answered = resolve;
      here.send(tell('well?', { from: 'door/x', kind: 'ask' })).catch(reject);
    });
  await ask();
  await Promise.all(answers);
  await connection.flush();
  const seen = await watch(`troupe.${tenant}.>`);
  for (let n = 0; n < 20; n++) await ask();
  await Promise.all(answers);
  await connection.flush();
  expect(seen.length).toBeLessThanOrEqual(2 * 20 + 2);
});

test('messages to an actor that is in another process by now arrive there, in the order sent', async () => {
  const tenant = newTenant();
  await using here = open(tenant);
  await using first = open(tenant);
  await using second = open(tenant);
  const listening = first.listen('agent/b', async () => {}, 'r1');
  first.listen('agent/c', async () => {}, 'r2');
  await here.send(tell('before'));
  await here.send(tell('before', { to: 'agent/c', run: 'r2' }));
  listening[Symbol.dispose]();
  const got: unknown[] = [];
  second.listen('agent/b', async ({ body }) => void got.push(body), 'r1');
  await connection.flush();
  await Promise.all([1, 2, 3].map((n) => here.send(tell(n))));
  await Promise.all([4, 5].map((n) => here.send(tell(n))));
  await here.send(tell('still here', { to: 'agent/c', run: 'r2' }));
  expect(got).toEqual([1, 2, 3, 4, 5]);
});

test('messages to a process that is gone are sent to the one that has its actors now', async () => {
  const tenant = newTenant();
  await using here = open(tenant);
  await using second = open(tenant);
  const dying = await connectNats({ servers: server.url });
  const first = open(tenant, dying);
  first.listen('agent/b', async () => {}, 'r1');
  await dying.flush();
  await here.send(tell('before'));
  await dying.close();
  const got: unknown[] = [];
  second.listen('agent/b', async ({ body }) => void got.push(body), 'r1');
  await connection.flush();
  await Promise.all([1, 2, 3].map((n) => here.send(tell(n))));
  expect(got).toEqual([1, 2, 3]);
  await first[Symbol.asyncDispose]();
});

test('a message that its process does not acknowledge is sent again by the subject of its actor, and ends with the first answer', async () => {
  const tenant = newTenant();
  const time = virtualClock();
  await using here = open(tenant, connection, time);
  await using first = open(tenant, connection, time);
  let taken = () => {};
  const listening = first.listen(
    'agent/b',
    ({ body }) => {
      taken();
      return body === 'before' ? Promise.resolve() : new Promise(() => {});
    },
    'r1',
  );
  await here.send(tell('before'));
  const isTaken = new Promise<void>((resolve) => (taken = resolve));
  const sending = here.send(tell('again'));
  await isTaken;
  listening[Symbol.dispose]();
  await using second = open(tenant, connection, time);
  const got: unknown[] = [];
  second.listen('agent/b', async ({ body }) => void got.push(body), 'r1');
  await connection.flush();
  time.advance(4_900);
  await connection.flush();
  expect(got).toEqual([]);
  time.advance(300);
  await sending;
  expect(got).toEqual(['again']);
});

test('a message on a connection that was closed is rejected at once, also to a process that was met', async () => {
  const tenant = newTenant();
  const closing = await connectNats({ servers: server.url });
  const here = open(tenant, closing);
  await using there = open(tenant);
  there.listen('agent/b', async () => {}, 'r1');
  await connection.flush();
  await here.send(tell('before'));
  await closing.close();
  await expect(here.send(tell('after'))).rejects.toThrow();
  await here[Symbol.asyncDispose]();
});

test('an actor that is nowhere any more is an unknown recipient', async () => {
  const tenant = newTenant();
  await using here = open(tenant);
  await using there = open(tenant);
  const listening = there.listen('agent/b', async () => {}, 'r1');
  there.listen('agent/c', async () => {}, 'r1');
  await here.send(tell('before'));
  listening[Symbol.dispose]();
  for (const body of [1, 2]) await expect(here.send(tell(body))).rejects.toMatchObject({ kind: 'unknown_recipient' });
});

test('small and large messages to one actor keep their order, whichever way each of them travels', async () => {
  const tenant = newTenant();
  await using here = open(tenant);
  await using there = open(tenant);
  const got: number[] = [];
  there.listen('agent/b', async ({ body }) => void got.push(JSON.stringify(body).length - 2));
  await here.send(tell('x'));
  const sizes = [2, 100_000, 3, 3_000_000, 4, 200_000, 5, 6];
  await Promise.all(sizes.map((size) => here.send(tell('x'.repeat(size)))));
  expect(got).toEqual([1, ...sizes]);
  // More than one message may hold, in pieces that each fit.
  const many = Array.from({ length: 200 }, (_, n) => 10_000 + n);
  await Promise.all(many.map((size) => here.send(tell('ü'.repeat(size)))));
  expect(got.slice(1 + sizes.length)).toEqual(many);
});

test('a process that knows no bundles gets each message by itself, and its own are acknowledged as it expects', async () => {
  const tenant = newTenant();
  await using here = open(tenant);
  const subject = `troupe.${tenant}.r1.agent.b.in`;
  const bodies: string[] = [];
  connection.subscribe(subject, {
    callback: (_, message) => {
      bodies.push(message.string());
      message.respond();
    },
  });
  here.listen('agent/d', async () => {}, 'r2');
  const answers = await watch(`troupe.${tenant}._inbox.older.*`);
  for (const n of [1, 2, 3]) await here.send(tell(n));
  expect(bodies).toEqual(['1', '2', '3']);
  for (const token of ['a', 'b'])
    connection.publish(`troupe.${tenant}.r2.agent.d.in`, 'null', {
      reply: `troupe.${tenant}._inbox.older.${token}`,
      headers: encodeHeaders(tell(null, { to: 'agent/d', run: 'r2' })),
    });
  await expect
    .poll(() =>
      answers.flatMap(({ subject: on, data }) => (data.length > 0 ? data.toString().split(' ') : [on.slice(-1)])),
    )
    .toEqual(['a', 'b']);
});

test('what is no bundle, or has parts that are no messages, is refused or left out, and disturbs no process', async () => {
  const tenant = newTenant();
  await using here = open(tenant);
  await using there = open(tenant);
  const got: unknown[] = [];
  there.listen('agent/b', async ({ body }) => void got.push(body));
  const seen = await watch(`troupe.${tenant}._inbox.>`);
  await here.send(tell('met'));
  await here.send(tell('met again'));
  const bundle = seen.find(({ data }) => data.toString().includes('messages'));
  const stranger = `troupe.${tenant}._inbox.stranger.+1`;
  const heading = { id: 'm', type: 'greet', from: 'agent/a', to: 'agent/b', run: 'r1', kind: 'tell' };
  const publish = (payload: string, reply = stranger) => connection.publish(bundle?.subject ?? '', payload, { reply });
  for (const payload of ['', 'no JSON', 'null', '[]', '{"messages":7}', '{"accepted":[7],"refused":[["x"]]}'])
    publish(payload);
  publish('{"messages":[["t",{},1]]}', 'elsewhere');
  const messages = [
    7,
    ['t0'],
    ['t1', {}, 1],
    ['t2', { ...heading, to: 'agent/nobody' }, 1],
    ['t3', heading, { ok: 1 }],
  ];
  publish(JSON.stringify({ messages, later: true }));
  const answers = () => seen.filter(({ subject }) => subject === stranger).map(({ data }) => data.toString());
  await expect.poll(answers).toHaveLength(1);
  expect(JSON.parse(answers()[0] ?? '')).toMatchObject({
    accepted: ['t3'],
    refused: [
      ['t1', { kind: 'invalid', message: expect.stringContaining('no message of a troupe') as string }],
      ['t2', { kind: 'unknown_recipient' }],
    ],
  });
  await here.send(tell('still here'));
  expect(got).toEqual(['met', 'met again', { ok: 1 }, 'still here']);
});

test('processes that have met before a server was lost reach each other afterwards, also with what was on its way', async () => {
  await using own = await natsServer('jetstream {}');
  const [one, two] = await Promise.all([connectNats({ servers: own.url }), connectNats({ servers: own.url })]);
  const tenant = newTenant();
  const time = systemClock();
  const [here, there] = [open(tenant, one, time), open(tenant, two, time)];
  const got = new Set<unknown>();
  there.listen('agent/b', async ({ body }) => void got.add(body));
  await two.flush();
  for (const body of ['first', 'second']) await here.send(tell(body));
  await own.kill();
  const sending = Promise.all(['third', 'fourth'].map((body) => here.send(tell(body))));
  await own.restart();
  await sending;
  await here.send(tell('fifth'));
  expect([...got]).toEqual(['first', 'second', 'third', 'fourth', 'fifth']);
  for (const each of [here, there]) await each[Symbol.asyncDispose]();
  await Promise.all([one.close(), two.close()]);
});
