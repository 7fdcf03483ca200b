/** How many messages a run costs, as a connection sees it that receives everything which is sent to the server. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import * as z from 'zod';
import { agent, tool } from 'troupe';
import { scriptedModel } from 'troupe/testing';
import { connectNats } from '../../src/nats/connection.ts';
import { subscribeTo } from '../../src/nats/subscribe.ts';
import { limits } from '../limits.ts';
import { natsServer, type NatsServer } from '../nats/server.ts';
import { connectCluster, startNode } from './testNodes.ts';

let server: NatsServer;
beforeAll(async () => {
  server = await natsServer();
});
afterAll(() => server[Symbol.asyncDispose]());

const add = tool({
  name: 'add',
  description: 'Adds one.',
  input: z.object({ n: z.number() }),
  output: z.object({ sum: z.number() }),
  run: ({ n }) => ({ sum: n + 1 }),
});
const adder = () =>
  agent({
    name: 'adder',
    model: scriptedModel(({ messages }) =>
      messages.length === 1 ? { calls: [{ name: 'add', input: { n: 1 } }] } : { text: 'two' },
    ),
    tools: [add],
  });

/** What a node sends to the server for a run, in order. */
async function sentDuring(tenant: string, work: () => Promise<unknown>): Promise<readonly string[]> {
  const connection = await connectNats({ servers: server.url });
  const kinds: string[] = [];
  const rooms: Readonly<Record<string, string>> = { _runs: 'segment', _log: 'commits' };
  subscribeTo(connection, '>', ({ subject }) => {
    const [, , room = ''] = subject.split('.');
    const kind = subject.startsWith(`$JS.API.STREAM.MSG.GET.troupe_${tenant}_`) ? 'look' : rooms[room];
    if (kind !== undefined) kinds.push(kind);
  });
  await connection.flush();
  await work();
  await connection.flush();
  await connection.close();
  return kinds;
}

/** A model call, a tool call and another model call: what each of them begins with and results in is committed. */
const commits = ['commits', 'commits', 'commits', 'commits'];

test('a run of one tool call is its birth, four commits and its end; only a key of the caller is looked up, once', async () => {
  await using _ = await startNode(server, 'counted', 'n', [adder()]);
  await using client = await connectCluster(server.url, 'counted');
  const run = async (options?: { readonly key: string }) =>
    expect(await client.invoke('adder', 'go', options)).toMatchObject({ status: 'done', output: 'two' });
  await run(); // The first run of a process begins its log.
  expect(await sentDuring('counted', () => run())).toEqual(['segment', ...commits, 'segment']);
  expect(await sentDuring('counted', () => run({ key: 'k' }))).toEqual(['look', 'segment', ...commits, 'segment']);
});

test('a run that nobody has is read with one look at its last segment for each question about it', async () => {
  await using _ = await startNode(server, 'ended', 'n', [adder()]);
  await using reader = await startNode(server, 'ended', 'reader', []);
  await using client = await connectCluster(server.url, 'ended');
  await client.invoke('adder', 'go', { key: 'k' });
  const { journal } = reader.runtime;
  const asked = () =>
    sentDuring('ended', async () => {
      expect(await journal.find({ run: 'k', parent: null })).toMatchObject([{ status: 'done' }]);
      expect(await journal.history({ run: 'k' })).not.toEqual([]);
      expect(await journal.ledger('k')).not.toEqual([]);
    });
  // It is given back, and its segments are read once.
  await expect.poll(asked, { timeout: limits.step }).toEqual(['look', 'look', 'look']);
});
