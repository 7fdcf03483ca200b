/** Deployments on a NATS server: the store keeps the contract of all stores, and the code comes to each machine that runs it. */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { deploymentPlace } from '../../src/cli/deploymentPlace.ts';
import { deleteUnusedCode } from '../../src/cli/unusedCode.ts';
import { bundleHash, type BundleFile } from '../../src/deployments/bundle.ts';
import { bundleFolder } from '../../src/deployments/bundleFolder.ts';
import { deploymentsIn } from '../../src/deployments/deployments.ts';
import { packBundle, unpackBundle } from '../../src/deployments/packedBundle.ts';
import { openServerPlace, type ServerPlace } from '../../src/deployments/serverPlace.ts';
import { deploymentStoreSuite } from './storeSuite.ts';
import { systemClock } from '../../src/engine/clock.ts';
import { connectNats } from '../../src/nats/connection.ts';
import { serverRecords } from '../../src/nats/records.ts';
import { fakeCli } from '../cli/fakeCli.ts';
import { natsServer, type NatsServer } from '../nats/server.ts';

let server: NatsServer;
const places: ServerPlace[] = [];
beforeAll(async () => {
  server = await natsServer('jetstream { sync_interval: 1s }');
});
afterAll(async () => {
  for (const place of places) await place[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

const folder = () => mkdtempSync(join(tmpdir(), 'troupe-bundles-'));
let tenants = 0;
const newTenant = () => `t${(tenants += 1)}`;

async function machine(tenant: string, local = folder()): Promise<ServerPlace & { readonly local: string }> {
  const bundles = bundleFolder(local, systemClock());
  const place = await openServerPlace({ servers: server.url, tenant }, bundles, systemClock());
  places.push(place);
  return { ...place, local };
}

deploymentStoreSuite('a store on a NATS server', {
  async place() {
    const tenant = newTenant();
    return { open: async () => (await machine(tenant)).store };
  },
});

const files: readonly BundleFile[] = [
  { path: 'desk.mjs', bytes: Buffer.from('export default 1;') },
  { path: 'lib/large.bin', bytes: Buffer.alloc(3_000_000, 7) },
];
const hash = bundleHash(files);

test('code that one machine has kept is loaded by another one, which keeps it then', async () => {
  const tenant = newTenant();
  const [one, other] = [await machine(tenant), await machine(tenant)];
  expect(await one.bundles.save(files)).toBe(hash);
  expect(await other.bundles.open(hash)).toBe(join(other.local, hash));
  await expect((await machine(newTenant())).bundles.open(hash)).rejects.toMatchObject({ kind: 'environment' });
  // From now on it needs the server no more.
  expect(await bundleFolder(other.local, systemClock()).open(hash)).toBe(join(other.local, hash));
});

test('code that was changed or lost on a machine is brought again; deleted code is gone', async () => {
  const tenant = newTenant();
  const { bundles, local } = await machine(tenant);
  await bundles.save(files);
  const file = join(await bundles.open(hash), 'desk.mjs');
  chmodSync(file, 0o666);
  writeFileSync(file, 'export default 2;');
  expect(await bundles.open(hash)).toBe(join(local, hash));
  rmSync(join(local, hash), { recursive: true });
  expect(await bundles.open(hash)).toBe(join(local, hash));
  await bundles.delete(hash);
  await expect(bundles.open(hash)).rejects.toMatchObject({ kind: 'environment', data: { gone: true } });
});

test('code of a tenant that no version and no run has is deleted from the server', async () => {
  const cli = { ...fakeCli(), cwd: folder(), clock: systemClock() };
  const place = deploymentPlace(cli, { nats: server.url, tenant: newTenant() });
  const other = [{ path: 'desk.mjs', bytes: Buffer.from('export default 2;') }];
  await place.bundles.save(files);
  await place.bundles.save(other);
  const version = { bundle: hash, entry: 'desk.mjs', source: '/desk.mjs', kind: 'agent', createdAt: 1 };
  await place.deployments.add('desk', version);
  expect(await deleteUnusedCode(place, { find: async () => [] })).toEqual([bundleHash(other)]);
  expect(await place.bundles.list()).toEqual([hash]);
});

test('a packed bundle whose files would be written elsewhere, or that is none, is refused', async () => {
  expect(bundleHash(await unpackBundle(await packBundle(files)))).toBe(hash);
  for (const path of ['../x', '/x', 'a/../../x', 'a\\x', ''])
    await expect(unpackBundle(await packBundle([{ path, bytes: Buffer.from('1') }]))).rejects.toMatchObject({
      kind: 'corrupt',
    });
  await expect(unpackBundle(Buffer.from('x'))).rejects.toMatchObject({ kind: 'corrupt' });
});

test('a tag that two machines move at once is on one version at every moment', async () => {
  const tenant = newTenant();
  const [one, other] = [await machine(tenant), await machine(tenant)];
  const [ours, theirs] = [deploymentsIn(one.store), deploymentsIn(other.store)];
  const version = { bundle: hash, entry: 'desk.mjs', kind: 'flow', source: '/desk.ts', createdAt: 1 };
  await Promise.all([1, 2, 3, 4].map((n) => (n % 2 ? ours : theirs).add('desk', version)));
  expect((await ours.list('desk')).map((each) => each.version)).toEqual([4, 3, 2, 1]);
  const moved = new AbortController();
  const seen: number[] = [];
  const reading = (async () => {
    while (!moved.signal.aborted) seen.push((await theirs.get('desk')).version);
  })();
  const move = async (by: typeof ours, numbers: readonly number[]) => {
    for (const number of numbers) await by.tag('desk', number, { tag: 'default', exclusive: true });
  };
  await Promise.all([move(ours, [1, 2, 1, 2, 1, 2, 1, 2]), move(theirs, [3, 4, 3, 4, 3, 4, 3, 4])]);
  moved.abort();
  await reading;
  expect(seen.length).toBeGreaterThan(0);
  expect((await ours.list('desk')).filter(({ exclusive }) => exclusive.includes('default'))).toHaveLength(1);
});

test('a record that no message holds is refused with what to do, and without a server the reason is told', async () => {
  await using small = await natsServer('max_payload: 8192\njetstream { sync_interval: 1s }');
  const connection = await connectNats({ servers: small.url });
  const records = serverRecords({ connection, clock: systemClock(), stream: 's', prefix: 'p' });
  await expect(records.put('a', Buffer.alloc(9_000), 0)).rejects.toMatchObject({
    kind: 'invalid',
    message: expect.stringMatching(/9000 bytes.*Delete versions/) as string,
  });
  expect(await records.put('a', Buffer.from('1'), 0)).toBe(true);
  await connection.close();
  await expect(records.get('a')).rejects.toMatchObject({ kind: 'storage' });
  await using without = await natsServer('');
  const plain = await connectNats({ servers: without.url });
  const none = serverRecords({ connection: plain, clock: systemClock(), stream: 's', prefix: 'p' });
  await expect(none.get('a')).rejects.toMatchObject({ kind: 'storage' });
  await plain.close();
});
