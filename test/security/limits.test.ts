/** What a request may cost: time, and the size of its response. And what it may carry. */
import { readFileSync } from 'node:fs';
import { connect as tcpConnect, createServer, type AddressInfo, type Socket, type TcpNetConnectOpts } from 'node:net';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { systemClock } from '../../src/engine/clock.ts';
import { egress } from '../../src/security/egress.ts';
import { virtualClock } from '../../src/testing/clock.ts';
import { receiver, rejectionOf, type Reply } from './receiver.ts';

const clock = systemClock();
const allow = ['127.0.0.1', 'localhost'];
const client = egress({ clock, allow });
const megabyte = 1_024 * 1_024;

/** Writes for as long as the other side reads. */
const endless: Reply = (_, response) => {
  const chunk = 'x'.repeat(64 * 1_024);
  const more = () => {
    while (!response.destroyed && response.write(chunk));
  };
  response.on('drain', more);
  more();
};

test('a body that never ends is denied at the limit', async () => {
  await using server = await receiver(endless);
  expect(await rejectionOf(client.request({ url: server.url }))).toMatchObject({
    kind: 'denied',
    message: expect.stringContaining('larger than 10485760 bytes'),
    data: { sent: true },
  });
});

test('a request can ask for less, and not for more than the client allows', async () => {
  await using server = await receiver((_, response) => void response.end('x'.repeat(1_000)));
  const strict = egress({ clock, allow, maxBytes: 500 });
  expect(await rejectionOf(client.request({ url: server.url, maxBytes: 999 }))).toMatchObject({ kind: 'denied' });
  expect((await client.request({ url: server.url, maxBytes: 1_000 })).body).toHaveLength(1_000);
  expect(await rejectionOf(strict.request({ url: server.url, maxBytes: 1_000 }))).toMatchObject({ kind: 'denied' });
});

test('the body of a request that does not want it is not kept, even when it never ends', async () => {
  await using server = await receiver(endless);
  expect(await client.request({ url: server.url, discard: true })).toMatchObject({
    status: 200,
    body: new Uint8Array(),
  });
});

test('a body that is not wanted and comes too slowly is no failure', async () => {
  const time = virtualClock();
  await using server = await receiver((_, response) => void response.write('x'));
  /** The time is up once the client has read the status, which it does with the first bytes. */
  const connect = (options: TcpNetConnectOpts) => {
    const socket = tcpConnect(options);
    socket.once('data', () => setImmediate(() => time.advance(2_000)));
    return socket;
  };
  const impatient = egress({ clock: time, allow, connect });
  expect(await impatient.request({ url: server.url, discard: true, timeout: 2_000 })).toMatchObject({ status: 200 });
});

test.each([
  ['gzip', gzipSync],
  ['deflate', deflateSync],
  ['br', brotliCompressSync],
])('a body packed with %s is unpacked, and denied when it becomes too large', async (encoding, pack) => {
  const bodies: Record<string, string> = { '/small': 'hello', '/bomb': '0'.repeat(11 * megabyte) };
  await using server = await receiver(({ url }, response) => {
    response.writeHead(200, { 'content-encoding': encoding }).end(pack(bodies[url] ?? ''));
  });
  expect(Buffer.from((await client.request({ url: `${server.url}/small` })).body).toString()).toBe('hello');
  expect(await rejectionOf(client.request({ url: `${server.url}/bomb` }))).toMatchObject({
    kind: 'denied',
    message: expect.stringContaining('larger than'),
  });
});

test.each(['gzip', 'deflate', 'br', 'zstd', 'gzip, gzip'])(
  'a body that is not what its encoding %s says fails',
  async (encoding) => {
    await using server = await receiver((_, response) => {
      response.writeHead(200, { 'content-encoding': encoding }).end('this is not packed');
    });
    expect(await rejectionOf(client.request({ url: server.url }))).toMatchObject({
      kind: 'environment',
      retryable: false,
      data: { sent: true },
    });
  },
);

