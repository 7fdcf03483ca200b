/** `troupe nats-config`: what it writes, what it keeps, what it refuses. */
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { main } from '../../src/cli/program.ts';
import { natsServerBinary } from '../nats/server.ts';
import { fakeCli } from './fakeCli.ts';
import { workspace, type Workspace } from './troupe.ts';

const agents = JSON.stringify([{ id: 'ada', name: 'Ada', role: 'clerk' }]);
/** Runs the command in this process, in this folder. */
async function config(dir: Workspace, ...args: string[]) {
  const cli = fakeCli({ cwd: dir.folder });
  const code = await main(['nats-config', ...args], cli);
  return { code, out: cli.outputText(), err: cli.errorText() };
}
const seedOf = (dir: Workspace, path: string) => readFileSync(join(dir.folder, path), 'utf8').split('\n').at(-2)!;
const read = (dir: Workspace, path: string) => readFileSync(join(dir.folder, path), 'utf8');

test('a NATS server starts with the written folder: each role has a file that only its owner can read, and no key is in another file', async () => {
  using dir = workspace();
  dir.file('desk.json', agents);
  const { code, out, err } = await config(dir, 'desk.json', '--tenant', 'shop');
  expect({ code, err }).toEqual({ code: 0, err: expect.stringContaining('nats-server -c nats/nats.conf') as string });
  const files = readdirSync(join(dir.folder, 'nats/shop'));
  expect(files.sort()).toEqual(['asks-desk.nk', 'control.nk', 'node.nk', 'observer.nk', 'operator.nk']);
  const open = ['nats.conf', 'accounts.conf', 'roles.json'].map((name) => read(dir, `nats/${name}`)).join('\n');
  for (const file of files) {
    expect(statSync(join(dir.folder, 'nats/shop', file)).mode & 0o777).toBe(0o600);
    const seed = seedOf(dir, `nats/shop/${file}`);
    expect(seed).toMatch(/^SU[A-Z2-7]{56}$/);
    expect(open + out + err).not.toContain(seed);
  }
  expect(read(dir, 'nats/nats.conf')).toMatch(/listen: "127\.0\.0\.1:4222"[^]*sync_interval: always/);
  const { status, stderr } = spawnSync(natsServerBinary(), ['-t', '-c', join(dir.folder, 'nats/nats.conf')]);
  expect(status, String(stderr)).toBe(0);
});

test("adding a tenant or an agent keeps the others, and the user's changes in nats.conf", async () => {
  using dir = workspace();
  dir.file('desk.json', agents);
  dir.file('mail.json', agents);
  await config(dir, 'desk.json', '--tenant', 'shop');
  const before = seedOf(dir, 'nats/shop/node.nk');
  writeFileSync(join(dir.folder, 'nats/nats.conf'), `${read(dir, 'nats/nats.conf')}max_payload: 2MB\n`);
  const later = await config(dir, 'mail.json', '--tenant', 'shop', '--tenant', 'bank', '--listen', '127.0.0.1:5000');
  expect(later.out).toMatch(/^kept +nats\/shop\/node\.nk$/m);
  expect(later.out).toMatch(/^written +nats\/shop\/asks-mail\.nk$/m);
  expect(later.err).toContain('nats/nats.conf exists and was kept');
  expect(seedOf(dir, 'nats/shop/node.nk')).toBe(before);
  expect(read(dir, 'nats/nats.conf')).toContain('max_payload: 2MB');
  const accounts = read(dir, 'nats/accounts.conf');
  for (const name of ['"shop"', '"shop/asks-desk"', '"shop/asks-mail"', '"bank"', '"bank/asks-mail"'])
    expect(accounts).toContain(`${name}: {`);
  // By default a server closes a reply subject after two minutes; runs take longer.
  expect(accounts.match(/"response_threshold": "24h"/g)).toHaveLength(3);
});

test('a key whose file was moved stays valid on the server; a lost index is rebuilt from the key files', async () => {
  using dir = workspace();
  dir.file('desk.json', agents);
  await config(dir, 'desk.json');
  const roles = read(dir, 'nats/roles.json');
  rmSync(join(dir.folder, 'nats/default/node.nk'));
  await config(dir, 'desk.json');
  expect(read(dir, 'nats/roles.json')).toBe(roles);
  expect(readdirSync(join(dir.folder, 'nats/default'))).not.toContain('node.nk');
  const { node, ...others } = (JSON.parse(roles) as Record<string, Record<string, string>>)['default']!;
  rmSync(join(dir.folder, 'nats/roles.json'));
  await config(dir, 'desk.json');
  const found = (JSON.parse(read(dir, 'nats/roles.json')) as Record<string, Record<string, string>>)['default']!;
  expect(found).toMatchObject(others);
  expect(found['node']).not.toBe(node);
});

test('new keys are made only for the named users', async () => {
  using dir = workspace();
  dir.file('desk.json', agents);
  await config(dir, 'desk.json', '--tenant', 'shop', '--tenant', 'bank');
  const [shop, bank] = [seedOf(dir, 'nats/shop/node.nk'), seedOf(dir, 'nats/bank/node.nk')];
  await config(dir, 'desk.json', '--tenant', 'shop', '--force');
  expect(seedOf(dir, 'nats/shop/node.nk')).not.toBe(shop);
  expect(seedOf(dir, 'nats/bank/node.nk')).toBe(bank);
});

