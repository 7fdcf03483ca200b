/** A door on a real port: what can only go wrong with sockets. */
import { connect } from 'node:net';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { httpDoor, type HttpDoor } from '../../../src/doors/http/base/door.ts';
import { jsonReply } from '../../../src/doors/http/base/reply.ts';
import { route } from '../../../src/doors/http/base/route.ts';
import { orchestratorRoutes } from '../../../src/doors/http/orchestrator/routes.ts';
import { limits } from '../../limits.ts';
import { fakeOrchestrator } from './fakeOrchestrator.ts';

const responses = { 200: { description: 'yes' } };
const echo = route({
  method: 'POST',
  path: '/echo',
  access: 'public',
  summary: 'echo',
  body: z.unknown(),
  responses,
  handle: ({ body }) => jsonReply(200, body ?? null),
});

/** Sends bytes as they are, and gives all that comes back until the connection ends. */
async function raw(door: HttpDoor, ...parts: readonly (string | Uint8Array)[]): Promise<string> {
  const socket = connect(Number(new URL(door.url).port), '127.0.0.1');
  let text = '';
  socket.setEncoding('latin1').on('data', (chunk: string) => (text += chunk));
  // The other side may end it while we still send.
  socket.on('error', () => {});
  for (const part of parts) socket.write(part);
  // `once` would reject with that error.
  await new Promise((resolve) => socket.once('close', resolve));
  return text;
}
const head = (target: string, ...headers: string[]) =>
  `${[`${target} HTTP/1.1`, 'host: localhost', 'connection: close', ...headers].join('\r\n')}\r\n\r\n`;
const statusIn = (text: string) => Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1]);

describe('limits', () => {
  let door: HttpDoor;
  beforeAll(async () => {
    door = await httpDoor({ port: 0, routes: [echo], receiveTimeout: 600, bodyLimit: 1_000 });
  });
  afterAll(() => door.close(0));

  test('a request is answered', async () => {
    const answer = await fetch(`${door.url}/echo`, { method: 'POST', body: '{"a":1}' });
    expect([answer.status, await answer.json()]).toEqual([200, { a: 1 }]);
  });

  test('headers that are too long or too many are 431', async () => {
    expect(statusIn(await raw(door, head('GET /echo', `a: ${'x'.repeat(20_000)}`)))).toBe(431);
    const many = Array.from({ length: 300 }, (_, at) => `h${at}: 1`);
    expect(statusIn(await raw(door, head('GET /echo', ...many)))).toBe(431);
    const flood = Array.from({ length: 10_000 }, (_, at) => `h${at}: 1`);
    expect(statusIn(await raw(door, head('GET /echo', ...flood)))).toBe(431);
  });

  test('a body that says it is too long is 413, and so is one that grows without end', async () => {
    expect(statusIn(await raw(door, head('POST /echo', 'content-length: 1001'), 'x'.repeat(1_001)))).toBe(413);
    const chunk = `3e8\r\n${'x'.repeat(1_000)}\r\n`;
    expect(statusIn(await raw(door, head('POST /echo', 'transfer-encoding: chunked'), chunk.repeat(50)))).toBe(413);
  });

  test('headers that never end, and a body that never comes, are ended with 408', async () => {
    expect(statusIn(await raw(door, 'GET /echo HTTP/1.1\r\nhost: localhost\r\nx: '))).toBe(408);
    expect(statusIn(await raw(door, head('POST /echo', 'content-length: 10'), '1'))).toBe(408);
  });

  test.each([
    ['*', 400],
    ['//', 400],
    ['//evil/x', 400],
    ['http://[', 400],
    ['http://localhost/echo', 400],
    ['\\echo', 400],
    ['/../../etc/passwd', 404],
    ['/%zz', 400],
  ])('the target %s is answered with %i', async (target, status) => {
    expect(statusIn(await raw(door, head(`GET ${target}`)))).toBe(status);
  });

  test.each(['TRACE', 'PROPFIND', 'M-SEARCH'])('the method %s is 405', async (method) => {
    expect(statusIn(await raw(door, head(`${method} /echo`)))).toBe(405);
  });

  test('a page whose name leads to this machine is refused', async () => {
    const text = 'POST /echo HTTP/1.1\r\nhost: evil.example\r\nconnection: close\r\ncontent-length: 1\r\n\r\n1';
    expect(statusIn(await raw(door, text))).toBe(421);
  });
});

