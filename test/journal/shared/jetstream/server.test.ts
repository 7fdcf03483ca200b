/** What a store says and does when its server is away, full, or has lost a stream. */
import { expect, test } from 'vitest';
import { presenceTtl } from '../../../../src/journal/shared/store.ts';
import { connectNats } from '../../../../src/nats/connection.ts';
import { natsServer } from '../../../nats/server.ts';
import { newTenant, placeOfFile, textMessage, textsOf } from './place.ts';

const place = placeOfFile();
const outcome = (work: Promise<unknown>) =>
  work.then(
    () => 'stored',
    (thrown: unknown) => thrown,
  );

test('while the server is away an append says that it may be stored or not; when it is back the store goes on', async () => {
  const store = await place.open(newTenant());
  const one = (await store.logs.append('p', 0, textMessage('one'))) ?? 0;
  await place.server.kill();
  const [append, read] = await Promise.allSettled([
    store.logs.append('p', one, textMessage('two')),
    store.logs.last('p'),
  ]);
  for (const { reason } of [append, read] as { reason: unknown }[])
    expect(reason).toMatchObject({ kind: 'storage', retryable: true });
  await place.server.restart();
  await expect.poll(() => outcome(store.logs.last('p'))).toBe('stored');
  const last = (await store.logs.last('p'))?.sequence ?? 0;
  await store.logs.append('p', last, textMessage('three'));
  expect((await textsOf(store.logs, 'p')).filter((text) => text !== 'two')).toEqual(['one', 'three']);
});

test('after a restart of the server the announcements are gone: nobody counts as dead before all could announce themselves', async () => {
  const tenant = newTenant();
  const [store, other] = [await place.open(tenant), await place.open(tenant)];
  await store.presence.announce('me');
  await expect.poll(() => store.presence.announce('me').then(() => other.presence.present())).toEqual(new Set(['me']));
  await place.server.kill();
  const restarted = Date.now();
  await place.server.restart();
  await expect.poll(() => outcome(store.logs.last('p'))).toBe('stored');
  await expect.poll(() => outcome(other.logs.last('p'))).toBe('stored');
  // Whoever is told who is absent is told so when everybody could have said that it lives, and not before.
  while ((await other.presence.present()) === undefined);
  expect(Date.now() - restarted).toBeGreaterThanOrEqual(presenceTtl);
  await expect.poll(() => store.presence.announce('me').then(() => other.presence.present())).toEqual(new Set(['me']));
});

test('a full stream says so, and takes messages again when there is room', async () => {
  const tenant = newTenant();
  const store = await place.open(tenant);
  const { streams } = await place.manager();
  await streams.update(`troupe_${tenant}_runs`, { max_bytes: 5_000, discard: 'new' });
  await store.runs.append('small', 0, textMessage('x'));
  await expect(store.runs.append('r', 0, textMessage('x'.repeat(6_000)))).rejects.toMatchObject({
    kind: 'storage',
    data: { reason: 'no space' },
    message: expect.stringMatching(/does not store it.*maximum bytes exceeded/) as string,
  });
  await streams.update(`troupe_${tenant}_runs`, { max_bytes: -1 });
  expect(await store.runs.append('r', 0, textMessage('x'.repeat(6_000)))).toBeGreaterThan(0);
});

test.for(['log', 'runs', 'mail'] as const)(
  'when the stream "%s" was deleted, the error says that the journal is gone',
  async (name) => {
    const tenant = newTenant();
    const store = await place.open(tenant);
    const logs = store[name === 'log' ? 'logs' : name];
    await logs.append('r', 0, textMessage('x'));
    await (await place.manager()).streams.delete(`troupe_${tenant}_${name}`);
    const lost = {
      kind: 'environment',
      data: { gone: true },
      message: expect.stringMatching(
        new RegExp(`no stream troupe_${tenant}_${name} any more.*Put the store back`),
      ) as string,
    };
    await expect(logs.append('r', 1, textMessage('y'))).rejects.toMatchObject(lost);
    await expect(logs.last('r')).rejects.toMatchObject(lost);
    await expect(logs.names()).rejects.toMatchObject(lost);
  },
);

test('bodies that are larger than a message go with their message, also those of messages that were refused', async () => {
  const tenant = newTenant();
  const store = await place.open(tenant);
  const { streams } = await place.manager();
  const parts = async () => (await streams.info(`troupe_${tenant}_parts`)).state.messages;
  const large = () => textMessage('x'.repeat(1_500_000));
  const one = (await store.runs.append('r', 0, large())) ?? 0;
  const two = (await store.runs.append('r', one, large())) ?? 0;
  await store.runs.append('r.other', 0, large());
  expect(await store.runs.append('r', one, large())).toBeUndefined();
  expect(await parts()).toBe(6);
  await store.runs.trim('r', two);
  expect(await parts()).toBe(4);
  await store.runs.remove('r');
  expect(await parts()).toBe(2);
  expect(await textsOf(store.runs, 'r.other')).toHaveLength(1);
});

test('what another program publishes below the subjects is no log of ours, or a message with its own headers', async () => {
  const tenant = newTenant();
  const store = await place.open(tenant);
  const connection = await place.connect();
  for (const name of ['%zz', 'a.%41', 'ok']) connection.publish(`troupe.${tenant}._runs.${name}`, 'foreign');
  await connection.flush();
  await expect.poll(() => store.runs.names()).toEqual(['ok']);
  expect(await store.runs.last('ok')).toMatchObject({ headers: {} });
  expect(await store.runs.append('ok', 0, textMessage('x'))).toBeUndefined();
});

test('a server without JetStream is named', async () => {
  await using plain = await natsServer('');
  const connection = await connectNats({ servers: plain.url });
  await expect(place.open('shop', { connection })).rejects.toMatchObject({
    kind: 'environment',
    message: expect.stringMatching(/no JetStream.*Start it with -js/) as string,
  });
  await connection.close();
});