test.each([
  [['--listen', '0.0.0.0:4222'], /others could reach this server.*--tls CERT,KEY.*--insecure/],
  [['--listen', 'everywhere'], /HOST:PORT.*got "everywhere"/],
  [['--tls', 'cert.pem'], /CERT,KEY.*got "cert\.pem"/],
  [['--tenant', 'Shop'], /A tenant is a name of a-z.*got "Shop"/],
  [['desk.json'], /Two of the files define "desk"/],
])('%j is refused before anything is written', async (args, says) => {
  using dir = workspace();
  dir.file('desk.json', agents);
  expect(await config(dir, 'desk.json', ...args)).toEqual({
    code: 2,
    out: '',
    err: expect.stringMatching(says) as string,
  });
  expect(readdirSync(dir.folder)).toEqual(['desk.json']);
});

test('a server that other hosts can reach needs a certificate, or an explicit permission to go without', async () => {
  using dir = workspace();
  dir.file('desk.json', agents);
  const listen = ['--listen', '0.0.0.0:4222'];
  expect((await config(dir, 'desk.json', ...listen, '--tls', 'c.pem,k.pem')).code).toBe(0);
  expect(read(dir, 'nats/nats.conf')).toContain(`cert_file: "${join(dir.folder, 'c.pem')}"`);
  expect((await config(dir, 'desk.json', ...listen, '--insecure', '--out', 'open')).code).toBe(0);
  expect(read(dir, 'open/nats.conf')).toContain('listen: "0.0.0.0:4222"');
});

test('existing files are not overwritten', async () => {
  using dir = workspace();
  dir.file('desk.json', agents);
  await config(dir, 'desk.json');
  writeFileSync(join(dir.folder, 'nats/default/node.nk'), 'something else\n');
  expect(await config(dir, 'desk.json')).toMatchObject({
    code: 2,
    err: expect.stringContaining('holds no seed') as string,
  });
  expect(read(dir, 'nats/default/node.nk')).toBe('something else\n');
  writeFileSync(join(dir.folder, 'nats/roles.json'), '{"a":1}');
  expect((await config(dir, 'desk.json', '--tenant', 'b')).err).toMatch(/roles\.json is not what/);
});

test('a tenant keeps each limit until it is given another one, and the limits of one are not those of others', async () => {
  using dir = workspace();
  dir.file('desk.json', agents);
  await config(dir, 'desk.json', '--tenant', 'shop', '--max-storage', '2G', '--max-connections', '50');
  await config(dir, 'desk.json', '--tenant', 'bank', '--max-payload', '512K');
  await config(dir, 'desk.json', '--tenant', 'shop', '--max-connections', '60', '--max-subscriptions', '1000');
  const limits = JSON.parse(read(dir, 'nats/limits.json')) as unknown;
  expect(limits).toEqual({
    shop: { storage: 2 * 2 ** 30, connections: 60, subscriptions: 1000 },
    bank: { payload: 512 * 2 ** 10 },
  });
  const accounts = JSON.parse(read(dir, 'nats/accounts.conf').replace(/^#.*\naccounts: /, '')) as unknown;
  expect(accounts).toMatchObject({
    shop: {
      jetstream: { max_store: 2 * 2 ** 30, max_memory: 256 * 2 ** 20 },
      limits: { max_connections: 60, max_subscriptions: 1000 },
    },
    'shop/asks-desk': { limits: { max_connections: 60, max_subscriptions: 1000 } },
    bank: { jetstream: { max_store: 10 * 2 ** 30 }, limits: { max_payload: 512 * 2 ** 10 } },
  });
  const { status, stderr } = spawnSync(natsServerBinary(), ['-t', '-c', join(dir.folder, 'nats/nats.conf')]);
  expect(status, String(stderr)).toBe(0);
});

test.each([
  [['--max-storage', '0'], /Expected a size above zero: 10G/],
  [['--max-storage', 'lots'], /Expected a size above zero: 10G/],
  [['--max-connections', '1'], /a tenant needs at least 4/],
  [['--max-payload', '1K'], /A message has at least 64K/],
])('a limit under which nothing works is refused, and nothing is written: %s', async (flags, says) => {
  using dir = workspace();
  dir.file('desk.json', agents);
  const { code, err } = await config(dir, 'desk.json', ...flags);
  expect({ code, err }).toEqual({ code: expect.any(Number) as number, err: expect.stringMatching(says) as string });
  expect(code).not.toBe(0);
  expect(readdirSync(dir.folder)).not.toContain('nats');
});

test('limits that a person has spoilt are named, and stay as they are', async () => {
  using dir = workspace();
  dir.file('desk.json', agents);
  await config(dir, 'desk.json');
  writeFileSync(join(dir.folder, 'nats/limits.json'), '{"default":{"storage":"much"}}');
  const { code, err } = await config(dir, 'desk.json');
  expect({ code, err }).toEqual({
    code: 2,
    err: expect.stringMatching(/limits\.json is not what.*Correct it/) as string,
  });
});
