/** A webhook step, against a receiver on this machine. */
import { beforeAll, expect, test } from 'vitest';
import { sendWebhook, webhook, type WebhookDeps } from '../../actors/workflow/webhook.ts';
import { noMetrics } from '../../src/contracts/workflow/metrics.ts';
import type { Sealed } from '../../src/contracts/workflow/values.ts';
import { systemClock } from '../../src/engine/clock.ts';
import { performEffect } from '../../src/engine/effects.ts';
import { egress, type EgressOptions } from '../../src/security/egress.ts';
import { asJson, type JsonObject } from '../../src/values/json.ts';
import { loadLanguage } from '../../src/workflow/loadLanguage.ts';
import { virtualClock } from '../../src/testing/clock.ts';
import { scope } from '../actors/fixtures.ts';
import { network, receiver, rejectionOf, type Reply } from '../security/receiver.ts';

const secret = 's3cr3t-value';
const secrets = { secret: (name: string) => (name === 'SEC' ? secret : undefined) };

/** Puts secrets into texts where `[NAME]` stands for them, at the places that are sealed. */
beforeAll(loadLanguage);

const allow = ['127.0.0.1', 'localhost'];
const depsOf = (options: Partial<EgressOptions> = {}, schema?: JsonObject): WebhookDeps => ({
  egress: egress({ clock: systemClock(), allow, ...options }),
  secrets,
  step: () => (schema ? { schema } : {}),
});

const inputOf = (url: string, { sealed = [], timeout = 30_000, idempotent = true, ...request }: Change = {}) => ({
  step: 'w',
  request: { value: { url, method: 'POST', headers: {}, body: {}, ...request }, sealed },
  timeout,
  idempotent,
});
interface Change {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: JsonObject;
  readonly sealed?: { path: (string | number)[]; value: Sealed }[];
  readonly timeout?: number;
  readonly idempotent?: boolean;
}

/** Answers `/status/N` with that status, as the receiver of the recorded runs does. */
const asRecorded: Reply = ({ url }, response) => {
  if (url.startsWith('/slow')) return;
  response.writeHead(Number(/status\/(\d+)/.exec(url)?.[1] ?? 200), { 'content-type': 'application/json' });
  response.end('{"reply":"from-hook"}');
};

const perform = (input: ReturnType<typeof inputOf>, deps = depsOf()) => webhook(deps).effect.perform(input, scope());

test.each([
  ['a webhook', '/x', {}, 200, { method: 'POST', body: '{}' }],
  ['an answer without a body', '/status/204', {}, 204, { method: 'POST', body: '{}' }],
  ['a PUT', '/p', { method: 'PUT' }, 200, { method: 'PUT', body: '{}' }],
  ['a GET, which has a body, too,', '/p', { method: 'GET' }, 200, { method: 'GET', body: '{}' }],
  [
    'a body with typed values',
    '/a/str/inx?q=&e=fooval',
    { body: { bare: [1, 'x'], btn: 5, tpl: { k: 1 }, nul: null, big: 'größer' } },
    200,
    { method: 'POST', body: '{"bare":[1,"x"],"btn":5,"tpl":{"k":1},"nul":null,"big":"größer"}' },
  ],
])('%s is sent, and its answer is its status', async (_, path, change, status, sent) => {
  await using server = await receiver(asRecorded);
  const end = await perform(inputOf(`${server.url}${path}`, change));
  expect(end).toEqual({ status: 'complete', output: { sent: true, status_code: status }, metrics: noMetrics });
  expect(server.received).toMatchObject([{ ...sent, url: path, headers: { 'content-type': 'application/json' } }]);
});

test.each([
  [500, true, 'transient'],
  [503, true, 'transient'],
  [429, true, 'transient'],
  [400, false, 'tool'],
  [404, false, 'tool'],
  [401, false, 'auth'],
  [302, false, 'tool'],
  [304, false, 'tool'],
])('an answer with the status %i fails the step', async (status, retryable, kind) => {
  await using server = await receiver(asRecorded);
  const url = `${server.url}/status/${status}`;
  expect(await perform(inputOf(`${url}?key=${secret}`))).toEqual({
    status: 'failed',
    code: 'webhook_failed',
    failure: { kind, retryable, message: `webhook POST ${url} returned status ${status}`, data: { status } },
    metrics: noMetrics,
  });
  expect(server.received).toHaveLength(1);
});

test('a redirect is followed', async () => {
  await using server = await receiver(({ url }, response) => {
    if (url === '/old') response.writeHead(307, { location: '/new' });
    response.end();
  });
  expect(await perform(inputOf(`${server.url}/old`, { body: { a: 1 } }))).toMatchObject({
    output: { sent: true, status_code: 200 },
  });
  expect(server.received).toMatchObject([
    { url: '/old', body: '{"a":1}' },
    { url: '/new', body: '{"a":1}' },
  ]);
});

