/** What all doors over HTTP share, asked without a socket. */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { virtualClock } from 'troupe/testing';
import type { HttpAppOptions } from '../../../src/doors/http/base/app.ts';
import { httpApp } from '../../../src/doors/http/base/app.ts';
import { jsonErrorIn } from '../../../src/doors/http/base/jsonSyntax.ts';
import { jsonFrom } from '../../../src/doors/http/base/jsonText.ts';
import { jsonReply } from '../../../src/doors/http/base/reply.ts';
import { route } from '../../../src/doors/http/base/route.ts';
import { TroupeError } from '../../../src/values/failure.ts';

const responses = { 200: { description: 'yes' } };
const echo = route({
  method: 'POST',
  path: '/echo',
  access: 'control',
  summary: 'echo',
  body: z.unknown(),
  responses,
  handle: ({ body }) => jsonReply(200, body ?? null),
});
const thing = route({
  method: 'GET',
  path: '/things/{id}',
  access: 'public',
  summary: 'thing',
  query: z.object({ q: z.string().optional() }),
  responses,
  handle: ({ params, query }) => jsonReply(200, { ...params, ...query }),
});
const failing = (thrown: unknown) =>
  route({
    method: 'GET',
    path: '/fails',
    access: 'public',
    summary: 'fails',
    responses,
    handle: () => {
      throw thrown;
    },
  });

type Lines = { level: string; message: string; facts: Record<string, unknown> | undefined }[];
async function opened(options: Partial<HttpAppOptions> = {}) {
  const log: Lines = [];
  const app = await httpApp({
    routes: [echo, thing],
    clock: virtualClock(),
    log: { write: (level, _, message, facts) => void log.push({ level, message, facts }) },
    ...options,
  });
  const ask = async (what: string, init: RequestInit = {}) => {
    const [method = '', target = ''] = what.split(' ');
    const response = await app.fetch(new Request(`http://localhost${target}`, { method, ...init }));
    const text = await response.text();
    return { status: response.status, text, headers: response.headers };
  };
  return { ask, log, app };
}

describe('paths and methods', () => {
  test('an unknown path is 404, a wrong method 405 with those that are right', async () => {
    const { ask } = await opened();
    expect(await ask('GET /nothing')).toMatchObject({ status: 404, text: 'not found\n' });
    const wrong = await ask('DELETE /things/1');
    expect([wrong.status, wrong.text, wrong.headers.get('allow')]).toEqual([
      405,
      'method not allowed\n',
      'GET, HEAD, OPTIONS',
    ]);
    expect((await ask('HEAD /echo')).status).toBe(405);
    expect((await ask('GET /things/')).status).toBe(404);
  });

  test('HEAD is GET without a body; OPTIONS tells the methods', async () => {
    const { ask } = await opened();
    expect(await ask('HEAD /things/1')).toMatchObject({ status: 200, text: '' });
    const options = await ask('OPTIONS /echo');
    expect([options.status, options.headers.get('allow')]).toEqual([204, 'OPTIONS, POST']);
  });

  test.each([
    '/things/%',
    '/things/%ff',
    '/things/a%00b',
    '/things/a%0d%0ab',
    '/things/1?a[]=1',
    '/things/1?__proto__=1',
    '/things/1?q=1&q=2',
    `/things/1?${Array.from({ length: 101 }, (_, at) => `p${at}=1`).join('&')}`,
  ])('%s is refused with 400', async (target) => {
    const { ask } = await opened();
    const refused = await ask(`GET ${target}`);
    expect([refused.status, JSON.parse(refused.text)]).toMatchObject([400, { kind: 'invalid', status: 400 }]);
  });

  test('a URL without end is refused with 414', async () => {
    const { ask } = await opened();
    expect((await ask(`GET /things/1?q=${'x'.repeat(9_000)}`)).status).toBe(414);
  });

  test('two routes of the same method and path cannot be served together', async () => {
    await expect(httpApp({ routes: [echo, echo] })).rejects.toMatchObject({ kind: 'definition' });
  });
});

