/** Nodes on one server: who has which run, how it comes to another one, and what whoever asks is told. */
import { connect as plainConnect, headers as plainHeaders } from 'nats';
import { afterAll, beforeAll, test, vi } from 'vitest';
import { agent, machine, tool } from 'troupe';
import { scriptedModel } from 'troupe/testing';
import { setup } from 'xstate';
import { z } from 'zod';
import { node } from '../../src/cluster/join.ts';
import { openNode } from '../../src/cluster/node.ts';
import { natsServer, type NatsServer } from '../nats/server.ts';
import { limits } from '../limits.ts';
import { clock, cluster, member } from './testNodes.ts';

let server: NatsServer;
beforeAll(async () => {
  server = await natsServer();
});
afterAll(() => server[Symbol.asyncDispose]());

const greeter = agent({ name: 'greeter', model: scriptedModel(() => ({ text: 'Hello!' })) });

/** Does one thing in the world that takes until it is told, and counts how often it began. */
function worker() {
  let free!: () => void;
  const freed = new Promise<void>((resolve) => (free = resolve));
  const begun: number[] = [];
  const dig = tool({
    name: 'dig',
    description: 'digs',
    input: z.object({ n: z.number() }),
    output: z.string(),
    async run({ n }, { signal }) {
      begun.push(n);
      if (n === 2) await Promise.race([freed, new Promise((_, no) => signal.addEventListener('abort', no))]);
      return 'dug';
    },
  });
  const subject = agent({
    name: 'digger',
    tools: [dig],
    model: scriptedModel(({ messages }) => {
      const n = messages.filter(({ role }) => role === 'tool').length + 1;
      return n > 3 ? { text: 'Dug.' } : { calls: [{ name: 'dig', input: { n } }] };
    }),
  });
  return { subject, begun, free };
}

test.concurrent(
  'whoever can send JSON over NATS can have an agent run, and the same key is the same run',
  async ({ expect }) => {
    await using _ = await member(server, 'plain', 'a', [greeter]);
    const stranger = await plainConnect({ servers: server.url });
    const ask = async (body: string, key?: string) => {
      const headers = plainHeaders();
      if (key !== undefined) headers.set('Troupe-Key', key);
      const options = { timeout: limits.reply, headers };
      const { data } = await stranger.request('troupe.plain._ask.greeter', new TextEncoder().encode(body), options);
      return JSON.parse(new TextDecoder().decode(data)) as object;
    };
    const first = await ask('"Greet Ada."', 'ada');
    expect(first).toMatchObject({ run: 'ada', status: 'done', output: 'Hello!', usage: { steps: 1 } });
    expect(await ask('"Greet Ada."', 'ada')).toEqual(first);
    expect(await ask('', 'ada')).toEqual(first);
    expect(await ask('"Greet Bob."', 'ada')).toMatchObject({ status: 'refused', failure: { kind: 'conflict' } });
    expect(await ask('7')).toMatchObject({ status: 'refused', failure: { kind: 'invalid' } });
    expect(await ask('{')).toMatchObject({
      status: 'refused',
      failure: { message: expect.stringMatching(/JSON/) as string },
    });
    expect(await ask('', 'nobody')).toMatchObject({ status: 'refused', failure: { kind: 'invalid' } });
    await stranger.close();
  },
);

test.concurrent('what no node offers, and a node that is not there, is said at once', async ({ expect }) => {
  await using _ = await member(server, 'nobody', 'a', [greeter]);
  await using outside = await cluster(server.url, 'nobody');
  await expect(outside.invoke('writer', 'x')).rejects.toMatchObject({
    kind: 'unknown_recipient',
    message: expect.stringMatching(/No node offers "writer"/) as string,
  });
  await expect(outside.drain('b')).rejects.toMatchObject({ kind: 'unknown_recipient' });
  await expect(outside.migrate('job', 'a')).rejects.toMatchObject({ kind: 'unknown_recipient' });
});