test('a port where no server listens fails the step, which may be tried again', async () => {
  const { url } = await (async () => {
    await using server = await receiver();
    return server;
  })();
  expect(await perform(inputOf(`${url}/x`, { idempotent: false }))).toMatchObject({
    status: 'failed',
    code: 'webhook_failed',
    failure: {
      kind: 'transient',
      retryable: true,
      message: `webhook POST ${url}/x: the connection was refused (ECONNREFUSED).`,
    },
  });
});

/** The end of a webhook whose receiver does not answer in a second. */
async function slowEnd(idempotent: boolean) {
  const time = virtualClock();
  await using server = await receiver(asRecorded);
  const arrived = server.next();
  const end = webhook(depsOf({ clock: time })).effect.perform(
    inputOf(`${server.url}/slow/1500`, { timeout: 1_000, idempotent }),
    { ...scope(), clock: time },
  );
  await arrived;
  time.advance(1_000);
  return { end: await end, url: `${server.url}/slow/1500` };
}

test('a receiver that does not answer in time fails the step, which may be tried again', async () => {
  const { end, url } = await slowEnd(true);
  expect(end).toEqual({
    status: 'failed',
    code: 'timeout',
    failure: {
      kind: 'timeout',
      retryable: true,
      message: `webhook POST ${url} did not answer within 1000 ms.`,
      data: { sent: true },
    },
    metrics: { ...noMetrics, duration_ms: 1_000 },
  });
});

test('a webhook that may have arrived and cannot be sent again is uncertain', async () => {
  expect((await slowEnd(false)).end).toMatchObject({
    status: 'failed',
    code: 'uncertain',
    failure: {
      kind: 'uncertain',
      retryable: false,
      message: expect.stringContaining('It may or may not have arrived'),
      data: { key: 'agent/a/webhook/w' },
    },
  });
});

test.each([
  [500, false],
  [502, false],
  [503, true],
  [429, true],
])('after %i a webhook that cannot be sent again may be tried again: %s', async (status, retryable) => {
  await using server = await receiver(asRecorded);
  const end = await perform(inputOf(`${server.url}/status/${status}`, { idempotent: false }));
  expect(end).toMatchObject({ status: 'failed', failure: { kind: 'transient', retryable } });
});

test('a webhook that was at work when its process stopped is sent again only when that does no harm', async () => {
  await using server = await receiver(asRecorded);
  const outcome = (idempotent: boolean) =>
    performEffect(
      // The engine takes effects of any input.
      webhook(depsOf()) as Parameters<typeof performEffect>[0],
      { id: 'w', src: 'webhook', input: asJson(inputOf(server.url, { idempotent })) },
      { ...scope(), again: true },
    );
  expect(await outcome(false)).toMatchObject({ ok: false, failure: { kind: 'uncertain' } });
  expect(server.received).toHaveLength(0);
  expect(await outcome(true)).toMatchObject({ ok: true, output: { status: 'complete' } });
  expect(server.received).toHaveLength(1);
});

test('the receiver is told one key for all attempts of a step, and another one for another step', async () => {
  await using server = await receiver(asRecorded);
  const { effect } = webhook(depsOf());
  const input = inputOf(server.url);
  await effect.perform(input, { ...scope(), key: 'workflow/x/3/0' });
  await effect.perform(input, { ...scope(), key: 'workflow/x/9/1' });
  await effect.perform({ ...input, step: 'other' }, { ...scope(), key: 'workflow/x/9/2' });
  await sendWebhook(depsOf(), input, { ...scope(), key: 'workflow/x/item/0' });
  expect(server.received.map(({ headers }) => headers['idempotency-key'])).toEqual([
    'workflow/x/webhook/w',
    'workflow/x/webhook/w',
    'workflow/x/webhook/other',
    'workflow/x/item/0',
  ]);
});

test('headers of the step are sent, and replace those that are usual', async () => {
  await using server = await receiver(asRecorded);
  const headers = { 'X-Source': 'troupe', 'content-TYPE': 'application/cloudevents+json' };
  await perform(inputOf(server.url, { headers }));
  expect(server.received[0]?.headers).toMatchObject({
    'x-source': 'troupe',
    'content-type': 'application/cloudevents+json',
    'idempotency-key': 'agent/a/webhook/w',
  });
});

