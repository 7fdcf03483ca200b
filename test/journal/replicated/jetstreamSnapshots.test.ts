/** The shared journal over a long time, on a real server: its log and its store stay small, and a server that has lost something is not taken for one that never had it. */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jetstreamManager } from '@nats-io/jetstream';
import { afterEach, expect, test } from 'vitest';
import { jetstream, type JetStreamOptions } from '../../../src/journal/replicated/jetstream.ts';
import type { Journal } from '../../../src/journal/journal.ts';
import { connectNats } from '../../../src/nats/connection.ts';
import { commitFor, commitTime } from '../../../src/testing/suites/commit.ts';
import { systemClock } from '../../../src/engine/clock.ts';
import { natsServer, type NatsServer } from '../../nats/server.ts';

const clock = systemClock();
const every = 20;
const folder = mkdtempSync(join(tmpdir(), 'troupe-views-'));
const opened: AsyncDisposable[] = [];
/** Its clients are gone before it goes. */
async function start(config?: string): Promise<NatsServer> {
  const server = await natsServer(config);
  return {
    ...server,
    get url() {
      return server.url;
    },
    async [Symbol.asyncDispose]() {
      for (const one of opened.splice(0).reverse()) await one[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

async function open(server: NatsServer, more: Partial<JetStreamOptions> = {}) {
  const connection = await connectNats({ servers: server.url });
  opened.push({ [Symbol.asyncDispose]: () => connection.close() });
  const notices: string[] = [];
  const journal = await jetstream({
    connection,
    clock,
    snapshotEvery: every,
    onNotice: (says) => notices.push(says),
    ...more,
  });
  opened.push(journal);
  return { journal, connection, notices };
}
async function say(journal: Journal, from: number, to: number, more: object = {}) {
  for (let seq = from; seq <= to; seq++)
    await journal.commit(commitFor({ seq, appends: [{ list: 'said', entry: seq }], ...more }));
}
const words = (to: number) => Array.from({ length: to }, (_, n) => n + 1);
const said = (journal: Journal) => journal.list('agent/a', 'said');
async function streams(server: NatsServer) {
  const connection = await connectNats({ servers: server.url });
  const manager = await jetstreamManager(connection);
  const found: Record<string, { messages: number; bytes: number; first: number }> = {};
  for await (const { config, state } of manager.streams.list())
    found[config.name] = { messages: state.messages, bytes: state.bytes, first: state.first_seq };
  await connection.close();
  return found;
}

test('after many entries the server keeps the last ones and two snapshots; who comes anew has everything', async () => {
  await using server = await start();
  const { journal, notices } = await open(server);
  await journal.claim('r', 'me', { now: commitTime, ttl: 60_000 });
  // Larger than a message may be, and soon behind the snapshots.
  await journal.commit(
    commitFor({ seq: 1, actor: 'agent/b', appends: [{ list: 'said', entry: 'x'.repeat(2_000_000) }] }),
  );
  const logOf = async () => (await streams(server))['troupe_default']!;
  await say(journal, 1, 8 * every);
  // Two intervals, each cut before the next one begins: what is kept then does not depend on how many snapshots a slow server left out before.
  for (const interval of [8, 9]) {
    const { first } = await logOf();
    await say(journal, interval * every + 1, (interval + 1) * every);
    await expect.poll(async () => (await logOf()).first).toBeGreaterThan(first);
  }
  await expect.poll(async () => (await logOf()).messages).toBeLessThanOrEqual(3 * every);
  await expect
    .poll(async () => (await streams(server))['OBJ_troupe_default_snapshots']!.messages)
    .toBeLessThanOrEqual(6);
  await expect.poll(async () => (await streams(server))['OBJ_troupe_default_entries']!.bytes).toBeLessThan(10_000);
  expect(notices).toEqual([]);
  const { journal: late } = await open(server);
  expect(await said(late)).toEqual(words(10 * every));
  expect(await late.list('agent/b', 'said')).toEqual(['x'.repeat(2_000_000)]);
  expect(await late.history({ run: 'r' })).toEqual(await journal.history({ run: 'r' }));
});

test('a process that starts again plays only what came since; two processes of one folder have a file each', async () => {
  await using server = await start();
  const [one, two] = [await open(server, { folder }), await open(server, { folder })];
  await one.journal.claim('r', 'me', { now: commitTime, ttl: 60_000 });
  await say(one.journal, 1, 50);
  await expect.poll(() => said(two.journal)).toEqual(words(50));
  expect(readdirSync(folder).filter((name) => name.endsWith('.db'))).toHaveLength(2);
  for (const { journal } of [one, two]) await journal[Symbol.asyncDispose]();
  const { journal } = await open(server, { folder });
  expect(await said(journal)).toEqual(words(50));
  expect(await said((await open(server)).journal)).toEqual(words(50));
  expect((await journal.verify()).damage).toEqual([]);
});

test('a file that was damaged is made anew from the server', async () => {
  await using server = await start();
  const { journal } = await open(server, { folder });
  await journal.claim('r', 'me', { now: commitTime, ttl: 60_000 });
  await say(journal, 1, 5);
  await journal[Symbol.asyncDispose]();
  const [file] = readdirSync(folder).filter((name) => name.endsWith('.db'));
  writeFileSync(join(folder, file!), 'This is no database, and never was one.'.repeat(100));
  expect(await said((await open(server, { folder })).journal)).toEqual(words(5));
  expect(readdirSync(folder).filter((name) => name.endsWith('.db'))).toEqual([file]);
});

test('a server whose store was emptied: who runs is told so, and who starts with a file is refused', async () => {
  await using server = await start();
  const { journal, notices } = await open(server, { folder });
  await journal.claim('r', 'me', { now: commitTime, ttl: 60_000 });
  await say(journal, 1, 5);
  await server.kill();
  server.empty();
  const asked = journal.commit(commitFor({ seq: 6 }));
  await server.again();
  const gone = { kind: 'environment', message: expect.stringContaining('Put the store back') as string };
  await expect(asked).rejects.toMatchObject(gone);
  await expect(journal.release('r', 1)).rejects.toMatchObject(gone);
  expect(await said(journal)).toEqual(words(5));
  expect(notices).toHaveLength(1);
  await journal[Symbol.asyncDispose]();
  await expect(open(server, { folder })).rejects.toMatchObject({
    kind: 'environment',
    message: expect.stringMatching(/another one than this process has applied.*delete .*view-default-.*\.db/) as string,
  });
  // Elsewhere nobody knows of the other one.
  expect(await said((await open(server)).journal)).toEqual([]);
});

test('a server without room: what is asked for is told that it waits, and is there once when there is room', async () => {
  const config = (bytes: number) => `jetstream { sync_interval: always, max_file_store: ${bytes} }`;
  await using server = await start(config(100_000));
  const { journal } = await open(server, { snapshotEvery: 10_000 });
  await journal.claim('r', 'me', { now: commitTime, ttl: 60_000 });
  const body = (entry: number) => ({
    appends: [
      { list: 'said', entry },
      { list: 'rest', entry: 'x'.repeat(20_000) },
    ],
  });
  let seq = 0;
  const refused = await (async () => {
    for (;;) {
      const next = seq + 1;
      try {
        await journal.commit(commitFor({ seq: next, ...body(next) }));
        seq = next;
      } catch (thrown) {
        return thrown;
      }
    }
  })();
  expect(refused).toMatchObject({
    kind: 'storage',
    retryable: true,
    message: expect.stringMatching(/not known to be stored.*(insufficient|resource|storage)/) as string,
  });
  expect(seq).toBeGreaterThan(2);
  await server.kill();
  await server.again(config(10_000_000));
  // It was tried on meanwhile; who asks again is told that it is there.
  await expect.poll(() => said(journal)).toEqual(words(seq + 1));
  await expect(journal.commit(commitFor({ seq: seq + 1, ...body(0) }))).rejects.toMatchObject({ kind: 'conflict' });
  await say(journal, seq + 2, seq + 3);
  expect(await said(journal)).toEqual(words(seq + 3));
});
