/** Requests to a real server that share one subscription. */
import { RequestError, TimeoutError, type NatsConnection } from '@nats-io/transport-node';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemClock } from '../../../../src/engine/clock.ts';
import { ApiRequests } from '../../../../src/journal/shared/jetstream/apiRequests.ts';
import { connectNats } from '../../../../src/nats/connection.ts';
import { permissionError } from '../../../../src/nats/permissionErrors.ts';
import { subscribeTo } from '../../../../src/nats/subscribe.ts';
import { natsServer, type NatsServer } from '../../../nats/server.ts';

/** Milliseconds that no request of these tests needs. */
const ample = 30_000;
let server: NatsServer;
let connection: NatsConnection;
let requests: ApiRequests;

beforeAll(async () => {
  server = await natsServer(
    `authorization { users: [
      { user: all, password: secret },
      { user: some, password: secret, permissions: { publish: { deny: "forbidden" } } },
      { user: deaf, password: secret, permissions: { subscribe: { deny: "_INBOX.>" } } }
    ] }`,
  );
  connection = await connectedAs('all');
  requests = new ApiRequests(connection, systemClock());
});

afterAll(async () => {
  await connection.close();
  await server[Symbol.asyncDispose]();
});

const connectedAs = (user: string) => connectNats({ servers: server.url, user, password: 'secret' });
const failureOf = (asked: Promise<unknown>) =>
  asked.then(
    () => expect.unreachable('it was answered'),
    (thrown: unknown) => thrown,
  );

test('a thousand requests at once get an answer each, whatever the order of the answers is', async () => {
  const received: { readonly text: string; respond(): void }[] = [];
  const answering = subscribeTo(connection, 'late', (message) => {
    received.push({ text: message.string(), respond: () => message.respond(`for ${message.string()}`) });
    if (received.length === 1_000) for (const { respond } of received.reverse()) respond();
  });
  const asked = Array.from({ length: 1_000 }, (_, n) => requests.send('late', `${n}`, { timeout: ample }));
  expect((await Promise.all(asked)).map((answer) => answer.string())).toEqual(asked.map((_, n) => `for ${n}`));
  answering.unsubscribe();
});

test('where nobody listens, a request fails as one of the client library does', async () => {
  const ours = await failureOf(requests.send('nobody', '', { timeout: ample }));
  const theirs = await failureOf(connection.request('nobody', '', { timeout: ample }));
  expect(ours).toBeInstanceOf(RequestError);
  expect((ours as RequestError).isNoResponders()).toBe(true);
  expect((ours as RequestError).message).toBe((theirs as RequestError).message);
});

test('a request without an answer ends when its own time is over, and the others wait on', async () => {
  const held: (() => void)[] = [];
  const answering = subscribeTo(connection, 'silent', (message) => {
    if (message.string() === 'patient') held.push(() => message.respond());
  });
  const patient = requests.send('silent', 'patient', { timeout: ample });
  expect(await failureOf(requests.send('silent', 'first', { timeout: 30 }))).toBeInstanceOf(TimeoutError);
  expect(await failureOf(requests.send('silent', 'second', { timeout: 30 }))).toBeInstanceOf(TimeoutError);
  await expect.poll(() => held).toHaveLength(1);
  for (const respond of held) respond();
  expect((await patient).data).toHaveLength(0);
  answering.unsubscribe();
});

test('an answer that comes after the time is over is nobody’s', async () => {
  const answering = subscribeTo(connection, 'slow', (message) => void setTimeout(() => message.respond('late'), 60));
  expect(await failureOf(requests.send('slow', '', { timeout: 20 }))).toBeInstanceOf(TimeoutError);
  expect((await requests.send('slow', '', { timeout: ample })).string()).toBe('late');
  answering.unsubscribe();
});

test('a request that the credentials do not allow says so at once', async () => {
  await using restricted = await connectedAs('some').then((open) => ({
    open,
    [Symbol.asyncDispose]: () => open.close(),
  }));
  const asking = new ApiRequests(restricted.open, systemClock());
  const refused = await failureOf(asking.send('forbidden', '', { timeout: ample }));
  expect(permissionError(refused)).toMatchObject({ kind: 'auth', message: expect.stringContaining('forbidden') });
});

test('a process that may not receive answers says so at once, and goes on trying', async () => {
  const open = await connectedAs('deaf');
  const asking = new ApiRequests(open, systemClock());
  for (let time = 0; time < 2; time++) {
    const refused = await failureOf(asking.send('anything', '', { timeout: ample }));
    expect(permissionError(refused)).toMatchObject({ kind: 'auth', message: expect.stringContaining('subscribe') });
  }
  await open.close();
});

test('requests end with their connection, and with their store', async () => {
  const open = await connectedAs('all');
  const answering = subscribeTo(connection, 'never', () => {});
  const [first, second] = [new ApiRequests(open, systemClock()), new ApiRequests(open, systemClock())];
  const [one, two] = [first, second].map((each) => failureOf(each.send('never', '', { timeout: ample })));
  first[Symbol.dispose]();
  expect(await one).toMatchObject({ message: 'the store of the shared journal was closed' });
  expect(await failureOf(first.send('never', '', { timeout: ample }))).toBeInstanceOf(RequestError);
  await open.close();
  expect(await two).toMatchObject({ message: 'connection closed' });
  answering.unsubscribe();
});
