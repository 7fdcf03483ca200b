/** What a user allows beside the public internet. */
import { expect, test } from 'vitest';
import { systemClock } from '../../src/engine/clock.ts';
import { egress } from '../../src/security/egress.ts';
import { network, receiver, rejectionOf } from './receiver.ts';

const clock = systemClock();

test.each([
  ['localhost', 'localhost'],
  ['LOCALHOST', 'localhost'],
  ['localhost', 'localhost.'],
  ['localhost:PORT', 'localhost'],
  ['127.0.0.1', '127.0.0.1'],
  ['127.0.0.1:PORT', '127.1'],
  ['127.0.0.0/8', '127.0.0.1'],
  ['127.0.0.0/8', 'localhost'],
  ['127.0.0.1', 'LocalHost'],
])('with %s allowed, %s can be reached', async (entry, host) => {
  await using server = await receiver();
  const lookup = async () => ['127.0.0.1'];
  const client = egress({ clock, lookup, allow: [entry.replace('PORT', String(server.port))] });
  expect(await client.request({ url: `http://${host}:${server.port}/x` })).toMatchObject({ status: 200 });
  expect(server.received).toMatchObject([{ method: 'GET', url: '/x' }]);
});

test.each([
  ['localhost', 'http://127.0.0.1/'],
  ['localhost:8080', 'http://localhost/'],
  ['localhost:8080', 'http://localhost:8081/'],
  ['127.0.0.1:8080', 'http://127.0.0.1:8081/'],
  ['127.0.0.1', 'http://127.0.0.2/'],
  ['10.0.0.0/8', 'http://11.0.0.1:25/'],
  ['10.0.0.0/8', 'http://127.0.0.1/'],
  ['fd00::/8', 'http://[fc00::1]/'],
  ['[::1]:80', 'http://[::1]:81/'],
  ['host', 'http://localhost/'],
])('with %s allowed, %s stays denied', async (entry, url) => {
  const { connect, addresses } = network();
  const client = egress({ clock, connect, lookup: async () => ['127.0.0.1'], allow: [entry] });
  expect(await rejectionOf(client.request({ url }))).toMatchObject({ kind: 'denied' });
  expect(addresses).toEqual([]);
});

test.each([
  ['::1', 'http://[::1]/', '::1'],
  ['[::1]', 'http://[0:0:0:0:0:0:0:1]/', '::1'],
  ['[::1]:8080', 'http://[::1]:8080/', '::1'],
  ['fd00::/8', 'http://[fd12::1]:25/', 'fd12::1'],
  ['10.0.0.0/8', 'http://10.1.2.3/', '10.1.2.3'],
  ['10.1.2.3', 'http://10.1.2.3:25/', '10.1.2.3'],
])('with %s allowed, %s is connected to', async (entry, url, address) => {
  const { connect, addresses } = network();
  expect(await rejectionOf(egress({ clock, connect, allow: [entry] }).request({ url }))).toMatchObject({
    kind: 'transient',
  });
  expect(addresses).toEqual([address]);
});

test.each([
  '',
  '10.0.0.0/33',
  '10.0.0.0/',
  '/8',
  'a/8',
  '10.0.0.0/8/8',
  'http://localhost',
  'a b',
  'x:99999',
  'x:port',
  '*',
  'a@b',
  'fe80::/129',
])('"%s" cannot be an entry of the list', (entry) => {
  expect(() => egress({ clock, allow: [entry] })).toThrow(/cannot be an entry of the list of allowed addresses/);
});
