/** What a caller is told: a run is acknowledged when it is stored, a large input arrives, and a message says only what is known. */
import { jetstreamManager } from '@nats-io/jetstream';
import type { SubscriptionOptions } from '@nats-io/transport-node';
import { connect as plainConnect, headers as plainHeaders } from 'nats';
import { afterAll, beforeAll, test } from 'vitest';
import { openRuntime } from '../../src/runtime/runtime.ts';
import { agent, flow, machine } from 'troupe';
import { scriptedModel } from 'troupe/testing';
import { setup } from 'xstate';
import { connectNats } from '../../src/nats/connection.ts';
import { natsServer, type NatsServer } from '../nats/server.ts';
import { limits, slow } from '../limits.ts';
import { connectCluster, startNode } from './testNodes.ts';

let server: NatsServer;
beforeAll(async () => {
  server = await natsServer();
});
afterAll(() => server[Symbol.asyncDispose]());

const greeter = agent({ name: 'greeter', model: scriptedModel(() => ({ text: 'Hello!' })) });
/** Answers with as many characters as it was given. */
const echo = agent({
  name: 'echo',
  model: scriptedModel(({ messages }) => ({ text: String(JSON.stringify(messages).match(/x{9,}/)?.[0]) })),
});
const gate = () =>
  machine(
    setup({}).createMachine({
      id: 'gate',
      initial: 'shut',
      states: { shut: { on: { push: 'open' } }, open: { type: 'final' } },
    }),
  );

async function storedBodies(tenant: string): Promise<number> {
  const connection = await connectNats({ servers: server.url });
  const manager = await jetstreamManager(connection);
  const { state } = await manager.streams.info(`OBJ_troupe_${tenant}_bodies`, { subjects_filter: '$O.*.C.>' });
  await connection.close();
  return Object.keys(state.subjects ?? {}).length;
}

test.concurrent(
  'a caller is told which signal a run waits for, and that it is paused, whichever node is asked',
  async ({ expect }) => {
    const listen = flow('listen', async (ctx) => ctx.signal('note'));
    await using a = await startNode(server, 'rests', 'a', [listen]);
    await using _ = await startNode(server, 'rests', 'b', [listen]);
    await using outside = await connectCluster(server.url, 'rests');
    const waiting = { run: 'r', status: 'waiting', tickets: [], signals: [{ run: 'r', name: 'note' }] };
    // Any node may get each of these.
    const asked = () => Promise.all([1, 2, 3, 4].map(() => outside.invoke('listen', null, { key: 'r' })));
    for (const each of await asked()) {
      expect(each).toMatchObject(waiting);
      expect(each).not.toHaveProperty('paused');
    }
    const [root] = await a.runtime.journal.find({ run: 'r', parent: null });
    await a.runtime.signal(root!.actor, { type: 'run.pause' });
    await expect
      .poll(async () => (await asked()).every((each) => 'paused' in each && each.paused), { timeout: limits.step })
      .toBe(true);
  },
  limits.long,
);

test.concurrent(
  'a caller is told which signal a child flow waits for, also while another process has the run',
  async ({ expect }) => {
    const listen = flow('listen', async (ctx) => ctx.signal('note'));
    const around = flow('around', { uses: [listen] }, async (ctx) => ctx.run(listen, null));
    const holder = await openRuntime({ nats: { servers: server.url, tenant: 'nested' }, env: {} });
    await holder.start(around, null, { key: 'r' });
    await using _ = await startNode(server, 'nested', 'a', [around]);
    await using outside = await connectCluster(server.url, 'nested');
    const signals = [{ run: 'r', name: 'note' }];
    const asked = () => outside.invoke('around', null, { key: 'r', within: limits.step });
    expect(await asked()).toMatchObject({ run: 'r', status: 'waiting', tickets: [], signals });
    await holder.close();
    expect(await asked()).toMatchObject({ run: 'r', status: 'waiting', tickets: [], signals });
  },
  limits.long,
);

