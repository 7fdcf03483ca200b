import { afterAll, beforeAll, onTestFinished } from 'vitest';
import { serverBlobs } from '../../src/blobs/onServer.ts';
import type { BlobStore } from '../../src/blobs/blobStore.ts';
import { systemClock } from '../../src/engine/clock.ts';
import { connectNats } from '../../src/nats/connection.ts';
import { objectStore, type ObjectStore } from '../../src/nats/objectStore.ts';
import { blobSuite } from 'troupe/testing/suites';
import { natsServer, type NatsServer } from '../nats/server.ts';

let server: NatsServer;
let count = 0;
let passed = 0;
beforeAll(async () => {
  server = await natsServer();
});
afterAll(() => server[Symbol.asyncDispose]());

const places = new WeakMap<BlobStore, { readonly bucket: string; readonly objects: ObjectStore }>();
async function storeIn(bucket: string): Promise<BlobStore> {
  const connection = await connectNats({ servers: server.url });
  onTestFinished(() => connection.close());
  const clock = systemClock();
  const objects = objectStore({ connection, clock, bucket });
  const store = serverBlobs(objects, { id: () => clock.id(), now: () => clock.now() + passed });
  places.set(store, { bucket, objects });
  return store;
}

blobSuite('a NATS server', {
  open: async () => storeIn(`troupe_t${count++}_blobs`),
  again: async (store) => storeIn(places.get(store)!.bucket),
  count: async (store) => (await places.get(store)!.objects.list()).filter((name) => name.startsWith('data/')).length,
  async damage(store, hash) {
    const { objects } = places.get(store)!;
    const id = new TextDecoder().decode(await objects.getBytes(`blob/${hash}`));
    await objects.putBytes(`data/${id}`, new TextEncoder().encode('changed'));
  },
  later: () => void (passed += 2 * 3_600_000),
});
