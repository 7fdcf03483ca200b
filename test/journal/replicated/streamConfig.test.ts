/** The stream of a journal belongs to the server's operator: what they may change is accepted, and what would lose entries is named. */
import { jetstreamManager, type StreamConfig } from '@nats-io/jetstream';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { jetstream } from '../../../src/journal/replicated/jetstream.ts';
import { connectNats } from '../../../src/nats/connection.ts';
import { commitFor, commitTime } from '../../../src/testing/suites/commit.ts';
import { systemClock } from '../../../src/engine/clock.ts';
import { natsServer, type NatsServer } from '../../nats/server.ts';

let server: NatsServer;
let connection: Awaited<ReturnType<typeof connectNats>>;
beforeAll(async () => {
  server = await natsServer();
  connection = await connectNats({ servers: server.url });
});
afterAll(async () => {
  await connection.close();
  await server[Symbol.asyncDispose]();
});
const clock = systemClock();
let count = 0;
const open = (tenant: string) => jetstream({ connection, clock, tenant });

type Change = Partial<StreamConfig>;
const accepted: Readonly<Record<string, Change>> = {
  'a description': { description: 'The journal of the shop. Ask Ada.' },
  metadata: { metadata: { owner: 'ada' } },
  'a limit of bytes that refuses new entries': { max_bytes: 50_000_000, discard: 'new' as StreamConfig['discard'] },
  'a limit of messages that refuses new entries': { max_msgs: 100_000, discard: 'new' as StreamConfig['discard'] },
  'a smaller limit of one message': { max_msg_size: 20_000 },
  'direct reads': { allow_direct: true },
  'another window for duplicates': { duplicate_window: 1e9 },
  'a further subject': { subjects: ['troupe.TENANT._journal', 'audit.TENANT'] },
  'entries published again elsewhere': { republish: { src: '>', dest: 'copy.TENANT.>' } },
  compression: { compression: 's2' as NonNullable<StreamConfig['compression']> },
};
const refused: Readonly<Record<string, [Change, RegExp]>> = {
  'a limit of age': [{ max_age: 3_600e9, duplicate_window: 60e9 }, /max_age is 3600 s and must be 0/],
  'a limit of bytes that deletes old entries': [{ max_bytes: 1_000_000 }, /max_bytes is 1000000 with discard old/],
  'a limit of messages that deletes old entries': [{ max_msgs: 100 }, /max_msgs is 100 with discard old/],
  'a limit for each subject': [{ max_msgs_per_subject: 10 }, /max_msgs_per_subject is 10/],
  'another subject': [
    { subjects: ['elsewhere.TENANT'] },
    /subjects is elsewhere\.\w+ and must be troupe\.\w+\._journal/,
  ],
  'no acknowledgements': [{ no_ack: true }, /no_ack is true/],
  'two at once': [{ max_age: 3_600e9, duplicate_window: 60e9, max_msgs: 5 }, /max_age.*; max_msgs/],
};

async function change(tenant: string, config: Change) {
  const manager = await jetstreamManager(connection);
  const named = JSON.parse(JSON.stringify(config).replaceAll('TENANT', tenant)) as Change;
  await manager.streams.update(`troupe_${tenant}`, named);
}

test.for(Object.entries(accepted))('%s is accepted, also for a process that runs', async ([, config]) => {
  const tenant = `ok${count++}`;
  await using first = await open(tenant);
  await first.claim('r', 'me', { now: commitTime, ttl: 60_000 });
  await change(tenant, config);
  await first.commit(commitFor({ seq: 1, appends: [{ list: 'said', entry: 'x'.repeat(60_000) }] }));
  await using second = await open(tenant);
  expect(await second.list('agent/a', 'said')).toEqual(['x'.repeat(60_000)]);
  await second.release('r', 1);
  expect(await second.claim('r', 'other', { now: commitTime, ttl: 60_000 })).toBe(2);
});

test.for(Object.entries(refused))('%s is refused, and the message says what differs', async ([, [config, says]]) => {
  const tenant = `no${count++}`;
  await (await open(tenant))[Symbol.asyncDispose]();
  await change(tenant, config);
  await expect(open(tenant)).rejects.toMatchObject({
    kind: 'environment',
    message: expect.stringMatching(new RegExp(`cannot hold the shared journal: .*${says.source}`)) as string,
  });
});

test.for([
  ['memory', { storage: 'memory' as StreamConfig['storage'] }, /storage is memory and must be file/],
  ['a queue', { retention: 'workqueue' as StreamConfig['retention'] }, /retention is workqueue/],
] as const)('a stream that was made as %s is refused', async ([, config, says]) => {
  const tenant = `made${count++}`;
  const manager = await jetstreamManager(connection);
  await manager.streams.add({ name: `troupe_${tenant}`, subjects: [`troupe.${tenant}._journal`], ...config });
  await expect(open(tenant)).rejects.toMatchObject({
    kind: 'environment',
    message: expect.stringMatching(says) as string,
  });
});

test('many processes that open a new tenant at once, with different wishes for its replicas, share one stream', async () => {
  const opened = await Promise.all(
    [1, 1, 1, 1].map((replicas) => jetstream({ connection, clock, tenant: 'race', replicas })),
  );
  await opened[0]!.claim('r', 'me', { now: commitTime, ttl: 1_000 });
  for (const journal of opened) await journal[Symbol.asyncDispose]();
  // This server is alone and could not make a stream with three replicas; the one that is there is used as it is.
  await (await jetstream({ connection, clock, tenant: 'race', replicas: 3 }))[Symbol.asyncDispose]();
});