describe('bodies', () => {
  test('one above the limit is 413, with its length or without', async () => {
    const { ask } = await opened({ bodyLimit: 10 });
    expect((await ask('POST /echo', { body: '"12345678"' })).status).toBe(200);
    expect((await ask('POST /echo', { body: '"123456789"' })).status).toBe(413);
    const endless = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(new TextEncoder().encode('[[[[[')),
    });
    // `duplex` is missing in the types of the web.
    expect((await ask('POST /echo', { body: endless, duplex: 'half' } as RequestInit)).status).toBe(413);
  });

  test('a compressed body is 415, and is not unpacked', async () => {
    const { ask } = await opened();
    expect((await ask('POST /echo', { body: '1', headers: { 'content-encoding': 'gzip' } })).status).toBe(415);
  });

  test('bytes that are no UTF-8 are refused with their place', async () => {
    const { ask } = await opened();
    const refused = await ask('POST /echo', { body: new Uint8Array([0x22, 0xff, 0x22]) });
    expect([refused.status, refused.text]).toEqual([400, expect.stringContaining('0xff')]);
  });

  test('a text of many characters is read without a deep stack', () => {
    expect(jsonErrorIn(`"${'x\\n'.repeat(2_000_000)}"`)).toBeUndefined();
  });

  test('the place of an error is found exactly when JSON.parse finds one', () => {
    const character = fc.constantFrom(...'{}[]",:\\u0123eE+-. \ntrufalsn\u0001'.split(''));
    const broken = fc
      .tuple(fc.json({ maxDepth: 4 }), fc.nat(), character, fc.boolean())
      .map(([text, at, other, replace]) => {
        const place = at % (text.length + 1);
        return text.slice(0, place) + other + text.slice(place + (replace ? 1 : 0));
      });
    fc.assert(
      fc.property(fc.oneof(broken, fc.json(), fc.string({ unit: character })), (text) => {
        let right = true;
        try {
          JSON.parse(text);
        } catch {
          right = false;
        }
        const at = jsonErrorIn(text);
        expect(at === undefined).toBe(right);
        // What is before the place can still become JSON, so no shorter text is wrong at an earlier place.
        if (at !== undefined && at > 0) expect(jsonErrorIn(text.slice(0, at)) ?? at).toBe(at);
      }),
      { numRuns: 2_000 },
    );
  });

  test.each(['__proto__', 'constructor', 'prototype'])('the name %s is refused at every depth', (name) => {
    const bytes = new TextEncoder().encode(`{"a":[{"b":{"${name}":1}}]}`);
    expect(() => jsonFrom(bytes)).toThrow(name);
  });

  test.each([
    ['9007199254740993', false],
    ['-9007199254740993123', false],
    ['9007199254740991', true],
    ['12345678.9', true],
    ['0.12345678901234567890', true],
    ['"9007199254740993"', true],
  ])('a number that would lose digits is refused: %s', (written, accepted) => {
    const read = () => jsonFrom(new TextEncoder().encode(`{"a":[${written}]}`));
    if (accepted) expect(read).not.toThrow();
    else expect(read).toThrow(`the number ${written} has more digits than a number keeps. Send it as a text`);
  });
});

describe('failures', () => {
  test('a handler that throws gives 500 without a stack or a reason; the log has it', async () => {
    const { ask, log } = await opened({ routes: [failing(new Error('the password is 123'))] });
    const failed = await ask('GET /fails');
    expect([failed.status, failed.headers.get('content-type')]).toEqual([500, 'application/problem+json']);
    expect(failed.text).not.toMatch(/password|base\.test/);
    expect(log).toMatchObject([{ level: 'error', facts: { defect: 'the password is 123', status: 500 } }]);
  });

  test.each([
    ['invalid', 400],
    ['auth', 401],
    ['budget', 402],
    ['denied', 403],
    ['unknown_recipient', 404],
    ['conflict', 409],
    ['mailbox_full', 429],
    ['storage', 503],
    ['timeout', 504],
  ] as const)('the kind %s is %i, as problem details', async (kind, status) => {
    const { ask } = await opened({ routes: [failing(new TroupeError(kind, 'why', { retryAfter: 1_500 }))] });
    const failed = await ask('GET /fails', { headers: { 'x-request-id': 'q1' } });
    expect(failed.status).toBe(status);
    expect(failed.headers.get('retry-after')).toBe('2');
    expect(JSON.parse(failed.text)).toMatchObject({ kind, status, detail: 'why', request_id: 'q1' });
  });

  test('what another part of the system threw is not described to the client', async () => {
    const refused = Object.assign(new Error('connect ECONNREFUSED 10.0.0.7:5432'), { code: 'ECONNREFUSED' });
    const { ask, log } = await opened({ routes: [failing(refused)] });
    const failed = await ask('GET /fails');
    expect([failed.status, failed.text]).toEqual([503, expect.not.stringContaining('10.0.0.7')]);
    expect(log).toMatchObject([{ level: 'error', facts: { defect: 'connect ECONNREFUSED 10.0.0.7:5432' } }]);
  });

  test.each([[undefined], [null], ['text'], [Object.create(null)], [{ status: 200 }]])(
    'whatever is thrown is 500: %j',
    async (thrown) => {
      const { ask } = await opened({ routes: [failing(thrown)] });
      expect((await ask('GET /fails')).status).toBe(500);
    },
  );

  test('a log that throws changes no answer', async () => {
    const log = {
      write: () => {
        throw new Error('disk full');
      },
    };
    const { ask } = await opened({ log });
    expect((await ask('GET /things/1')).status).toBe(200);
  });
});

