/** What a process sends to a real server within one turn of its event loop. */
import type { Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { NatsConnection } from '@nats-io/transport-node';
import { expect, test, vi } from 'vitest';
import { connectNats } from '../../src/nats/connection.ts';
import { subscribeTo } from '../../src/nats/subscribe.ts';
import { natsServer } from './server.ts';

const socketOf = (connection: NatsConnection): Socket =>
  (connection as unknown as { protocol: { transport: { socket: Socket } } }).protocol.transport.socket;

/** How many times the system is asked to send. */
function writesOf(socket: Socket): () => number {
  const one = vi.spyOn(socket, '_write');
  const several = vi.spyOn(socket, '_writev' as '_write');
  return () => one.mock.calls.length + several.mock.calls.length;
}

/** Publishes, and goes on only after some promises, as a program with several requests under way does. */
async function publishEach(connection: NatsConnection, texts: readonly string[]): Promise<void> {
  for (const text of texts) {
    connection.publish('words', text);
    for (let hop = 0; hop < 5; hop++) await Promise.resolve();
  }
}

test('messages of one turn of the event loop leave together, in their order, also after a reconnection', async () => {
  await using server = await natsServer('');
  const [sender, receiver] = [await connectNats({ servers: server.url }), await connectNats({ servers: server.url })];
  const received: string[] = [];
  subscribeTo(receiver, 'words', (message) => void received.push(message.string()));
  const texts = Array.from({ length: 10 }, (_, n) => `word ${n}`);
  for (let time = 1; time <= 2; time++) {
    await receiver.flush();
    const writes = writesOf(socketOf(sender));
    await nextTurn();
    await publishEach(sender, texts);
    await nextTurn();
    expect(writes()).toBe(1);
    await vi.waitFor(() => expect(received).toHaveLength(10 * time));
    if (time === 2) break;
    const reconnected = Promise.all([sender, receiver].map(nextReconnection));
    await server.kill();
    await server.restart();
    await reconnected;
  }
  expect(received).toEqual([...texts, ...texts]);
  await Promise.all([sender.close(), receiver.close()]);
});

async function nextReconnection(connection: NatsConnection): Promise<void> {
  for await (const { type } of connection.status()) if (type === 'reconnect') return;
}

test('what was sent last reaches the server when the connection is closed in the same turn', async () => {
  await using server = await natsServer('');
  const [sender, receiver] = [await connectNats({ servers: server.url }), await connectNats({ servers: server.url })];
  const received: string[] = [];
  subscribeTo(receiver, 'words', (message) => void received.push(message.string()));
  await receiver.flush();
  sender.publish('words', 'goodbye');
  await sender.close();
  await vi.waitFor(() => expect(received).toEqual(['goodbye']));
  await receiver.close();
});
