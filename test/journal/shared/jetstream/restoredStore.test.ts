/** A server that was restored from a backup, or emptied, does not have what ended since: nobody goes on with it unless they say so. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { jetstreamStore, type JetStreamStoreOptions } from '../../../../src/journal/shared/jetstream/jetstreamStore.ts';
import type { SharedStore } from '../../../../src/journal/shared/store.ts';
import { connectNats } from '../../../../src/nats/connection.ts';
import { systemClock } from '../../../../src/engine/clock.ts';
import { natsServer, type NatsServer } from '../../../nats/server.ts';
import { textMessage, textsOf } from './place.ts';

const olderState = {
  kind: 'environment',
  retryable: false,
  message: expect.stringMatching(/older state.*Put the newer store back.*--nats-accept-restored/s) as string,
};
const opener =
  (server: NatsServer) =>
  async (options: Partial<JetStreamStoreOptions> = {}) => {
    const connection = await connectNats({ servers: server.url });
    onTestFinished(() => connection.close());
    const notices: string[] = [];
    const onNotice = (says: string) => void notices.push(says);
    const store = await jetstreamStore({ connection, clock: systemClock(), tenant: 'shop', onNotice, ...options });
    onTestFinished(() => store[Symbol.asyncDispose]());
    return { store, notices };
  };
const add = async (store: SharedStore, name: string, text = name) =>
  store.runs.append(name, (await store.runs.last(name))?.sequence ?? 0, textMessage(text));
const outcome = (work: Promise<unknown>) =>
  work.then(
    () => 'stored',
    (thrown: unknown) => thrown,
  );

test('a restored server is refused by running processes and at a start, also after others have written to it; the flag accepts it', async () => {
  await using server = await natsServer();
  const folder = server.stateFolder;
  const open = opener(server);
  const { store } = await open({ folder });
  const { store: inMemory } = await open();
  await add(store, 'r1');
  await server.kill();
  const restore = server.backUpStore();
  await server.restart();
  await expect.poll(() => outcome(add(store, 'r2'))).toBe('stored');
  expect(await textsOf(inMemory.runs, 'r2')).toEqual(['r2']);

  await server.kill();
  restore();
  await server.restart();
  for (const running of [store, inMemory]) {
    await expect.poll(() => outcome(running.runs.append('r2', 0, textMessage('again')))).toMatchObject(olderState);
    await expect(running.runs.last('r1')).rejects.toMatchObject(olderState);
    await running[Symbol.asyncDispose]();
  }
  await expect(open({ folder })).rejects.toMatchObject(olderState);

  // A process without a file cannot know better. What it writes does not make the state a newer one.
  const { store: other } = await open();
  for (const name of ['r3', 'r4', 'r5']) await add(other, name);
  await expect(open({ folder })).rejects.toMatchObject(olderState);

  const { store: accepting, notices } = await open({ folder, acceptRestored: true });
  expect(notices).toEqual([expect.stringMatching(/has lost messages.*that it had acknowledged/)]);
  await add(accepting, 'r6');
  await accepting[Symbol.asyncDispose]();
  const { store: later, notices: none } = await open({ folder });
  expect([await later.runs.last('r2'), none]).toEqual([undefined, []]);
  expect(await textsOf(later.runs, 'r6')).toEqual(['r6']);
});

test('an emptied server is another journal: a running process and a start refuse it, and the message says how to begin anew', async () => {
  await using server = await natsServer();
  const folder = server.stateFolder;
  const open = opener(server);
  const { store } = await open({ folder });
  await add(store, 'r1');
  await store[Symbol.asyncDispose]();
  const { store: running } = await open();
  await server.kill();
  server.deleteStore();
  await server.restart();
  await expect
    .poll(() => outcome(add(running, 'r1')))
    .toMatchObject({
      kind: 'environment',
      data: { gone: true },
      message: expect.stringMatching(/no stream troupe_shop_/) as string,
    });
  await expect(open({ folder })).rejects.toMatchObject({
    kind: 'environment',
    message: expect.stringMatching(
      /another one than this machine has seen.*if it is meant to begin anew, delete .*seen-shop-\w+\.json/,
    ) as string,
  });
});

test('the file is one small whole file, also for several processes; one that holds something else counts as none', async () => {
  await using server = await natsServer();
  const folder = server.stateFolder;
  const open = opener(server);
  const [{ store: first }, { store: second }] = [await open({ folder }), await open({ folder })];
  await add(first, 'r1');
  const sequence = await add(second, 'r2');
  await second[Symbol.asyncDispose]();
  await first[Symbol.asyncDispose]();
  const [file = '', ...others] = readdirSync(folder);
  expect(others).toEqual([]);
  const path = join(folder, file);
  expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({ identity: first.identity, runs: { sequence } });
  writeFileSync(path, '{"identity":');
  const { store, notices } = await open({ folder });
  expect([await textsOf(store.runs, 'r2'), notices]).toEqual([['r2'], []]);
});

test('a folder that cannot be written is a notice, once', async () => {
  await using server = await natsServer();
  writeFileSync(server.stateFolder, 'a file');
  const { store, notices } = await opener(server)({ folder: join(server.stateFolder, 'seen') });
  await add(store, 'r1');
  await store[Symbol.asyncDispose]();
  expect(notices).toEqual([expect.stringMatching(/cannot be written.*the next start does not notice/)]);
});