test.each([
  ['does not answer', () => {}],
  ['sends its body too slowly', (response: Parameters<Reply>[1]) => void response.write('x')],
])('a server that %s ends in a timeout', async (_, reply) => {
  const time = virtualClock();
  await using server = await receiver((_request, response) => reply(response));
  const arrived = server.next();
  const failure = rejectionOf(
    egress({ clock: time, allow }).request({ url: `${server.url}/slow?k=s3cr3t`, timeout: 1_000 }),
  );
  await arrived;
  time.advance(999);
  time.advance(1);
  expect(await failure).toMatchObject({
    kind: 'timeout',
    retryable: true,
    message: `${server.url}/slow did not answer within 1000 ms.`,
    data: { sent: true },
  });
});

test('no request takes longer than the client allows, a minute by default', async () => {
  const time = virtualClock();
  await using server = await receiver(() => {});
  const arrived = server.next();
  const failure = rejectionOf(egress({ clock: time, allow }).request({ url: server.url, timeout: 3_600_000 }));
  await arrived;
  expect((time.next ?? 0) - time.now()).toBe(60_000);
  time.advance(60_000);
  expect(await failure).toMatchObject({ kind: 'timeout' });
});

test('a look-up that does not end is a timeout, and nothing was sent', async () => {
  const time = virtualClock();
  const lookup = () => new Promise<never>(() => {});
  const failure = rejectionOf(egress({ clock: time, lookup }).request({ url: 'http://slow.test/', timeout: 5_000 }));
  time.advance(5_000);
  expect(await failure).toMatchObject({ kind: 'timeout', data: { sent: false } });
});

test('a request can be stopped before and while it runs', async () => {
  await using server = await receiver(() => {});
  const stop = new AbortController();
  const arrived = server.next();
  const failure = rejectionOf(client.request({ url: server.url, signal: stop.signal }));
  await arrived;
  stop.abort();
  expect(await failure).toMatchObject({ kind: 'cancelled', data: { sent: true } });
  expect(await rejectionOf(client.request({ url: server.url, signal: stop.signal }))).toMatchObject({
    kind: 'cancelled',
    data: { sent: false },
  });
  expect(server.received).toHaveLength(1);
});