test(
  'whatever is sent, the process lives, and the next request is answered',
  async () => {
    await using door = await httpDoor({ port: 0, routes: orchestratorRoutes(fakeOrchestrator()), receiveTimeout: 300 });
    const token = fc.constantFrom('GET', 'POST', 'HEAD', 'OPTIONS', 'PUT', 'TRACE', 'CONNECT', 'PRI', '', 'G\u0000T');
    const paths = [
      '/runs',
      '/invoke/news',
      '/runs/r%2Fa',
      '/approvals',
      '/heartbeat',
      '/',
      '*',
      '//',
      'http://[',
      '/%',
      '',
    ];
    const bytes = fc.string({ unit: 'binary', maxLength: 60 });
    const request = fc.record({
      method: token,
      path: fc.oneof(fc.constantFrom(...paths), bytes),
      query: fc.oneof(fc.constant(''), bytes),
      name: fc.oneof(
        fc.constantFrom(
          'content-length',
          'transfer-encoding',
          'upgrade',
          'expect',
          'authorization',
          'origin',
          'x-request-id',
          'idempotency-key',
          'content-encoding',
        ),
        bytes,
      ),
      value: fc.oneof(fc.constantFrom('chunked', '5', '-1', '100-continue', 'websocket', 'gzip'), bytes),
      body: fc.oneof(fc.json(), bytes, fc.constant('{"__proto__":{}}'), fc.constant('['.repeat(1_000))),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(request, { minLength: 4, maxLength: 8 }), async (requests) => {
        const answers = await Promise.all(
          requests.map(({ method, path, query, name, value, body }) =>
            raw(
              door,
              head(
                `${method} ${path}${query && `?${query}`}`,
                `${name}: ${value}`,
                `content-length: ${Buffer.byteLength(body)}`,
              ),
              body,
            ),
          ),
        );
        for (const text of answers) if (text !== '') expect(statusIn(text)).toBeLessThan(600);
        // None of the requests is a defect of ours.
        expect(answers.map(statusIn).filter((status) => status === 500)).toEqual([]);
        const alive = await fetch(`${door.url}/health`);
        expect(alive.status).toBe(200);
      }),
      { numRuns: 25 },
    );
  },
  limits.long,
);

describe('the end of a door', () => {
  test('requests that came before finish, further ones get 503, and then the port is free', async () => {
    const fake = fakeOrchestrator();
    const door = await httpDoor({ port: 0, routes: orchestratorRoutes(fake) });
    const waiting = fetch(`${door.url}/invoke/news?wait=60s`, { method: 'POST', body: '{}' });
    await expect.poll(() => fake.all.size).toBe(1);
    await door.close();
    // A wait ends with the door, so that its client can ask elsewhere.
    expect((await waiting).status).toBe(202);
    await expect(fetch(`${door.url}/health`)).rejects.toThrow();
    await door.close();
  });

  test('a request that does not finish is cut off after the grace', async () => {
    const stuck = route({
      method: 'GET',
      path: '/stuck',
      access: 'public',
      summary: 'stuck',
      responses,
      handle: () => {
        begun = true;
        return new Promise<never>(() => {});
      },
    });
    let begun = false;
    const door = await httpDoor({ port: 0, routes: [stuck] });
    const waiting = fetch(`${door.url}/stuck`).catch(() => 'cut off');
    await expect.poll(() => begun).toBe(true);
    const late = door.close(300);
    const refused = await fetch(`${door.url}/stuck`);
    expect([refused.status, refused.headers.get('connection')]).toEqual([503, 'close']);
    await late;
    expect(await waiting).toBe('cut off');
  });
});

describe('who may open one', () => {
  test('an address that others reach needs a token, or consent', async () => {
    await expect(httpDoor({ port: 0, host: '0.0.0.0', routes: [] })).rejects.toMatchObject({ kind: 'definition' });
    await expect(httpDoor({ port: 0, token: 'short', routes: [] })).rejects.toMatchObject({ kind: 'definition' });
    await using insecure = await httpDoor({ port: 0, host: '0.0.0.0', insecure: true, routes: [] });
    await using guarded = await httpDoor({ port: 0, host: '0.0.0.0', token: 'a-token-of-the-server', routes: [] });
    expect(insecure.url).not.toBe(guarded.url);
  });

  test('a port that is taken is named', async () => {
    await using door = await httpDoor({ port: 0, routes: [] });
    const port = Number(new URL(door.url).port);
    await expect(httpDoor({ port, routes: [] })).rejects.toMatchObject({
      kind: 'environment',
      message: expect.stringContaining(`127.0.0.1:${port}`) as string,
    });
  });
});
