/** What a request may reach. */
import { expect, test } from 'vitest';
import { systemClock } from '../../src/engine/clock.ts';
import { egress } from '../../src/security/egress.ts';
import { network, receiver, rejectionOf } from './receiver.ts';

const clock = systemClock();

test.each([
  'http://127.0.0.1/',
  'http://2130706433/',
  'http://0x7f.1/',
  'http://0177.0.0.1/',
  'http://127.1/',
  'http://①②⑦.0.0.1/',
  'http://0/',
  'http://[::1]/',
  'http://[::]/',
  'http://[::ffff:7f00:1]/',
  'http://[::ffff:127.0.0.1]/',
  'http://[::127.0.0.1]/',
  'http://[64:ff9b::7f00:1]/',
  'http://[64:ff9b:1::7f00:1]/',
  'http://[fd00:ec2::254]/',
  'http://[fe80::1]/',
  'http://[ff02::1]/',
  'http://[2002:7f00:1::]/',
  'http://[2001::7f00:1]/',
  'http://169.254.169.254/latest/meta-data/',
  'http://168.63.129.16/',
  'http://100.64.0.1/',
  'http://100.100.100.200/',
  'http://10.0.0.1/',
  'http://172.31.255.255/',
  'http://192.168.1.1/',
  'http://192.0.0.192/',
  'http://198.18.0.1/',
  'http://224.0.0.1/',
  'http://255.255.255.255/',
  'http:\\\\127.0.0.1/',
  'http://127.0.0.1./',
])('%s is denied before anything is connected to', async (url) => {
  const { connect, addresses } = network();
  const failure = await rejectionOf(egress({ clock, connect }).request({ url }));
  expect(failure).toMatchObject({ kind: 'denied', retryable: false, data: { sent: false } });
  expect(addresses).toEqual([]);
});

test('a denied request says which rule forbids it, and how to allow it', async () => {
  const failure = await rejectionOf(egress({ clock }).request({ url: 'http://127.0.0.1:6163/hook?key=s3cr3t' }));
  expect(failure).toMatchObject({
    message:
      'A request to http://127.0.0.1:6163/hook was denied: 127.0.0.1 is a loopback address. If it is meant, add "127.0.0.1:6163" to the list of allowed addresses.',
  });
});

test.each(['localhost', 'localhost.', 'LOCALHOST'])('%s is denied by the address that it leads to', async (host) => {
  await using server = await receiver();
  const failure = await rejectionOf(egress({ clock }).request({ url: `http://${host}:${server.port}/` }));
  expect(failure).toMatchObject({ kind: 'denied', message: expect.stringContaining('loopback') });
  expect(server.bytes()).toBe(0);
});

test.each([
  'file:///etc/passwd',
  'gopher://example.com/',
  'data:text/plain,x',
  'unix:/var/run/docker.sock',
  'ftp://example.com/',
])('the scheme of %s is denied', async (url) => {
  expect(await rejectionOf(egress({ clock }).request({ url }))).toMatchObject({
    kind: 'denied',
    message: expect.stringContaining('Use http or https'),
  });
});

test.each(['http://s3cr3t@example.com/', 'http://s3cr3t:pw@127.0.0.1/', 'http://a:s3cr3t@example.com/'])(
  'a user name or a password in a URL is denied, and not shown',
  async (url) => {
    const { connect, addresses } = network();
    const failure = await rejectionOf(egress({ clock, connect }).request({ url }));
    expect(failure).toMatchObject({ kind: 'denied', message: expect.stringContaining('user name') });
    expect(String(failure)).not.toContain('s3cr3t');
    expect(addresses).toEqual([]);
  },
);

test.each([
  '',
  'nonsense',
  '/path',
  'http://',
  'http://[::1',
  'http://a b/',
  `http://example.com/${'x'.repeat(20_000)}`,
])('a URL that cannot be read is invalid', async (url) => {
  expect(await rejectionOf(egress({ clock }).request({ url }))).toMatchObject({ kind: 'invalid' });
});

test('the port of another protocol is denied at a public address', async () => {
  const { connect, addresses } = network();
  const failure = await rejectionOf(egress({ clock, connect }).request({ url: 'http://8.8.8.8:25/' }));
  expect(failure).toMatchObject({ kind: 'denied', message: expect.stringContaining('port 25') });
  expect(addresses).toEqual([]);
});

test('a name is denied when one of its addresses is private', async () => {
  const { connect, addresses } = network();
  const lookup = async () => ['8.8.8.8', '10.0.0.7'];
  const failure = await rejectionOf(egress({ clock, connect, lookup }).request({ url: 'http://two.test/' }));
  expect(failure).toMatchObject({
    kind: 'denied',
    message: expect.stringContaining('two.test leads to 10.0.0.7, a private address'),
  });
  expect(addresses).toEqual([]);
});

test.each(['fe80::1%eth0', '0177.0.0.1', 'localhost', ''])(
  'an answer that is no address is denied: "%s"',
  async (answer) => {
    const { connect, addresses } = network();
    const lookup = async () => [answer];
    const failure = await rejectionOf(egress({ clock, connect, lookup }).request({ url: 'http://odd.test/' }));
    expect(failure).toMatchObject({ kind: 'denied' });
    expect(addresses).toEqual([]);
  },
);

test('a name without an address fails', async () => {
  const failure = await rejectionOf(egress({ clock, lookup: async () => [] }).request({ url: 'http://none.test/' }));
  expect(failure).toMatchObject({ kind: 'environment', data: { sent: false } });
});

test('a name that leads elsewhere with every look-up is connected to only where it was checked', async () => {
  const answers = ['8.8.8.8', '127.0.0.1', '8.8.4.4', '10.0.0.1'];
  let asked = 0;
  const lookup = async () => [answers[asked++ % answers.length] ?? ''];
  const { connect, addresses } = network();
  const client = egress({ clock, connect, lookup });
  const failures = await Promise.all(
    Array.from({ length: 400 }, () => rejectionOf(client.request({ url: 'http://rebinding.test/' }))),
  );
  expect(asked).toBe(400);
  expect(new Set(addresses)).toEqual(new Set(['8.8.8.8', '8.8.4.4']));
  expect(failures.filter((each) => (each as { kind: string }).kind === 'denied')).toHaveLength(200);
  expect(failures.filter((each) => (each as { kind: string }).kind === 'transient')).toHaveLength(200);
});

test('a connection that ends at another address than was asked for gets nothing', async () => {
  await using server = await receiver();
  const { connect, addresses } = network(server.port);
  const failure = await rejectionOf(
    egress({ clock, connect, lookup: async () => ['8.8.8.8'] }).request({ url: 'http://public.test/', body: 'x' }),
  );
  expect(failure).toMatchObject({ kind: 'denied', data: { sent: false } });
  expect(addresses).toEqual(['8.8.8.8']);
  expect(server.bytes()).toBe(0);
});

test('a proxy of the environment is not used', async () => {
  await using proxy = await receiver();
  await using server = await receiver();
  const before = { ...process.env };
  Object.assign(process.env, {
    http_proxy: proxy.url,
    HTTP_PROXY: proxy.url,
    ALL_PROXY: proxy.url,
    NODE_USE_ENV_PROXY: '1',
  });
  try {
    await egress({ clock, allow: ['127.0.0.1'] }).request({ url: server.url });
  } finally {
    process.env = before;
  }
  expect(server.received).toHaveLength(1);
  expect(proxy.bytes()).toBe(0);
});