/** A server that is no HTTP server: it writes a text, and closes. */
async function raw(text: string) {
  const server = createServer((socket: Socket) => {
    socket.on('error', () => {});
    socket.once('data', () => socket.end(text));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    [Symbol.asyncDispose]: () => new Promise<void>((r) => server.close(() => r())),
  };
}

test.each([
  ['closes without an answer', '', 'transient'],
  ['breaks off its body', 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf', 'transient'],
  ['does not speak HTTP', 'SSH-2.0-OpenSSH\r\n', 'environment'],
  ['sends headers without an end', `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(100_000)}\r\n\r\n`, 'environment'],
  ['sends two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab', 'environment'],
  ['changes to another protocol', 'HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n', 'transient'],
])('a server that %s fails the request', async (_, text, kind) => {
  await using server = await raw(text);
  expect(await rejectionOf(client.request({ url: server.url, timeout: 20_000 }))).toMatchObject({
    kind,
    retryable: kind === 'transient',
    data: { sent: true },
  });
});

test('a port where no server listens is a failure that can be tried again, and nothing was sent', async () => {
  const { url } = await (async () => {
    await using server = await receiver();
    return server;
  })();
  expect(await rejectionOf(client.request({ url: `${url}/x?k=s3cr3t` }))).toMatchObject({
    kind: 'transient',
    message: `${url}/x: the connection was refused (ECONNREFUSED).`,
    data: { sent: false },
  });
});

test.each([
  [{ 'X-A': 'a\r\nX-B: s3cr3t' }, 'invalid'],
  [{ 'X-A': 'a\nb' }, 'invalid'],
  [{ 'X-A': 'a\0' }, 'invalid'],
  [{ 'X-A': 'Ω' }, 'invalid'],
  [{ 'X-A\r\nX-B': 'a' }, 'invalid'],
  [{ '': 'a' }, 'invalid'],
  [{ 'x-a': 'a', 'X-A': 'b' }, 'invalid'],
  [{ Host: 'example.com' }, 'denied'],
  [{ 'Content-Length': '0' }, 'denied'],
  [{ 'Transfer-Encoding': 'chunked' }, 'denied'],
  [{ Connection: 'keep-alive' }, 'denied'],
])('the headers %j are refused, and their values not shown', async (headers, kind) => {
  await using server = await receiver();
  const failure = await rejectionOf(client.request({ url: server.url, headers }));
  expect(failure).toMatchObject({ kind, data: { sent: false } });
  expect(String(failure)).not.toContain('s3cr3t');
  expect(server.bytes()).toBe(0);
});

test.each([
  ['CONNECT', 'denied'],
  ['trace', 'denied'],
  ['GET /x HTTP/1.1\r\nX: ', 'invalid'],
  ['', 'invalid'],
])('the method "%s" is refused', async (method, kind) => {
  await using server = await receiver();
  expect(await rejectionOf(client.request({ url: server.url, method }))).toMatchObject({ kind });
  expect(server.bytes()).toBe(0);
});

test('a request is received as it was given', async () => {
  await using server = await receiver((_, response) => {
    response.writeHead(
      201,
      [
        ['Set-Cookie', 'a'],
        ['Set-Cookie', 'b'],
        ['X-Id', '7'],
      ].flat(),
    );
    response.end('größer');
  });
  const response = await client.request({
    url: `${server.url}/path?q=1#hash`,
    method: 'patch',
    headers: { 'X-A': 'a' },
    body: 'größer',
  });
  expect(server.received).toMatchObject([
    {
      method: 'PATCH',
      url: '/path?q=1',
      body: 'größer',
      headers: { 'x-a': 'a', 'content-length': '8', connection: 'close' },
    },
  ]);
  expect(response).toMatchObject({ status: 201, headers: { 'x-id': '7', 'set-cookie': 'a, b' } });
  expect(Buffer.from(response.body).toString()).toBe('größer');
});

const pem = (name: string) => readFileSync(new URL(`../nats/fixtures/tls/${name}.pem`, import.meta.url), 'utf8');

test('a server is believed when its certificate is trusted and names it', async () => {
  await using server = await receiver(undefined, { cert: pem('cert'), key: pem('key') });
  const lookup = async () => ['127.0.0.1'];
  const trusting = egress({ clock, allow: ['localhost', 'other.test'], lookup, authorities: pem('cert') });
  const at = (host: string) => `https://${host}:${server.port}/`;
  expect(await trusting.request({ url: at('localhost') })).toMatchObject({ status: 200 });
  expect(await rejectionOf(trusting.request({ url: at('other.test') }))).toMatchObject({
    kind: 'environment',
    message: expect.stringContaining('ERR_TLS_CERT_ALTNAME_INVALID'),
    data: { sent: false },
  });
  expect(await rejectionOf(client.request({ url: at('localhost') }))).toMatchObject({
    kind: 'environment',
    data: { sent: false },
  });
  expect(server.received).toHaveLength(1);
});

test('a redirect from https to http is denied', async () => {
  await using plain = await receiver();
  await using server = await receiver(
    (_, response) => void response.writeHead(307, { location: `http://localhost:${plain.port}/` }).end(),
    { cert: pem('cert'), key: pem('key') },
  );
  const trusting = egress({ clock, allow, authorities: pem('cert') });
  expect(
    await rejectionOf(trusting.request({ url: `https://localhost:${server.port}/`, method: 'POST', body: 's3cr3t' })),
  ).toMatchObject({ kind: 'denied', message: expect.stringContaining('not encrypted') });
  expect(plain.bytes()).toBe(0);
});
