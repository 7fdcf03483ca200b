/** The replicated journal over a long time, on a real server: its log and its store stay small, and a server that has lost data is not taken for a new one. */
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
/** A server whose journals and connections are closed before it stops. */
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
async function commitNumbers(journal: Journal, from: number, to: number, more: object = {}) {
  for (let seq = from; seq <= to; seq++)
    await journal.commit(commitFor({ seq, appends: [{ list: 'said', entry: seq }], ...more }));
}
const numbers = (to: number) => Array.from({ length: to }, (_, n) => n + 1);
const storedNumbers = (journal: Journal) => journal.list('agent/a', 'said');
async function streams(server: NatsServer) {
  const connection = await connectNats({ servers: server.url });
  const manager = await jetstreamManager(connection);
  const found: Record<string, { messages: number; bytes: number; first: number }> = {};
  for await (const { config, state } of manager.streams.list())
    found[config.name] = { messages: state.messages, bytes: state.bytes, first: state.first_seq };
  await connection.close();
  return found;
}

test('after many entries the server keeps the last ones and two snapshots; a new process reads everything', async () => {
  await using server = await start();
  const { journal, notices } = await open(server);
  await journal.claim('r', 'me', { now: commitTime, ttl: 60_000 });
  // Larger than the message limit, and soon older than the snapshots.
  await journal.commit(
    commitFor({ seq: 1, actor: 'agent/b', appends: [{ list: 'said', entry: 'x'.repeat(2_000_000) }] }),
  );
  const logOf = async () => (await streams(server))['troupe_default']!;
  await commitNumbers(journal, 1, 8 * every);
  // Two intervals, each cut before the next one begins: what is kept then does not depend on how many snapshots a slow server left out before.
  for (const interval of [8, 9]) {
    const { first } = await logOf();
    await commitNumbers(journal, interval * every + 1, (interval + 1) * every);
    await expect.poll(async () => (await logOf()).first).toBeGreaterThan(first);
  }
  await expect.poll(async () => (await logOf()).messages).toBeLessThanOrEqual(3 * every);
  await expect
    .poll(async () => (await streams(server))['OBJ_troupe_default_snapshots']!.messages)
    .toBeLessThanOrEqual(6);
  await expect.poll(async () => (await streams(server))['OBJ_troupe_default_entries']!.bytes).toBeLessThan(10_000);
  expect(notices).toEqual([]);
  const { journal: late } = await open(server);
  expect(await storedNumbers(late)).toEqual(numbers(10 * every));
  expect(await late.list('agent/b', 'said')).toEqual(['x'.repeat(2_000_000)]);
  expect(await late.history({ run: 'r' })).toEqual(await journal.history({ run: 'r' }));
});

test('a restarted process applies only new entries; two processes with one folder have a file each', async () => {
  await using server = await start();
  const [one, two] = [await open(server, { folder }), await open(server, { folder })];
  await one.journal.claim('r', 'me', { now: commitTime, ttl: 60_000 });
  await commitNumbers(one.journal, 1, 50);
  await expect.poll(() => storedNumbers(two.journal)).toEqual(numbers(50));
  expect(readdirSync(folder).filter((name) => name.endsWith('.db'))).toHaveLength(2);
  for (const { journal } of [one, two]) await journal[Symbol.asyncDispose]();
  const { journal } = await open(server, { folder });
  expect(await storedNumbers(journal)).toEqual(numbers(50));
  expect(await storedNumbers((await open(server)).journal)).toEqual(numbers(50));
  expect((await journal.verify()).damage).toEqual([]);
});

test('a damaged replica file is rebuilt from the server', async () => {
  await using server = await start();
  const { journal } = await open(server, { folder });
  await journal.claim('r', 'me', { now: commitTime, ttl: 60_000 });
  await commitNumbers(journal, 1, 5);
  await journal[Symbol.asyncDispose]();
  const [file] = readdirSync(folder).filter((name) => name.endsWith('.db'));
  writeFileSync(join(folder, file!), 'This is no database, and never was one.'.repeat(100));
  expect(await storedNumbers((await open(server, { folder })).journal)).toEqual(numbers(5));
  expect(readdirSync(folder).filter((name) => name.endsWith('.db'))).toEqual([file]);
});

test('when the server’s store was emptied, a running process gets an error, and a process that starts with a file is refused', async () => {
  await using server = await start();
  const { journal, notices } = await open(server, { folder });
  await journal.claim('r', 'me', { now: commitTime, ttl: 60_000 });
  await commitNumbers(journal, 1, 5);
  await server.kill();
  server.deleteStore();
  const asked = journal.commit(commitFor({ seq: 6 }));
  await server.restart();
  const storeMissing = { kind: 'environment', message: expect.stringContaining('Put the store back') as string };
  await expect(asked).rejects.toMatchObject(storeMissing);
  await expect(journal.release('r', 1)).rejects.toMatchObject(storeMissing);
  expect(await storedNumbers(journal)).toEqual(numbers(5));
  expect(notices).toHaveLength(1);
  await journal[Symbol.asyncDispose]();
  await expect(open(server, { folder })).rejects.toMatchObject({
    kind: 'environment',
    message: expect.stringMatching(/another one than this process has applied.*delete .*view-default-.*\.db/) as string,
  });
  // A process without a file cannot know the previous store.
  expect(await storedNumbers((await open(server)).journal)).toEqual([]);
});

test('when the server has no space, a write reports that it waits, and is stored once when there is space', async () => {
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
    data: { reason: 'no space' },
    message: expect.stringMatching(/not known to be stored.*(insufficient|resource|storage)/) as string,
  });
  expect(seq).toBeGreaterThan(2);
  await server.kill();
  await server.restart(config(10_000_000));
  // The write was retried meanwhile; a second call finds it stored.
  await expect.poll(() => storedNumbers(journal)).toEqual(numbers(seq + 1));
  await expect(journal.commit(commitFor({ seq: seq + 1, ...body(0) }))).rejects.toMatchObject({ kind: 'conflict' });
  await commitNumbers(journal, seq + 2, seq + 3);
  expect(await storedNumbers(journal)).toEqual(numbers(seq + 3));
});
