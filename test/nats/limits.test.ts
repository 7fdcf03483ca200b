/** The limits of a tenant on a real server that "troupe nats-config" set up: who has used up its own is told, and the others go on. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as plainConnect, nkeyAuthenticator } from 'nats';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { agent, openRuntime } from 'troupe';
import { scriptedModel } from 'troupe/testing';
import { natsAccess } from '../../src/cluster/access.ts';
import { node } from '../../src/cluster/join.ts';
import { connectNats } from '../../src/nats/connection.ts';
import { seedIn } from '../../src/nats/credentials.ts';
import type { TenantLimits } from '../../src/nats/config/limits.ts';
import { limits } from '../limits.ts';
import { natsServer } from './server.ts';

const greeter = agent({ name: 'greeter', model: scriptedModel(() => ({ text: 'Hello!' })) });

/** A server with the tenants `shop`, which has these limits, and `bank`. */
async function serverWith(shop: TenantLimits) {
  const out = mkdtempSync(join(tmpdir(), 'troupe-limits-'));
  const server = { store: join(out, 'jetstream') };
  const limit = (given: TenantLimits) => natsAccess([greeter], { out, tenants: ['shop'], server, limits: given });
  await limit(shop);
  await natsAccess([greeter], { out, tenants: ['bank'], server });
  const running = await natsServer({ file: join(out, 'nats.conf') });
  const place = (tenant: string) => ({
    servers: running.url,
    tenant,
    creds: join(out, tenant, 'node.nk'),
    folder: join(out, 'views'),
  });
  return {
    place,
    /** Fills what is left of the shop's storage, up to the last bytes, as runs do in time. */
    async fill() {
      const seed = seedIn(readFileSync(join(out, 'shop', 'node.nk'), 'utf8')) ?? '';
      const other = await plainConnect({
        servers: running.url,
        authenticator: nkeyAuthenticator(new TextEncoder().encode(seed)),
      });
      await (await other.jetstreamManager()).streams.add({ name: 'filler', subjects: ['filler'] });
      for (const bytes of [30_000, 100])
        for (let isFull = false; !isFull;)
          isFull = await other
            .jetstream()
            .publish('filler', new Uint8Array(bytes))
            .then(
              () => false,
              () => true,
            );
      await other.close();
    },
    /** Gives the shop other limits while the server runs. */
    async raise(given: TenantLimits) {
      await limit(given);
      process.kill(running.pid, 'SIGHUP');
    },
    async [Symbol.asyncDispose]() {
      await running[Symbol.asyncDispose]();
      rmSync(out, { recursive: true, force: true });
    },
  };
}

test(
  'a tenant that has used up its storage is told that there is no room, while another one goes on; with more it goes on by itself',
  { timeout: limits.long },
  async () => {
    await using server = await serverWith({ storage: 400_000 });
    await using shop = await node([greeter], { nats: server.place('shop'), env: {}, name: 'a' });
    await using bank = await node([greeter], { nats: server.place('bank'), env: {}, name: 'a' });
    expect(shop.busy()).toBeUndefined();
    await server.fill();
    await expect.poll(shop.busy).toMatch(/^the journal cannot be used: .*resource limits exceeded for account/);
    expect(shop.report).toMatchObject({ health: 'failing' });
    await using runtime = await openRuntime({ nats: server.place('bank'), env: {} });
    const run = await runtime.start(greeter, 'Hi.', { key: 'k' });
    expect(await run.outcome()).toMatchObject({ status: 'done' });
    expect(bank.busy()).toBeUndefined();
    await server.raise({ storage: 10_000_000 });
    await expect.poll(shop.busy).toBeUndefined();
  },
);

test('a tenant with as many connections as it may have gets no more, and is told which limit it is; another one connects', async () => {
  await using server = await serverWith({ connections: 4 });
  const open = await Promise.all([1, 2, 3, 4].map(() => connectNats(server.place('shop'))));
  await expect(connectNats(server.place('shop'))).rejects.toMatchObject({
    kind: 'environment',
    retryable: true,
    message: expect.stringMatching(/takes no more connections.*--max-connections/) as string,
  });
  await (await connectNats(server.place('bank'))).close();
  for (const connection of open) await connection.close();
});

test('a process learns how large a message of its tenant may be; what is larger goes by way of the object store', async () => {
  await using server = await serverWith({ payload: 100_000, subscriptions: 500 });
  const connection = await connectNats(server.place('shop'));
  await connection.flush();
  expect(connection.info?.max_payload).toBe(100_000);
  await connection.close();
  await using runtime = await openRuntime({ nats: server.place('shop'), env: {} });
  const run = await runtime.start(greeter, 'x'.repeat(300_000), { key: 'large' });
  expect(await run.outcome()).toMatchObject({ status: 'done' });
});