test.concurrent(
  'an input and a result of 3 MB go by way of the object store, and nothing of them stays there',
  async ({ expect }) => {
    await using _ = await startNode(server, 'huge', 'a', [echo]);
    await using b = await startNode(server, 'huge', 'b', [echo]);
    await using outside = await connectCluster(server.url, 'huge');
    const input = 'x'.repeat(3_200_000);
    const result = await outside.invoke('echo', input, { key: 'big' });
    expect(result).toMatchObject({ run: 'big', status: 'done' });
    expect('output' in result && result.output === input).toBe(true);
    // The same key with another input is refused, and an input that only starts a run is removed as well.
    await expect(outside.invoke('echo', `${input}x`, { key: 'big' })).rejects.toMatchObject({ kind: 'conflict' });
    const detached = { key: 'later', detach: true };
    expect(await outside.invoke('echo', 'x'.repeat(1_200_000), detached)).toEqual({ run: 'later', status: 'active' });
    await expect.poll(() => storedBodies('huge')).toBe(0);
    expect(b.node.report.trouble).toBeUndefined();
  },
);

test.concurrent(
  'a large input that is not in the object store is refused, and a plain client may put one there',
  async ({ expect }) => {
    await using _ = await startNode(server, 'plain-large', 'a', [greeter]);
    const plainClient = await plainConnect({ servers: server.url });
    const store = await plainClient.jetstream().views.os('troupe_plain-large_bodies');
    const ask = async (blob: string, key: string) => {
      const headers = plainHeaders();
      headers.set('Troupe-Blob', blob);
      headers.set('Troupe-Key', key);
      const { data } = await plainClient.request('troupe.plain-large._ask.greeter', new Uint8Array(), {
        timeout: limits.reply,
        headers,
      });
      return JSON.parse(new TextDecoder().decode(data)) as object;
    };
    expect(await ask('nothing', 'k1')).toMatchObject({ status: 'refused', failure: { kind: 'invalid' } });
    await store.putBlob({ name: 'mine' }, new TextEncoder().encode('"Greet Ada."'));
    expect(await ask('mine', 'k2')).toMatchObject({ run: 'k2', status: 'done', output: 'Hello!' });
    // Asked again, the run is known although its input was removed.
    await expect.poll(async () => (await store.info('mine'))?.deleted ?? true).toBe(true);
    expect(await ask('mine', 'k2')).toMatchObject({ run: 'k2', status: 'done', output: 'Hello!' });
    await store.putBlob({ name: 'broken' }, new TextEncoder().encode('{'));
    expect(await ask('broken', 'k3')).toMatchObject({ status: 'refused', failure: { kind: 'invalid' } });
    await plainClient.close();
  },
);

test.concurrent(
  'a run that another process has claimed and never begun is not acknowledged; once that process is gone it is begun here',
  async ({ expect }) => {
    await using a = await startNode(server, 'claimed', 'a', [gate()]);
    await using outside = await connectCluster(server.url, 'claimed');
    const other = await openRuntime({ nats: { servers: server.url, tenant: 'claimed' }, env: {} });
    await other.journal.claim('k', 'host 1 dead', { now: Date.now(), ttl: 4_000 });
    await expect(outside.invoke('gate', null, { key: 'k', detach: true, within: 1_500 * slow })).rejects.toMatchObject({
      kind: 'timeout',
      message: expect.stringMatching(
        /was not started within \d+ ms.*not stored yet.*Ask again with the key k/,
      ) as string,
    });
    expect(await a.runtime.journal.find({ run: 'k' })).toEqual([]);
    await other.close();
    expect(await outside.invoke('gate', null, { key: 'k', detach: true })).toEqual({ run: 'k', status: 'active' });
    expect(await a.runtime.journal.find({ run: 'k' })).toHaveLength(1);
  },
);

