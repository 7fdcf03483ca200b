/** Faults of the NATS transport: servers that are missing, too old, closed or lost; bodies that are too large; malformed messages. */
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { connect as plainConnect, headers as plainHeaders } from 'nats';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openRuntime } from 'troupe';
import { systemClock } from '../../../src/engine/clock.ts';
import { newMessage } from '../../../src/testing/suites/transport/fixtures.ts';
import { connectNats } from '../../../src/nats/connection.ts';
import { nats } from '../../../src/transport/nats/nats.ts';
import { limits } from '../../limits.ts';
import { natsServer, type NatsServer } from '../../nats/server.ts';

let server: NatsServer;
beforeAll(async () => {
  server = await natsServer();
});
afterAll(() => server[Symbol.asyncDispose]());

const clock = systemClock();
const open = async (tenant: string, url = server.url) => {
  const connection = await connectNats({ servers: url });
  const transport = nats({ connection, clock, tenant });
  return {
    ...transport,
    connection,
    async [Symbol.asyncDispose]() {
      await transport[Symbol.asyncDispose]();
      await connection.close();
    },
  };
};

test('without a server the error gives the address and says what to do', async () => {
  await expect(open('none', 'nats://127.0.0.1:1')).rejects.toMatchObject({
    kind: 'environment',
    message: expect.stringMatching(/^No NATS server answers at nats:\/\/127\.0\.0\.1:1: .*nats-server -js/) as string,
  });
});

test('wrong credentials are reported as such, without their secret', async () => {
  await using protectedServer = await natsServer('authorization { user: "u", password: "right" }');
  const wrong = connectNats({ servers: protectedServer.url, user: 'u', password: 'hunter2' });
  await expect(wrong).rejects.toMatchObject({ kind: 'auth' });
  await expect(wrong).rejects.not.toThrow(/hunter2/);
  const right = await connectNats({ servers: protectedServer.url, user: 'u', password: 'right' });
  expect(right.isClosed()).toBe(false);
  await right.close();
});

test('a server older than 2.10 is refused with the reason', async () => {
  // Only the first message (INFO) of such a server is needed.
  const old = createServer((socket) => {
    socket.write('INFO {"server_id":"x","version":"2.9.10","max_payload":1048576,"headers":true}\r\n');
    socket.on('data', (data) => data.includes('PING') && socket.write('PONG\r\n'));
    socket.on('error', () => {});
  });
  await new Promise<void>((ready) => old.listen(0, '127.0.0.1', ready));
  const url = `nats://127.0.0.1:${(old.address() as AddressInfo).port}`;
  await expect(open('old', url)).rejects.toMatchObject({
    kind: 'environment',
    message: expect.stringMatching(/is 2\.9\.10; a troupe needs 2\.10/) as string,
  });
  old.close();
});

test('a server that does not open the journal in time is reported as busy', async () => {
  // It accepts connections, and answers no request.
  const busy = createServer((socket) => {
    socket.write('INFO {"server_id":"x","version":"2.14.0","max_payload":1048576,"headers":true}\r\n');
    socket.on('data', (data) => data.includes('PING') && socket.write('PONG\r\n'));
    socket.on('error', () => {});
  });
  await new Promise<void>((ready) => busy.listen(0, '127.0.0.1', ready));
  const servers = `nats://127.0.0.1:${(busy.address() as AddressInfo).port}`;
  await expect(openRuntime({ nats: { servers }, env: {} })).rejects.toMatchObject({
    name: 'TroupeError',
    kind: 'environment',
    retryable: true,
    message: expect.stringMatching(/did not open the journal: .*Start again when it answers/) as string,
  });
  busy.close();
});

test('two processes reach each other only within their tenant', async () => {
  await using one = await open('shop');
  await using two = await open('shop');
  await using other = await open('bank');
  const got: string[] = [];
  two.listen('agent/b', async ({ body }) => void got.push(body as string));
  await two.connection.flush();
  await one.send(newMessage({ body: 'hello' }));
  await expect(other.send(newMessage())).rejects.toMatchObject({ kind: 'unknown_recipient' });
  expect(got).toEqual(['hello']);
});

test('a body larger than the message limit goes through the object store, and no later message overtakes it', async () => {
  await using one = await open('large');
  await using two = await open('large');
  const got: unknown[] = [];
  two.listen('agent/b', async ({ body }) => void got.push(body));
  await two.connection.flush();
  const bodies = ['first', 'x'.repeat(3_000_000), 'third'];
  await Promise.all(bodies.map((body) => one.send(newMessage({ body }))));
  expect(got).toEqual(bodies);
});

