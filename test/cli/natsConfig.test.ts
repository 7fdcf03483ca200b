/** `troupe nats-config`: what it writes, what it keeps, what it refuses. */
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { main } from '../../src/cli/program.ts';
import { natsServerBinary } from '../nats/server.ts';
import { paperCli } from './fakeCli.ts';
import { place, type Place } from './troupe.ts';

const agents = JSON.stringify([{ id: 'ada', name: 'Ada', role: 'clerk' }]);
/** In this process, in that place. */
async function config(at: Place, ...args: string[]) {
  const cli = paperCli({ cwd: at.folder });
  const code = await main(['nats-config', ...args], cli);
  return { code, out: cli.printed(), err: cli.said() };
}
const seedOf = (at: Place, path: string) => readFileSync(join(at.folder, path), 'utf8').split('\n').at(-2)!;
const read = (at: Place, path: string) => readFileSync(join(at.folder, path), 'utf8');

test('a NATS server starts with the written folder: each role has a file that only its owner can read, and no key is in another file', async () => {
  using at = place();
  at.file('desk.json', agents);
  const { code, out, err } = await config(at, 'desk.json', '--tenant', 'shop');
  expect({ code, err }).toEqual({ code: 0, err: expect.stringContaining('nats-server -c nats/nats.conf') as string });
  const files = readdirSync(join(at.folder, 'nats/shop'));
  expect(files.sort()).toEqual(['asks-desk.nk', 'node.nk', 'observer.nk', 'operator.nk']);
  const open = ['nats.conf', 'accounts.conf', 'roles.json'].map((name) => read(at, `nats/${name}`)).join('\n');
  for (const file of files) {
    expect(statSync(join(at.folder, 'nats/shop', file)).mode & 0o777).toBe(0o600);
    const seed = seedOf(at, `nats/shop/${file}`);
    expect(seed).toMatch(/^SU[A-Z2-7]{56}$/);
    expect(open + out + err).not.toContain(seed);
  }
  expect(read(at, 'nats/nats.conf')).toMatch(/listen: "127\.0\.0\.1:4222"[^]*sync_interval: always/);
  const { status, stderr } = spawnSync(natsServerBinary(), ['-t', '-c', join(at.folder, 'nats/nats.conf')]);
  expect(status, String(stderr)).toBe(0);
});

test("adding a tenant or an agent keeps the others, and the user's changes in nats.conf", async () => {
  using at = place();
  at.file('desk.json', agents);
  at.file('mail.json', agents);
  await config(at, 'desk.json', '--tenant', 'shop');
  const before = seedOf(at, 'nats/shop/node.nk');
  writeFileSync(join(at.folder, 'nats/nats.conf'), `${read(at, 'nats/nats.conf')}max_payload: 2MB\n`);
  const later = await config(at, 'mail.json', '--tenant', 'shop', '--tenant', 'bank', '--listen', '127.0.0.1:5000');
  expect(later.out).toMatch(/^kept +nats\/shop\/node\.nk$/m);
  expect(later.out).toMatch(/^written +nats\/shop\/asks-mail\.nk$/m);
  expect(later.err).toContain('nats/nats.conf exists and was kept');
  expect(seedOf(at, 'nats/shop/node.nk')).toBe(before);
  expect(read(at, 'nats/nats.conf')).toContain('max_payload: 2MB');
  const accounts = read(at, 'nats/accounts.conf');
  for (const name of ['"shop"', '"shop/asks-desk"', '"shop/asks-mail"', '"bank"', '"bank/asks-mail"'])
    expect(accounts).toContain(`${name}: {`);
  // Unless told otherwise a server closes the way back to whoever asked after two minutes; runs take longer.
  expect(accounts.match(/"response_threshold": "24h"/g)).toHaveLength(3);
});

test('a key whose file was moved stays valid on the server; a lost index is rebuilt from the key files', async () => {
  using at = place();
  at.file('desk.json', agents);
  await config(at, 'desk.json');
  const roles = read(at, 'nats/roles.json');
  rmSync(join(at.folder, 'nats/default/node.nk'));
  await config(at, 'desk.json');
  expect(read(at, 'nats/roles.json')).toBe(roles);
  expect(readdirSync(join(at.folder, 'nats/default'))).not.toContain('node.nk');
  const { node, ...others } = (JSON.parse(roles) as Record<string, Record<string, string>>)['default']!;
  rmSync(join(at.folder, 'nats/roles.json'));
  await config(at, 'desk.json');
  const found = (JSON.parse(read(at, 'nats/roles.json')) as Record<string, Record<string, string>>)['default']!;
  expect(found).toMatchObject(others);
  expect(found['node']).not.toBe(node);
});

test('new keys are made only for the named users', async () => {
  using at = place();
  at.file('desk.json', agents);
  await config(at, 'desk.json', '--tenant', 'shop', '--tenant', 'bank');
  const [shop, bank] = [seedOf(at, 'nats/shop/node.nk'), seedOf(at, 'nats/bank/node.nk')];
  await config(at, 'desk.json', '--tenant', 'shop', '--force');
  expect(seedOf(at, 'nats/shop/node.nk')).not.toBe(shop);
  expect(seedOf(at, 'nats/bank/node.nk')).toBe(bank);
});

test.each([
  [['--listen', '0.0.0.0:4222'], /others could reach this server.*--tls CERT,KEY.*--insecure/],
  [['--listen', 'everywhere'], /HOST:PORT.*got "everywhere"/],
  [['--tls', 'cert.pem'], /CERT,KEY.*got "cert\.pem"/],
  [['--tenant', 'Shop'], /A tenant is a name of a-z.*got "Shop"/],
  [['desk.json'], /Two of the files define "desk"/],
])('%j is refused before anything is written', async (args, says) => {
  using at = place();
  at.file('desk.json', agents);
  expect(await config(at, 'desk.json', ...args)).toEqual({
    code: 2,
    out: '',
    err: expect.stringMatching(says) as string,
  });
  expect(readdirSync(at.folder)).toEqual(['desk.json']);
});

test('a server that other hosts can reach needs a certificate, or an explicit permission to go without', async () => {
  using at = place();
  at.file('desk.json', agents);
  const listen = ['--listen', '0.0.0.0:4222'];
  expect((await config(at, 'desk.json', ...listen, '--tls', 'c.pem,k.pem')).code).toBe(0);
  expect(read(at, 'nats/nats.conf')).toContain(`cert_file: "${join(at.folder, 'c.pem')}"`);
  expect((await config(at, 'desk.json', ...listen, '--insecure', '--out', 'open')).code).toBe(0);
  expect(read(at, 'open/nats.conf')).toContain('listen: "0.0.0.0:4222"');
});

test('existing files are not overwritten', async () => {
  using at = place();
  at.file('desk.json', agents);
  await config(at, 'desk.json');
  writeFileSync(join(at.folder, 'nats/default/node.nk'), 'something else\n');
  expect(await config(at, 'desk.json')).toMatchObject({
    code: 2,
    err: expect.stringContaining('holds no seed') as string,
  });
  expect(read(at, 'nats/default/node.nk')).toBe('something else\n');
  writeFileSync(join(at.folder, 'nats/roles.json'), '{"a":1}');
  expect((await config(at, 'desk.json', '--tenant', 'b')).err).toMatch(/roles\.json is not what/);
});
