/** The journal on JetStream keeps the contract of every journal, on a real server. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { journalSuite } from 'troupe/testing/suites';
import { jetstream } from '../../../src/journal/replicated/jetstream.ts';
import { commitFor, commitTime } from '../../../src/testing/suites/commit.ts';
import { connectNats } from '../../../src/nats/connection.ts';
import { systemClock } from '../../../src/engine/clock.ts';
import { natsServer, type NatsServer } from '../../nats/server.ts';

let server: NatsServer;
beforeAll(async () => {
  server = await natsServer();
});
afterAll(() => server[Symbol.asyncDispose]());

const clock = systemClock();
let count = 0;
const tenants = new WeakMap<object, string>();
const open = async (tenant: string) => {
  const connection = await connectNats({ servers: server.url });
  const journal = await jetstream({ connection, clock, tenant });
  const both = {
    ...journal,
    async [Symbol.asyncDispose]() {
      await journal[Symbol.asyncDispose]();
      await connection.close();
    },
  };
  tenants.set(both, tenant);
  return both;
};

journalSuite('jetstream', {
  open: () => open(`t${count++}`),
  again: (journal) => open(tenants.get(journal)!),
});

test('two processes write at the same time: one owns the run, and both, and one that joins later, read the same', async () => {
  const [one, two] = [await open('pair'), await open('pair')];
  const claims = await Promise.allSettled([
    one.claim('r', 'one', { now: commitTime, ttl: 1_000 }),
    two.claim('r', 'two', { now: commitTime, ttl: 1_000 }),
  ]);
  expect(claims.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  const [owner, other] = claims[0].status === 'fulfilled' ? [one, two] : [two, one];
  await Promise.all([1, 2, 3].map((seq) => owner.commit(commitFor({ seq, appends: [{ list: 'said', entry: seq }] }))));
  expect(await other.claim('r', 'other', { now: commitTime + 5_000, ttl: 1_000 })).toBe(2);
  // The process that lost the run does not know it yet; the log does.
  await expect(owner.commit(commitFor({ seq: 4 }))).rejects.toMatchObject({ kind: 'fenced' });
  const late = await open('pair');
  for (const journal of [one, two, late]) {
    await expect.poll(() => journal.list('agent/a', 'said')).toEqual([1, 2, 3]);
    await expect(journal.commit(commitFor({ seq: 4 }))).rejects.toMatchObject({ kind: 'fenced' });
    await journal[Symbol.asyncDispose]();
  }
});

test('a lease whose owner is known to be dead is taken over at once', async () => {
  const [one, two] = [await open('dead'), await open('dead')];
  await one.claim('r', 'one', { now: commitTime, ttl: 60_000 });
  await expect(two.claim('r', 'two', { now: commitTime, ttl: 1_000 })).rejects.toMatchObject({
    kind: 'owned_elsewhere',
  });
  expect(await two.claim('r', 'two', { now: commitTime, ttl: 1_000, alive: (owner) => owner !== 'one' })).toBe(2);
  await Promise.all([one, two].map((journal) => journal[Symbol.asyncDispose]()));
});

test('when the server is killed in the middle of many commits, each is stored once when it is back', async () => {
  await using ownServer = await natsServer();
  const connection = await connectNats({ servers: ownServer.url });
  const journal = await jetstream({ connection, clock });
  await journal.claim('r', 'me', { now: commitTime, ttl: 60_000 });
  const commits = Array.from({ length: 300 }, (_, n) =>
    journal.commit(commitFor({ seq: n + 1, appends: [{ list: 'said', entry: n }] })),
  );
  await Promise.race(commits);
  await ownServer.kill();
  await ownServer.restart();
  await Promise.all(commits);
  expect(await journal.list('agent/a', 'said')).toEqual(Array.from({ length: 300 }, (_, n) => n));
  const again = await jetstream({ connection: await connectNats({ servers: ownServer.url }), clock });
  expect(await again.list('agent/a', 'said')).toHaveLength(300);
  await journal[Symbol.asyncDispose]();
  await again[Symbol.asyncDispose]();
});