test('without an object store a body that is too large is refused with its size', async () => {
  await using plain = await natsServer('');
  await using transport = await open('plain', plain.url);
  await expect(transport.send(newMessage({ body: 'x'.repeat(3_000_000) }))).rejects.toMatchObject({
    kind: 'invalid',
    message: expect.stringMatching(
      /^A message of 3000002 bytes is more than this NATS server takes \(1048576\)/,
    ) as string,
  });
});

test('after a server is lost and comes back, messages under way arrive, and the listener still receives', async () => {
  await using ownServer = await natsServer();
  await using one = await open('lost', ownServer.url);
  await using two = await open('lost', ownServer.url);
  const got = new Set<unknown>();
  two.listen('agent/b', async ({ body }) => void got.add(body));
  await two.connection.flush();
  await one.send(newMessage({ body: 'before' }));
  await ownServer.kill();
  const sending = one.send(newMessage({ body: 'meanwhile' }));
  await ownServer.restart();
  await sending;
  expect([...got]).toEqual(['before', 'meanwhile']);
});

test('a message whose recipient dies while handling it is sent again, to the new listener', async () => {
  await using one = await open('dies');
  const first = await open('dies');
  let arrived!: () => void;
  const taken = new Promise<void>((resolve) => (arrived = resolve));
  first.listen('agent/b', () => (arrived(), new Promise(() => {})));
  await first.connection.flush();
  const sending = one.send(newMessage({ body: 'again' }));
  await taken;
  await first.connection.close();
  await using second = await open('dies');
  const got: unknown[] = [];
  second.listen('agent/b', async ({ body }) => void got.push(body));
  await sending;
  expect(got).toEqual(['again']);
});

test('a malformed message on the bus is refused, and disturbs no process', async () => {
  await using transport = await open('noise');
  const got: unknown[] = [];
  transport.listen('agent/b', async ({ body }) => void got.push(body));
  const plainClient = await plainConnect({ servers: server.url });
  const ask = async (payload: string, more: Record<string, string>) => {
    const sent = plainHeaders();
    for (const [name, value] of Object.entries(more)) sent.set(name, value);
    const { data } = await plainClient.request('troupe.noise.r1.agent.b.in', new TextEncoder().encode(payload), {
      timeout: limits.reply,
      headers: sent,
    });
    return new TextDecoder().decode(data);
  };
  expect(await ask('{', {})).toContain('no message of a troupe');
  expect(await ask('{"x":1}', { 'Troupe-From': 'me' })).toContain('no message of a troupe');
  const whole = {
    'Nats-Msg-Id': 'm1',
    'Troupe-Type': 'greet',
    'Troupe-From': 'person/me',
    'Troupe-To': 'agent/b',
    'Troupe-Run': 'r1',
    'Troupe-Kind': 'tell',
  };
  expect(await ask('not json', whole)).toContain('is no JSON');
  expect(await ask('{"x":1}', { ...whole, 'Troupe-Deadline': 'soon' })).toContain('deadline');
  expect(await ask('{"x":1}', { ...whole, 'Troupe-To': 'agent/c' })).toContain('came on troupe.noise.r1.agent.b.in');
  expect(await ask('{"x":1}', whole)).toBe('');
  expect(got).toEqual([{ x: 1 }]);
  await plainClient.close();
});

test.each(['', 'A', 'a.b', 'a b', '>'])('the tenant %j is refused', async (tenant) => {
  await expect(open(tenant)).rejects.toMatchObject({ kind: 'invalid' });
});

test('closing a connection while its server dies, also one that was lost before, ends no process', async () => {
  const server = await natsServer();
  const connection = await connectNats({ servers: server.url });
  const errors: unknown[] = [];
  const record = (error: unknown) => errors.push(error);
  process.on('uncaughtException', record);
  const back = (async () => {
    for await (const { type } of connection.status()) if (type === 'reconnect') return;
  })();
  await server.kill();
  await server.restart();
  await back;
  // This is what nats.js does when the other side is gone.
  const { socket } = (connection as unknown as { protocol: { transport: { socket: Socket } } }).protocol.transport;
  socket.end();
  connection.publish('anywhere');
  await connection.close();
  await new Promise(setImmediate);
  process.off('uncaughtException', record);
  expect(errors).toEqual([]);
  expect(socket.destroyed).toBe(true);
  await server[Symbol.asyncDispose]();
});
