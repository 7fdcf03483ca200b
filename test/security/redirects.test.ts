/** Redirects are followed as an HTTP client does, and each is checked like the first request. */
import { expect, test } from 'vitest';
import { systemClock } from '../../src/engine/clock.ts';
import { egress } from '../../src/security/egress.ts';
import { receiver, rejectionOf, type Reply } from './receiver.ts';

const clock = systemClock();
/** Names that stand for other origins; all lead to this machine. */
const lookup = async () => ['127.0.0.1'];
const client = egress({ clock, lookup, allow: ['first.test', 'second.test'] });

/** Answers `/status/N` with a redirect of that status to `to`, and everything else with ok. */
const redirectTo =
  (to: (port: number) => string, port: () => number): Reply =>
  ({ url }, response) => {
    const status = /^\/status\/(\d+)/.exec(url)?.[1];
    if (status === undefined) return void response.end('there');
    response.writeHead(Number(status), { location: to(port()) }).end();
  };

async function redirecting(to: (port: number) => string) {
  const server = await receiver(redirectTo(to, () => server.port));
  return server;
}

test.each([
  [301, 'POST', 'GET', ''],
  [302, 'POST', 'GET', ''],
  [303, 'POST', 'GET', ''],
  [303, 'PUT', 'GET', ''],
  [303, 'HEAD', 'HEAD', ''],
  [301, 'PUT', 'PUT', '{"a":1}'],
  [302, 'GET', 'GET', '{"a":1}'],
  [307, 'POST', 'POST', '{"a":1}'],
  [308, 'PUT', 'PUT', '{"a":1}'],
])('after %i a %s becomes a %s', async (status, method, next, body) => {
  await using server = await redirecting(() => '/there?x=1');
  const response = await client.request({
    url: `http://first.test:${server.port}/status/${status}`,
    method,
    headers: { 'Content-Type': 'application/json', 'X-Key': 'k' },
    ...(method === 'HEAD' ? {} : { body: '{"a":1}' }),
  });
  expect(response.status).toBe(200);
  expect(server.received).toHaveLength(2);
  expect(server.received[1]).toMatchObject({ method: next, url: '/there?x=1', body });
  expect(server.received[1]?.headers['x-key']).toBe('k');
  if (next === 'GET' && method !== 'GET') expect(server.received[1]?.headers).not.toHaveProperty('content-type');
});

test('another origin gets no credentials, whatever their header is called', async () => {
  await using server = await redirecting((port) => `http://second.test:${port}/there`);
  await client.request({
    url: `http://first.test:${server.port}/status/307`,
    method: 'POST',
    headers: {
      Authorization: 'Bearer s',
      Cookie: 's',
      'X-Api-Key': 's',
      'Idempotency-Key': 'k',
      'Content-Type': 'application/json',
    },
    body: '{}',
  });
  const [first, second] = server.received;
  expect(first?.headers).toMatchObject({ authorization: 'Bearer s', cookie: 's', 'x-api-key': 's' });
  expect(second).toMatchObject({
    body: '{}',
    headers: { host: `second.test:${server.port}`, 'content-type': 'application/json' },
  });
  for (const name of ['authorization', 'cookie', 'x-api-key', 'idempotency-key'])
    expect(second?.headers).not.toHaveProperty(name);
});

test('credentials do not come back when a redirect leads to the first origin again', async () => {
  await using server = await receiver(({ url, headers }, response) => {
    const { port } = server;
    if (url === '/a') response.writeHead(307, { location: `http://second.test:${port}/b` });
    if (url === '/b') response.writeHead(307, { location: `http://first.test:${port}/c` });
    response.end(headers.authorization ?? 'none');
  });
  const { body } = await client.request({
    url: `http://first.test:${server.port}/a`,
    headers: { authorization: 's' },
  });
  expect(Buffer.from(body).toString()).toBe('none');
});

test.each([
  ['http://127.0.0.1:PORT/there', 'denied'],
  ['http://2130706433:PORT/there', 'denied'],
  ['//localhost:PORT/there', 'denied'],
  ['http://169.254.169.254/', 'denied'],
  ['file:///etc/passwd', 'denied'],
  ['http://user@second.test:PORT/there', 'denied'],
  ['http://[', 'environment'],
])('a redirect to %s is not followed', async (to, kind) => {
  await using server = await redirecting((port) => to.replace('PORT', String(port)));
  const failure = await rejectionOf(client.request({ url: `http://first.test:${server.port}/status/302` }));
  expect(failure).toMatchObject({ kind, retryable: false, data: { sent: true } });
  expect(server.received).toHaveLength(1);
});

test('five redirects are followed, and a sixth is denied', async () => {
  await using server = await receiver(({ url }, response) => {
    const left = Number(url.slice(1));
    if (left > 0) response.writeHead(302, { location: `/${left - 1}` });
    response.end();
  });
  const url = (count: number) => `http://first.test:${server.port}/${count}`;
  expect(await client.request({ url: url(5) })).toMatchObject({ status: 200 });
  expect(server.received).toHaveLength(6);
  expect(await rejectionOf(client.request({ url: url(6) }))).toMatchObject({
    kind: 'denied',
    message: expect.stringContaining('more than 5 times'),
  });
  expect(server.received).toHaveLength(12);
});

test.each([
  ['without a location', {}, {}],
  ['that is not to be followed', { location: '/there' }, { redirect: 'manual' as const }],
])('a redirect %s is the response', async (_, headers, options) => {
  await using server = await receiver((_request, response) => void response.writeHead(302, headers).end());
  expect(await client.request({ url: `http://first.test:${server.port}/`, ...options })).toMatchObject({
    status: 302,
    headers,
  });
  expect(server.received).toHaveLength(1);
});