describe('headers', () => {
  test('a request id is taken when it is well-formed, and made otherwise', async () => {
    const { ask } = await opened();
    const idFor = async (id: string) =>
      (await ask('GET /things/1', { headers: { 'x-request-id': id } })).headers.get('x-request-id');
    expect(await idFor('abc-1.2:3_x')).toBe('abc-1.2:3_x');
    expect(await idFor('two words')).toMatch(/^v1-/);
    expect(await idFor('x'.repeat(129))).toMatch(/^v1-/);
  });

  test('every answer has the headers that keep browsers from misusing it', async () => {
    const { ask } = await opened();
    for (const what of ['GET /things/1', 'GET /none', 'PUT /echo', 'GET /things/%']) {
      const { headers } = await ask(what);
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('cache-control')).toBe('no-store');
      expect(headers.get('content-security-policy')).toContain("default-src 'none'");
      expect(headers.get('access-control-allow-origin')).toBeNull();
    }
  });

  test('a web page of another origin may not use it, unless the origin is allowed', async () => {
    const { ask } = await opened({ origins: ['https://good.example'] });
    const from = (origin: string) => ({ body: '1', headers: { origin } });
    expect((await ask('POST /echo', from('https://evil.example'))).status).toBe(403);
    expect((await ask('POST /echo', from('null'))).status).toBe(403);
    expect((await ask('GET /things/1', { headers: { 'sec-fetch-site': 'cross-site' } })).status).toBe(403);
    const good = await ask('POST /echo', from('https://good.example'));
    expect([good.status, good.headers.get('access-control-allow-origin')]).toEqual([200, 'https://good.example']);
    const asked = await ask('OPTIONS /echo', { headers: { origin: 'https://good.example' } });
    expect(asked.headers.get('access-control-allow-methods')).toBe('OPTIONS, POST');
    expect((await ask('OPTIONS /echo', { headers: { origin: 'https://evil.example' } })).status).toBe(403);
  });

  test('another name for this machine is refused when only this machine is meant', async () => {
    const { ask } = await opened({ hosts: new Set(['localhost']) });
    expect((await ask('GET /things/1', { headers: { host: 'localhost:5050' } })).status).toBe(200);
    expect((await ask('GET /things/1', { headers: { host: 'evil.example' } })).status).toBe(421);
  });

  test('the log has a line for each request, without its query', async () => {
    const { ask, log } = await opened();
    await ask('GET /things/a%1bb');
    await ask('GET /things/1?q=secret', { headers: { 'x-request-id': 'q7' } });
    expect(log.map(({ message }) => message)).toEqual(['GET /things/a%1bb 400', 'GET /things/1 200']);
    expect(log[1]).toMatchObject({ level: 'info', facts: { request: 'q7', status: 200 } });
  });
});

test('while it stops, requests that came before are answered, and further ones get 503', async () => {
  let go = () => {};
  const slow = route({
    method: 'GET',
    path: '/slow',
    access: 'public',
    summary: 'slow',
    responses,
    handle: () => new Promise((resolve) => (go = () => resolve(jsonReply(200, 'done')))),
  });
  const { ask, app } = await opened({ routes: [slow] });
  const before = ask('GET /slow');
  await new Promise(setImmediate);
  let idle = false;
  const drained = app.drain().then(() => (idle = true));
  const late = await ask('GET /slow');
  expect([late.status, late.headers.get('retry-after'), idle]).toEqual([503, '1', false]);
  go();
  expect((await before).text).toBe('"done"');
  await drained;
});
