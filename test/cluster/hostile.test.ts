/** Whatever another client of the server sends to whatever subject, a node goes on, and what comes next is answered. */
import { connect as plainConnect, headers as plainHeaders } from 'nats';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { agent } from 'troupe';
import { scriptedModel } from 'troupe/testing';
import { exitCodeOf } from '../../src/cli/exit.ts';
import { natsServer, type NatsServer } from '../nats/server.ts';
import { limits } from '../limits.ts';
import { connectCluster, startNode } from './testNodes.ts';

let server: NatsServer;
beforeAll(async () => {
  server = await natsServer();
});
afterAll(() => server[Symbol.asyncDispose]());

const greeter = agent({ name: 'greeter', model: scriptedModel(() => ({ text: 'Hello!' })) });

/** What would end the process, and what it says, until the test ends. */
function watchProcess() {
  const fatal: unknown[] = [];
  const warnings: string[] = [];
  const [others, rejections] = [process.listeners('uncaughtException'), process.listeners('unhandledRejection')];
  const remember = (thrown: unknown) => void fatal.push(thrown);
  const warned = ({ name, message }: Error) => void (name === 'TroupeWarning' && warnings.push(message));
  process.removeAllListeners('uncaughtException').removeAllListeners('unhandledRejection');
  process.on('uncaughtException', remember).on('unhandledRejection', remember).on('warning', warned);
  onTestFinished(() => {
    process.off('uncaughtException', remember).off('unhandledRejection', remember).off('warning', warned);
    for (const listener of others) process.on('uncaughtException', listener);
    for (const listener of rejections) process.on('unhandledRejection', listener);
  });
  return { fatal, warnings };
}

const text = (value: string) => new TextEncoder().encode(value);
const payloads = [
  new Uint8Array(),
  Uint8Array.of(0xff, 0xfe, 0xc0),
  ...['{', 'null', '[]', '"x"', '7', '{"__proto__":1}', '{"run":null}', '{"run":"../../x"}'].map(text),
  text('['.repeat(200_000) + ']'.repeat(200_000)),
];
const heads: Record<string, string>[] = [
  {},
  { 'Troupe-Failure': 'yes' },
  { 'Troupe-Blob': 'nowhere', 'Troupe-Deadline': 'soon', 'Troupe-Key': '../x', 'Troupe-Offset': '-5' },
  { 'Nats-Msg-Id': '%', 'Troupe-To': '%E0%A4%A', 'Troupe-From': '', 'Troupe-Run': '..', 'Troupe-Kind': 'shout' },
];

test('no message of another client deafens a node or ends its process', { timeout: limits.test }, async () => {
  const { fatal, warnings } = watchProcess();
  const plain = await plainConnect({ servers: server.url });
  onTestFinished(() => plain.close());
  const subjects = new Set<string>();
  const heard = plain.subscribe('>', {
    callback(_, { subject, reply }) {
      for (const each of [subject, reply]) if (each && !/^\$|^_INBOX\.[^.]+$/.test(each)) subjects.add(each);
    },
  });
  await using one = await startNode(server, 'hostile', 'a', [greeter]);
  await using cluster = await connectCluster(server.url, 'hostile');
  await cluster.nodes();
  await cluster.invoke('greeter', 'Greet Ada.', { key: 'ada' });
  // Everything that is subscribed to on purpose was heard of; the verbs of a node are added.
  for (const verb of ['take', 'give', 'fits']) subjects.add(`troupe.hostile._node.a.${verb}`);
  // The answers to what this process sends: under the token of several, and under one that is unknown.
  const inboxes = await inboxesOf(server);
  for (const inbox of inboxes) for (const token of ['_', '0', 'zz']) subjects.add(inbox.replace(/\*$/, token));
  expect(inboxes.length).toBeGreaterThan(0);

  // It would hear all of its own messages, and be cut off as too slow a reader.
  heard.unsubscribe();
  for (const subject of subjects)
    for (const head of heads) {
      const headers = plainHeaders();
      for (const [name, value] of Object.entries(head)) headers.set(name, value);
      for (const payload of payloads) plain.publish(subject, payload, { headers, reply: 'nobody.listens.here' });
    }
  await plain.flush();

  expect((await cluster.nodes()).map(({ name }) => name)).toEqual(['a']);
  expect(await cluster.invoke('greeter', 'Greet Bob.', { key: 'bob' })).toMatchObject({ output: 'Hello!' });
  await one.runtime.start(greeter, 'Greet Eve.', { key: 'eve' }).then((run) => run.outcome());
  expect(fatal).toEqual([]);
  expect(warnings.length).toBe(new Set(warnings).size);
  expect(warnings.some((said) => /this is said once/.test(said))).toBe(true);
  // The console of the client library is where it tells that it stopped reading; the node's own reports go on.
  expect(one.connection.isClosed()).toBe(false);
});

/** The subjects of answers to which a connection of Troupe is subscribed. */
async function inboxesOf({ monitor }: NatsServer): Promise<string[]> {
  const { connections } = (await (await fetch(`${monitor}/connz?subs=1`)).json()) as {
    connections: { name?: string; subscriptions_list?: string[] }[];
  };
  return connections.flatMap(({ subscriptions_list = [] }) =>
    subscriptions_list.filter((name) => /_inbox|_reply/i.test(name) && name.endsWith('.*')),
  );
}

test('a node whose `say` throws stays in its cluster and answers', async () => {
  const { fatal } = watchProcess();
  const log = () => {
    throw new Error('the disk of the log is full');
  };
  await using one = await startNode(server, 'loud', 'a', [greeter], { log });
  await using cluster = await connectCluster(server.url, 'loud');
  expect(await cluster.invoke('greeter', 'Greet Ada.', { key: 'ada' })).toMatchObject({ output: 'Hello!' });
  // One key with another input is a mistake of whoever asks, also from outside.
  const other: unknown = await cluster
    .invoke('greeter', 'Greet Bob.', { key: 'ada' })
    .catch((thrown: unknown) => thrown);
  expect(other).toMatchObject({ kind: 'conflict' });
  expect(exitCodeOf(other)).toBe(2);
  await cluster.close();
  await cluster.close();
  await using again = await connectCluster(server.url, 'loud');
  const reported = one.node.report;
  expect(reported.leaving).toBe(false);
  expect((await again.nodes()).map(({ name }) => name)).toEqual(['a']);
  expect(fatal).toEqual([]);
});