test.concurrent(
  'a finished run that is asked for again writes nothing to the log, in every way to ask',
  async ({ expect }) => {
    await using a = await startNode(server, 'again', 'a', [greeter]);
    await using outside = await connectCluster(server.url, 'again');
    const first = await outside.invoke('greeter', 'Hi.', { key: 'done' });
    const manager = await jetstreamManager(a.connection);
    const lastOf = async (stream: string) => (await manager.streams.info(`troupe_again_${stream}`)).state.last_seq;
    const last = async () => (await Promise.all(['log', 'runs', 'mail'].map(lastOf))).join();
    let before = '';
    // The lease is given back after the end.
    await expect.poll(async () => before === (before = await last()), { interval: 300 }).toBe(true);
    for (const input of ['Hi.', undefined])
      expect(await outside.invoke('greeter', input, { key: 'done' })).toEqual(first);
    const handle = await a.runtime.start(greeter, 'Hi.', { key: 'done' });
    expect(await handle.outcome()).toMatchObject({ status: 'done' });
    expect(await (await a.runtime.resume('done', greeter)).outcome()).toMatchObject({ status: 'done' });
    await expect(outside.invoke('greeter', 'Bye.', { key: 'done' })).rejects.toMatchObject({ kind: 'conflict' });
    expect(await last()).toBe(before);
  },
);

test.concurrent(
  'an endpoint gives nobody a run of another definition: while it runs and when it has ended, with an input or without, from every node',
  async ({ expect }) => {
    const both = () => [greeter, gate()];
    await using a = await startNode(server, 'others', 'a', both());
    await using outside = await connectCluster(server.url, 'others');
    expect(await outside.invoke('greeter', 'Hi.', { key: 'ended' })).toMatchObject({ output: 'Hello!' });
    expect(await outside.invoke('gate', null, { key: 'running', detach: true })).toMatchObject({ status: 'active' });
    const refused = { kind: 'conflict', message: expect.stringMatching(/is not one of|is of |, not /) as string };
    const askAll = async () => {
      for (const input of [null, undefined])
        for (const detach of [true, false])
          await expect(outside.invoke('gate', input, { key: 'ended', detach })).rejects.toMatchObject(refused);
      for (const input of ['Hi.', undefined])
        await expect(outside.invoke('greeter', input, { key: 'running' })).rejects.toMatchObject(refused);
    };
    await askAll();
    // The other node knows both runs from the journal alone.
    await using _ = await startNode(server, 'others', 'b', both());
    await a.node[Symbol.asyncDispose]();
    await askAll();
  },
);

test.concurrent('while no node answers, nobody says that the run continues', async ({ expect }) => {
  const connection = await connectNats({ servers: server.url });
  connection.subscribe('troupe.silent._ask.greeter', { callback() {} });
  await using outside = await connectCluster(server.url, 'silent');
  await expect(outside.invoke('greeter', 'Hi.', { key: 'k', within: 500 })).rejects.toMatchObject({
    kind: 'timeout',
    message: expect.stringMatching(/not known whether the run was started/) as string,
  });
  await connection.close();
});

test.concurrent('all nodes are listed, also one that is too busy to answer at once', async ({ expect }) => {
  // What comes to this node is handled late, as in a process that is busy.
  let lateness = 0;
  const inner = await connectNats({ servers: server.url });
  const busy = Object.assign(Object.create(inner) as typeof inner, {
    subscribe: (subject: string, { callback, ...options }: SubscriptionOptions = {}) =>
      inner.subscribe(subject, {
        ...options,
        callback: (...args) => void setTimeout(() => void callback?.(...args), lateness),
      }),
  });
  const a = await startNode(server, 'busy', 'a', [greeter]);
  const b = await startNode(server, 'busy', 'b', [greeter], { connection: busy });
  const c = await startNode(server, 'busy', 'c', [greeter]);
  await using outside = await connectCluster(server.url, 'busy');
  const names = async () => (await outside.nodes()).map(({ name }) => name);
  expect(await names()).toEqual(['a', 'b', 'c']);
  lateness = 1_500;
  for (let asked = 0; asked < 3; asked++) expect(await names()).toEqual(['a', 'b', 'c']);
  // One that has ended is left out.
  await c[Symbol.asyncDispose]();
  await expect.poll(names).toEqual(['a', 'b']);
  lateness = 0;
  for (const node of [a, b]) await node[Symbol.asyncDispose]();
  await inner.close();
});