test('secrets are put in when it is sent, and are in no failure', async () => {
  await using server = await receiver(asRecorded);
  const template = (text: string): Sealed => ({
    template: text,
    values: { params: {}, env: {}, step: {}, sealed: { 'env.SEC': { env: 'SEC' } } },
  });
  const sealed = (url: string) => [
    { path: ['url'], value: template(url) },
    { path: ['headers', 'authorization'], value: template('Bearer {{ env.SEC }}') },
    { path: ['body', 'token'], value: { env: 'SEC' } },
  ];
  const request = (url: string, more: Change = {}) =>
    inputOf('', { headers: { authorization: '' }, body: { token: null }, sealed: sealed(url), ...more });
  expect(await perform(request(`${server.url}/bot{{ env.SEC }}/send`))).toMatchObject({ status: 'complete' });
  expect(server.received).toMatchObject([
    { url: `/bot${secret}/send`, headers: { authorization: `Bearer ${secret}` }, body: `{"token":"${secret}"}` },
  ]);

  const ends = [
    await perform(request(`${server.url}/status/500/{{ env.SEC }}`)),
    await perform(request('http://localhost:1/{{ env.SEC }}')),
    await perform(request('http://10.0.0.1/{{ env.SEC }}')),
    await perform(request('http://{{ env.SEC }}@localhost/')),
    await perform(request('{{ env.SEC }}')),
  ];
  for (const end of ends) {
    expect(end.status).toBe('failed');
    expect(JSON.stringify(end)).not.toContain(secret);
  }
  expect(ends[1]).toMatchObject({
    failure: { message: 'webhook POST http://localhost:1/[REDACTED]: the connection was refused (ECONNREFUSED).' },
  });
});

test('what proofs record of a webhook has no secrets', async () => {
  await using server = await receiver(asRecorded);
  const calls: unknown[] = [];
  const input = inputOf(server.url, {
    body: { token: null, a: 1 },
    sealed: [{ path: ['body', 'token'], value: { env: 'SEC' } }],
  });
  await webhook(depsOf()).effect.perform(input, { ...scope(), onCall: (call) => void calls.push(call) });
  expect(calls).toEqual([{ tool: 'webhook w', isWrite: true, input: { token: null, a: 1 }, key: 'agent/a/webhook/w' }]);
  expect(server.received[0]?.body).toContain(secret);
});

test.each(['http://169.254.169.254/latest', 'http://2130706433/', 'http://[::ffff:7f00:1]/', 'file:///etc/passwd'])(
  'a webhook to %s is denied, and is not tried again',
  async (url) => {
    const { connect, addresses } = network();
    expect(await perform(inputOf(url), depsOf({ allow: [], connect }))).toMatchObject({
      status: 'failed',
      code: 'denied',
      failure: { kind: 'denied', retryable: false },
    });
    expect(addresses).toEqual([]);
  },
);

test('a header that would break out of its line is refused before anything is sent', async () => {
  await using server = await receiver(asRecorded);
  const end = await perform(inputOf(server.url, { headers: { 'X-A': 'a\r\nX-B: b' } }));
  expect(end).toMatchObject({ status: 'failed', code: 'invalid', failure: { kind: 'invalid', retryable: false } });
  expect(server.bytes()).toBe(0);
});

test('an answer that never ends is not read to its end', async () => {
  await using server = await receiver((_, response) => {
    const more = () => {
      while (!response.destroyed && response.write('x'.repeat(64 * 1_024)));
    };
    response.on('drain', more);
    more();
  });
  expect(await perform(inputOf(server.url))).toMatchObject({ output: { sent: true, status_code: 200 } });
});

test('the output must fit the schema of the step', async () => {
  await using server = await receiver(asRecorded);
  const end = await perform(inputOf(server.url), depsOf({}, { required: ['nope'] }));
  expect(end).toMatchObject({ status: 'failed', raw_output: { sent: true, status_code: 200 } });
  expect(server.received).toHaveLength(1);
});

test.each([
  [{ 'retry-after': '7' }, 7_000],
  [{ 'retry-after': 'Wed, 21 Oct 2015 07:28:10 GMT', date: 'Wed, 21 Oct 2015 07:28:00 GMT' }, 10_000],
  [{ 'retry-after': '1e9' }, undefined],
  [{ 'retry-after': '1000000000' }, 600_000],
  [{ 'retry-after': '-1' }, undefined],
  [{}, undefined],
])('the pause that the receiver asks for with %j is %s ms', async (headers, retryAfter) => {
  await using server = await receiver((_, response) => void response.writeHead(429, headers).end());
  const end = await perform(inputOf(server.url));
  expect(end.status === 'failed' && end.failure.retryAfter).toBe(retryAfter);
});

test('a webhook whose deadline has passed is not sent', async () => {
  await using server = await receiver(asRecorded);
  const end = await webhook(depsOf()).effect.perform(inputOf(server.url), { ...scope(), deadline: 1 });
  expect(end).toMatchObject({ status: 'failed', code: 'expired', failure: { kind: 'expired' } });
  expect(server.bytes()).toBe(0);
});

test('a webhook that is stopped has no end', async () => {
  await using server = await receiver(() => {});
  const stop = new AbortController();
  const arrived = server.next();
  const end = rejectionOf(webhook(depsOf()).effect.perform(inputOf(server.url), { ...scope(), signal: stop.signal }));
  await arrived;
  stop.abort();
  expect(await end).toMatchObject({ kind: 'cancelled' });
});