test.concurrent(
  'a second node of the same name is refused; when the first one has left it may come',
  async ({ expect }) => {
    const first = await member(server, 'names', 'a', [greeter]);
    await expect(member(server, 'names', 'a', [greeter])).rejects.toMatchObject({
      kind: 'conflict',
      message: expect.stringMatching(/"a" is there already \(process \d+ on /) as string,
    });
    await first[Symbol.asyncDispose]();
    await using second = await member(server, 'names', 'a', [greeter]);
    expect(second.node.report).toMatchObject({
      name: 'a',
      offers: [{ name: 'greeter', kind: 'agent' }],
      leaving: false,
    });
  },
);

test.concurrent(
  'a node that is drained lets what is being done finish, takes nothing more, and says so',
  async ({ expect }) => {
    const { subject, begun, free } = worker();
    await using a = await member(server, 'drain', 'a', [subject]);
    await using outside = await cluster(server.url, 'drain');
    expect(await outside.invoke('digger', 'Dig.', { key: 'job', detach: true })).toEqual({
      run: 'job',
      status: 'active',
    });
    await expect.poll(() => begun).toEqual([1, 2]);
    await using _ = await member(server, 'drain', 'b', [subject]);
    const result = outside.invoke('digger', undefined, { key: 'job' });
    // What is being done gets ten seconds; it is let finish.
    const drained = outside.drain('a');
    await expect.poll(() => a.node.report.leaving).toBe(true);
    free();
    expect(await drained).toBe(1);
    expect(await result).toMatchObject({ run: 'job', status: 'done', output: 'Dug.' });
    expect(begun).toEqual([1, 2, 3]);
    expect((await outside.nodes()).map(({ name, leaving }) => ({ name, leaving }))).toEqual([
      { name: 'a', leaving: true },
      { name: 'b', leaving: false },
    ]);
    await outside.invoke('digger', 'Dig.', { key: 'next' });
    expect(a.node.report.runs).toBe(0);
    await expect(outside.migrate('next', 'a')).rejects.toMatchObject({ kind: 'conflict' });
  },
);

/** A door that waits for pushes, and another version of it, in which no state is called `open`. */
const gone = { type: 'final' } as const;
const door = () => {
  const states = { shut: { on: { push: 'open' } }, open: { on: { push: 'gone' } }, gone };
  return machine(setup({}).createMachine({ id: 'door', initial: 'shut', states }));
};
const changedDoor = () => {
  const states = { shut: { on: { push: 'ajar' } }, ajar: { on: { push: 'gone' } }, gone };
  return machine(setup({}).createMachine({ id: 'door', initial: 'shut', states }));
};

test.concurrent(
  'a run moves between two messages to the node that is named, stays there, and another version is refused with its reason',
  async ({ expect }) => {
    await using a = await member(server, 'moves', 'a', [door()]);
    await using b = await member(server, 'moves', 'b', [door()]);
    await using outside = await cluster(server.url, 'moves');
    await outside.invoke('door', null, { key: 'd1', detach: true });
    const holder = () => [a, b].find(({ node }) => node.report.runs === 1)?.node.report.name;
    await expect.poll(holder).toBeDefined();
    const to = holder() === 'a' ? 'b' : 'a';
    expect(await outside.misfits('d1', to)).toEqual([]);
    await outside.migrate('d1', to);
    expect(holder()).toBe(to);
    await a.runtime.signal('door/d1', { type: 'push' });
    await expect.poll(async () => (await b.runtime.journal.find({ actor: 'door/d1' }))[0]?.state).toBe('open');

    await using _ = await member(server, 'moves', 'new', [changedDoor()]);
    const reason = { kind: 'incompatible', message: expect.stringMatching(/state "open"/) as string };
    expect(await outside.misfits('d1', 'new')).toMatchObject([reason]);
    await expect(outside.migrate('d1', 'new')).rejects.toMatchObject(reason);
    expect(holder()).toBe(to);
    await b.runtime.signal('door/d1', { type: 'push' });
    expect(await outside.invoke('door', undefined, { key: 'd1' })).toMatchObject({ status: 'done' });
  },
);

test.concurrent(
  'runs that wait are shared out again when a node comes: to it go those that are its, and no others',
  async ({ expect }) => {
    await using a = await member(server, 'shares', 'a', [door()]);
    await using outside = await cluster(server.url, 'shares');
    const runs = Array.from({ length: 12 }, (_, n) => `d${n}`);
    for (const key of runs) await outside.invoke('door', null, { key, detach: true });
    await expect.poll(() => a.node.report.runs).toBe(12);
    await using b = await member(server, 'shares', 'b', [door()]);
    await expect.poll(() => b.node.report.runs).toBeGreaterThan(2);
    await expect.poll(() => a.node.report.runs + b.node.report.runs).toBe(12);
    const owners = new Map((await a.runtime.journal.claims()).map(({ run, owner }) => [run, owner]));
    expect(new Set(owners.values())).toEqual(new Set([a.runtime.owner, b.runtime.owner]));
  },
);

test.concurrent('a node has no more runs than it may, and what it may not have goes elsewhere', async ({ expect }) => {
  await using a = await member(server, 'full', 'a', [door()]);
  const outside = await cluster(server.url, 'full');
  for (const key of ['d0', 'd1', 'd2', 'd3', 'd4', 'd5']) await outside.invoke('door', null, { key, detach: true });
  await using b = await member(server, 'full', 'b', [door()], { maxRuns: 2 });
  await using c = await member(server, 'full', 'c', [door()]);
  await a.node.drain(0);
  await expect.poll(() => b.node.report.runs + c.node.report.runs).toBe(6);
  expect(b.node.report.runs).toBeLessThanOrEqual(2);
  await outside[Symbol.asyncDispose]();
});

test.concurrent('a process that runs something itself, and stops, leaves it to the nodes', async ({ expect }) => {
  const { subject, begun, free } = worker();
  const { openRuntime } = await import('troupe');
  await using runtime = await openRuntime({
    nats: { servers: server.url, folder: server.views, tenant: 'parked' },
    env: {},
  });
  const handle = await runtime.start(subject, 'Dig.', { key: 'job' });
  await expect.poll(() => begun).toEqual([1, 2]);
  await handle.park();
  await using _ = await member(server, 'parked', 'a', [subject]);
  free();
  await using outside = await cluster(server.url, 'parked');
  await expect.poll(() => begun).toEqual([1, 2, 2, 3]); // It was in the middle of the second one.
  expect(await outside.invoke('digger', undefined, { key: 'job' })).toMatchObject({ status: 'done', output: 'Dug.' });
});

test.concurrent('a result that is larger than a message comes whole, and harms no node', async ({ expect }) => {
  const long = 'x'.repeat(2_500_000);
  const writer = agent({ name: 'writer', model: scriptedModel(() => ({ text: long })) });
  await using a = await member(server, 'large', 'a', [writer]);
  await using outside = await cluster(server.url, 'large');
  expect(await outside.invoke('writer', 'Write.', { key: 'novel' })).toMatchObject({ status: 'done', output: long });
  const stranger = await plainConnect({ servers: server.url });
  const headers = plainHeaders();
  headers.set('Troupe-Key', 'novel');
  const { data } = await stranger.request('troupe.large._ask.writer', new Uint8Array(), {
    timeout: limits.reply,
    headers,
  });
  expect(JSON.parse(new TextDecoder().decode(data))).toMatchObject({ run: 'novel', status: 'large' });
  await stranger.close();
  expect((await outside.nodes()).map(({ name }) => name)).toEqual(['a']);
  expect(a.node.report.runs).toBe(0);
});

test.concurrent(
  'an input that no message can carry, and a key or a name that is none, are said to be so at once',
  async ({ expect }) => {
    await using _ = await member(server, 'slips', 'a', [greeter]);
    await using outside = await cluster(server.url, 'slips');
    const slip = (message: RegExp) => ({ kind: 'invalid', message: expect.stringMatching(message) as string });
    await expect(outside.invoke('greeter', 'x'.repeat(2_000_000))).rejects.toMatchObject(slip(/2000002 bytes.*takes/));
    await expect(outside.invoke('greeter', 'x', { key: 'a\nb' })).rejects.toMatchObject(
      slip(/A run key must be an id/),
    );
    await expect(outside.invoke('a b', 'x')).rejects.toMatchObject(slip(/must be an id/));
    await expect(outside.drain('x y')).rejects.toMatchObject(slip(/must be an id/));
  },
);

test.concurrent(
  'who asks without a key hears the result although the node that was asked is gone with everything it said',
  async ({ expect }) => {
    const { subject, begun, free } = worker();
    const first = await member(server, 'gone', 'a', [subject]);
    await using outside = await cluster(server.url, 'gone');
    const result = outside.invoke('digger', 'Dig.');
    await expect.poll(() => begun).toEqual([1, 2]);
    // As a process that is killed: it says nothing more, to nobody.
    await first.connection.close();
    await using _ = await member(server, 'gone', 'b', [subject]);
    await first.runtime.close();
    free();
    expect(await result).toMatchObject({ status: 'done', output: 'Dug.' });
    expect(begun).toEqual([1, 2, 2, 3]);
  },
);

test.concurrent(
  'a node that has as many runs as it may begins no other one; who asks waits for room',
  async ({ expect }) => {
    await using a = await member(server, 'room', 'a', [door()], { maxRuns: 1 });
    await using outside = await cluster(server.url, 'room');
    await outside.invoke('door', null, { key: 'd1', detach: true });
    await expect(outside.invoke('door', null, { key: 'd2', detach: true, within: 700 })).rejects.toMatchObject({
      kind: 'timeout',
    });
    expect(a.node.report).toMatchObject({ runs: 1, full: true });
    const second = outside.invoke('door', null, { key: 'd2', detach: true });
    await a.runtime.signal('door/d1', { type: 'push' });
    await a.runtime.signal('door/d1', { type: 'push' });
    expect(await second).toEqual({ run: 'd2', status: 'active' });
  },
);

test.concurrent(
  'a node that is opened as users open it keeps to its limit of runs, and logs what it does',
  async ({ expect }) => {
    const said: string[] = [];
    const nats = { servers: server.url, folder: server.views, tenant: 'limit' };
    await using a = await node([door()], { nats, env: {}, name: 'a', maxRuns: 1, say: (line) => said.push(line) });
    await using outside = await cluster(server.url, 'limit');
    await outside.invoke('door', null, { key: 'd1', detach: true });
    await expect.poll(() => a.report).toMatchObject({ runs: 1, full: true });
    await a.drain(0);
    await expect.poll(() => said).toContainEqual(expect.stringMatching(/^d1 /));
  },
);

test.concurrent('runs that nobody offers cost a node nothing, however many there are', async ({ expect }) => {
  const first = await member(server, 'unoffered', 'a', [door()]);
  await using outside = await cluster(server.url, 'unoffered');
  for (let n = 0; n < 20; n++) await outside.invoke('door', null, { key: `d${n}`, detach: true });
  await first[Symbol.asyncDispose]();
  await using other = await member(server, 'unoffered', 'b', [greeter]);
  const asked = vi.spyOn(other.runtime.journal, 'claims');
  const looked = vi.spyOn(other.runtime.journal, 'find');
  await expect.poll(() => asked.mock.calls.length).toBeGreaterThan(3);
  expect(looked.mock.calls.length).toBeLessThanOrEqual(20);
});

test('of two nodes of one name that come at the same moment, one is refused', async ({ expect }) => {
  await using b = await member(server, 'twins', 'b', []);
  await using c = await member(server, 'twins', 'c', []);
  const facts = { name: 'a', clock, version: '0', tenant: 'twins', offers: [] };
  // Neither is heard by the time the other one asks whether the name is free.
  const both = await Promise.allSettled(
    [b, c].map(({ runtime, connection }) => openNode({ ...facts, runtime, connection })),
  );
  for (const each of both) if (each.status === 'fulfilled') await each.value[Symbol.asyncDispose]();
  expect(both.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  expect(both).toContainEqual({ status: 'rejected', reason: expect.objectContaining({ kind: 'conflict' }) as unknown });
});

test.concurrent('nonsense that is said to a node is refused as that, and harms it not', async ({ expect }) => {
  await using a = await member(server, 'nonsense', 'a', [greeter]);
  const stranger = await plainConnect({ servers: server.url });
  const text = new TextEncoder();
  for (const at of ['take', 'give', 'fits'])
    for (const body of ['', '{', '[]', '7', '{"run":7,"why":"x"}']) {
      const { data } = await stranger.request(`troupe.nonsense._node.a.${at}`, text.encode(body), {
        timeout: limits.reply,
      });
      expect(JSON.parse(new TextDecoder().decode(data))).toMatchObject({ failure: { kind: 'invalid' } });
    }
  for (const body of ['', '{', 'null', '{"name":"b"}']) stranger.publish('troupe.nonsense._nodes', text.encode(body));
  await stranger.close();
  expect(a.node.report.runs).toBe(0);
});
