/** What a server, or an account on it, allows: the store keeps to it also when it is changed meanwhile, and says what is missing. */
import { expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../../../src/engine/clock.ts';
import { jetstreamStore } from '../../../../src/journal/shared/jetstream/jetstreamStore.ts';
import { connectNats } from '../../../../src/nats/connection.ts';
import { natsServer, type NatsServer } from '../../../nats/server.ts';
import { textMessage, textsOf } from './place.ts';

const config = 'jetstream { sync_interval: always }';
const account = (jetstream: string) =>
  `${config}\naccounts { shop: { jetstream: ${jetstream}, users: [{ user: ada, password: none }] } }`;

async function open({ url }: NatsServer, user?: string) {
  const credentials = user === undefined ? {} : { user, password: 'none' };
  const connection = await connectNats({ servers: url, ...credentials });
  onTestFinished(() => connection.close());
  const store = await jetstreamStore({ connection, clock: systemClock(), tenant: 'shop' });
  onTestFinished(() => store[Symbol.asyncDispose]());
  return store;
}
const outcome = (work: Promise<unknown>) =>
  work.then(
    () => 'stored',
    (thrown: unknown) => thrown,
  );

test('a server that is told to take only smaller messages gets larger bodies in parts from then on', async () => {
  await using server = await natsServer(config);
  const store = await open(server);
  const large = 'x'.repeat(400_000);
  const one = (await store.runs.append('r', 0, textMessage(large))) ?? 0;
  await server.kill();
  await server.restart(`${config}\nmax_payload: 200000`);
  await expect.poll(() => outcome(store.runs.append('r', one, textMessage(large)))).toBe('stored');
  expect(await textsOf(store.runs, 'r')).toEqual([large, large]);
});

test('a server that takes very large messages gets none that is larger than its store takes', async () => {
  await using server = await natsServer(`${config}\nmax_payload: 64MB`);
  const store = await open(server);
  const body = Buffer.alloc(40_000_000, 'x');
  await store.runs.append('r', 0, { headers: {}, body });
  const [read] = await textsOf(store.runs, 'r');
  expect(read?.length).toBe(body.length);
});

test.each([
  ['{ max_streams: 2 }', /the account may not have the stream troupe_shop_\w+ \(maximum number of streams reached\)/],
  ['{ max_bytes_required: true }', /the account may not have the stream troupe_shop_\w+ \(.*max bytes/],
])('an account with the limits %s is refused, and the message says what the journal needs', async (limits, says) => {
  await using server = await natsServer(account(limits));
  await expect(open(server, 'ada')).rejects.toMatchObject({
    kind: 'environment',
    retryable: false,
    message: expect.stringMatching(new RegExp(`${says.source}.*five streams.*one of them in memory`, 's')) as string,
  });
});

test('an account without memory is told what the journal needs, and may try again; a process that runs goes on when there is room', async () => {
  await using server = await natsServer(account('{ max_mem: 0 }'));
  const noRoom = { kind: 'storage', retryable: true, data: { reason: 'no space' } };
  await expect(open(server, 'ada')).rejects.toMatchObject({
    ...noRoom,
    message: expect.stringMatching(
      /open the stream troupe_shop_nodes \(insufficient memory.*five streams.*one of them in memory.*try again/s,
    ) as string,
  });
  await server.kill();
  await server.restart(account('enabled'));
  const store = await open(server, 'ada');
  const announced = () => outcome(store.presence.announce('a'));
  expect(await announced()).toBe('stored');
  await server.kill();
  await server.restart(account('{ max_mem: 0 }'));
  await expect.poll(announced).toMatchObject(noRoom);
  await server.kill();
  await server.restart(account('enabled'));
  await expect.poll(announced).toBe('stored');
});

test('an account without JetStream is named, at a start and by a process that runs, which goes on when it has it again', async () => {
  await using server = await natsServer(account('enabled'));
  const store = await open(server, 'ada');
  const one = (await store.runs.append('r', 0, textMessage('one'))) ?? 0;
  await server.kill();
  await server.restart(account('disabled'));
  await expect(open(server, 'ada')).rejects.toMatchObject({
    kind: 'storage',
    message: expect.stringMatching(
      /JetStream not enabled for account.*enable it for the account.*try again/s,
    ) as string,
  });
  await expect
    .poll(() => outcome(store.runs.append('r', one, textMessage('two'))))
    .toMatchObject({
      kind: 'storage',
      message: expect.stringMatching(/JetStream not enabled for account/) as string,
    });
  await server.kill();
  await server.restart(account('enabled'));
  await expect.poll(() => outcome(store.runs.append('r', one, textMessage('two')))).toBe('stored');
  expect(await textsOf(store.runs, 'r')).toEqual(['one', 'two']);
});
