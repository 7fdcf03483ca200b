/** A message that gets no answer is sent again, or given up with the reason, at the right time; on a real server. */
import type { NatsConnection } from '@nats-io/transport-node';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { virtualClock } from 'troupe/testing';
import { connectNats } from '../../../src/nats/connection.ts';
import { Parcel } from '../../../src/transport/nats/parcel.ts';
import { Peers } from '../../../src/transport/nats/peers.ts';
import { Requests } from '../../../src/transport/nats/requests.ts';
import { TroupeError } from '../../../src/values/failure.ts';
import { natsServer, type NatsServer } from '../../nats/server.ts';

let server: NatsServer;
let connection: NatsConnection;
beforeAll(async () => {
  server = await natsServer();
  connection = await connectNats({ servers: server.url });
});
afterAll(async () => {
  await connection.close();
  await server[Symbol.asyncDispose]();
});

let count = 0;
/** Requests to a subject of their own, and what came of the first of them. */
function story(over: NatsConnection = connection) {
  const clock = virtualClock();
  const inbox = `test.inbox.${count++}`;
  const subject = `test.subject.${count}`;
  const requests = new Requests({
    connection: over,
    clock,
    inbox,
    peers: new Peers(over, inbox, `${inbox}.bundles`),
    subjectOf: () => subject,
    receive: () => {},
  });
  const ends: unknown[] = [];
  const send = (deadline?: number) =>
    requests
      .send(
        new Parcel({
          id: `m${count++}`,
          type: 'greet',
          body: null,
          from: 'agent/a',
          to: 'agent/b',
          run: 'r',
          kind: 'tell',
          ...(deadline === undefined ? {} : { deadline }),
        }),
      )
      .then(
        () => ends.push('accepted'),
        (thrown: unknown) => ends.push((thrown as TroupeError).kind),
      );
  /** Lets time pass in steps of the check, each with a round trip to the server. */
  const pass = async (ms: number) => {
    for (let passed = 0; passed < ms; passed += 100) {
      clock.advance(100);
      await over.flush();
    }
  };
  return { clock, requests, subject, ends, send, pass };
}
const closed = new TroupeError('environment', 'closed');

test('a message that nobody answers is given up soon after its deadline, and not before', async () => {
  const { clock, requests, subject, ends, send, pass } = story();
  let arrived = 0;
  const silent = connection.subscribe(subject, { callback: () => void arrived++ });
  void send(clock.now() + 1_000);
  await pass(1_000);
  expect(ends).toEqual([]);
  await pass(200);
  expect(ends).toEqual(['expired']);
  await pass(6_000);
  expect(arrived).toBe(1);
  silent.unsubscribe();
  requests.close(closed);
});

test('after a reconnection a recipient that is not there yet is waited for, and found as soon as it is', async () => {
  const { requests, subject, ends, send, pass } = story();
  requests.resend();
  void send();
  await pass(1_000);
  expect(ends).toEqual([]);
  const listener = connection.subscribe(subject, { callback: (_, message) => void message.respond() });
  await pass(300);
  expect(ends).toEqual(['accepted']);
  listener.unsubscribe();
  void send();
  await pass(3_000);
  expect(ends).toEqual(['accepted']);
  // The time for it is over.
  await pass(1_500);
  expect(ends).toEqual(['accepted', 'unknown_recipient']);
  requests.close(closed);
});

test('a message that the connection does not take is refused at once', async () => {
  const over = await connectNats({ servers: server.url });
  const { ends, send } = story(over);
  await over.close();
  await send();
  expect(ends).toHaveLength(1);
});
