/** Nodes on one server: placement of runs, their migration, and what a caller gets. */
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
import { clock, connectCluster, startNode } from './testNodes.ts';

let server: NatsServer;
beforeAll(async () => {
  server = await natsServer();
});
afterAll(() => server[Symbol.asyncDispose]());

const greeter = agent({ name: 'greeter', model: scriptedModel(() => ({ text: 'Hello!' })) });

/** An agent whose tool waits until `free` is called, and records how often it started. */
function waitingDigger() {
  let release!: () => void;
  const released = new Promise<void>((resolve) => (release = resolve));
  const started: number[] = [];
  const dig = tool({
    name: 'dig',
    description: 'digs',
    input: z.object({ n: z.number() }),
    output: z.string(),
    async run({ n }, { signal }) {
      started.push(n);
      if (n === 2) await Promise.race([released, new Promise((_, no) => signal.addEventListener('abort', no))]);
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
  return { subject, started, release };
}

test.concurrent('any NATS client can run an agent with JSON, and the same key is the same run', async ({ expect }) => {
  await using _ = await startNode(server, 'plain', 'a', [greeter]);
  const plainClient = await plainConnect({ servers: server.url });
  const ask = async (body: string, key?: string) => {
    const headers = plainHeaders();
    if (key !== undefined) headers.set('Troupe-Key', key);
    const options = { timeout: limits.reply, headers };
    const { data } = await plainClient.request('troupe.plain._ask.greeter', new TextEncoder().encode(body), options);
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
  expect(await ask('', 'unknown')).toMatchObject({ status: 'refused', failure: { kind: 'invalid' } });
  await plainClient.close();
});

test.concurrent('a runnable that no node offers, and an unknown node, are refused at once', async ({ expect }) => {
  await using _ = await startNode(server, 'unknown', 'a', [greeter]);
  await using outside = await connectCluster(server.url, 'unknown');
  await expect(outside.invoke('writer', 'x')).rejects.toMatchObject({
    kind: 'unknown_recipient',
    message: expect.stringMatching(/No node offers "writer"/) as string,
  });
  await expect(outside.drain('b')).rejects.toMatchObject({ kind: 'unknown_recipient' });
  await expect(outside.migrate('job', 'a')).rejects.toMatchObject({ kind: 'unknown_recipient' });
});

test.concurrent('a second node with the same name is refused until the first one has left', async ({ expect }) => {
  const first = await startNode(server, 'names', 'a', [greeter]);
  await expect(startNode(server, 'names', 'a', [greeter])).rejects.toMatchObject({
    kind: 'conflict',
    message: expect.stringMatching(/"a" is there already \(process \d+ on /) as string,
  });
  await first[Symbol.asyncDispose]();
  await using second = await startNode(server, 'names', 'a', [greeter]);
  expect(second.node.report).toMatchObject({
    name: 'a',
    offers: [{ name: 'greeter', kind: 'agent' }],
    leaving: false,
  });
});

test.concurrent(
  'a drained node lets its effects finish, takes no more runs, and reports that it is leaving',
  async ({ expect }) => {
    const { subject, started, release } = waitingDigger();
    await using a = await startNode(server, 'drain', 'a', [subject]);
    await using outside = await connectCluster(server.url, 'drain');
    expect(await outside.invoke('digger', 'Dig.', { key: 'job', detach: true })).toEqual({
      run: 'job',
      status: 'active',
    });
    await expect.poll(() => started).toEqual([1, 2]);
    await using _ = await startNode(server, 'drain', 'b', [subject]);
    const result = outside.invoke('digger', undefined, { key: 'job' });
    // Effects under way get ten seconds to finish.
    const drained = outside.drain('a');
    await expect.poll(() => a.node.report.leaving).toBe(true);
    release();
    expect(await drained).toBe(1);
    expect(await result).toMatchObject({ run: 'job', status: 'done', output: 'Dug.' });
    expect(started).toEqual([1, 2, 3]);
    expect((await outside.nodes()).map(({ name, leaving }) => ({ name, leaving }))).toEqual([
      { name: 'a', leaving: true },
      { name: 'b', leaving: false },
    ]);
    await outside.invoke('digger', 'Dig.', { key: 'next' });
    expect(a.node.report.runs).toBe(0);
    await expect(outside.migrate('next', 'a')).rejects.toMatchObject({ kind: 'conflict' });
  },
);

/** A machine that waits for two pushes, and another version of it without the state `open`. */
const gone = { type: 'final' } as const;
const gate = () => {
  const states = { shut: { on: { push: 'open' } }, open: { on: { push: 'gone' } }, gone };
  return machine(setup({}).createMachine({ id: 'gate', initial: 'shut', states }));
};
const changedGate = () => {
  const states = { shut: { on: { push: 'ajar' } }, ajar: { on: { push: 'gone' } }, gone };
  return machine(setup({}).createMachine({ id: 'gate', initial: 'shut', states }));
};

test.concurrent(
  'a run migrates between two messages to the named node and stays there; a node with an incompatible version is refused with the reason',
  async ({ expect }) => {
    await using a = await startNode(server, 'moves', 'a', [gate()]);
    await using b = await startNode(server, 'moves', 'b', [gate()]);
    await using outside = await connectCluster(server.url, 'moves');
    await outside.invoke('gate', null, { key: 'd1', detach: true });
    const ownerOf = () => [a, b].find(({ node }) => node.report.runs === 1)?.node.report.name;
    await expect.poll(ownerOf).toBeDefined();
    const to = ownerOf() === 'a' ? 'b' : 'a';
    expect(await outside.misfits('d1', to)).toEqual([]);
    await outside.migrate('d1', to);
    expect(ownerOf()).toBe(to);
    await a.runtime.signal('gate/d1', { type: 'push' });
    await expect.poll(async () => (await b.runtime.journal.find({ actor: 'gate/d1' }))[0]?.state).toBe('open');

    await using _ = await startNode(server, 'moves', 'new', [changedGate()]);
    const reason = { kind: 'incompatible', message: expect.stringMatching(/state "open"/) as string };
    expect(await outside.misfits('d1', 'new')).toMatchObject([reason]);
    await expect(outside.migrate('d1', 'new')).rejects.toMatchObject(reason);
    expect(ownerOf()).toBe(to);
    await b.runtime.signal('gate/d1', { type: 'push' });
    expect(await outside.invoke('gate', undefined, { key: 'd1' })).toMatchObject({ status: 'done' });
  },
);

test.concurrent(
  'when a node joins, the waiting runs that rendezvous places there move to it, and no others',
  async ({ expect }) => {
    await using a = await startNode(server, 'shares', 'a', [gate()]);
    await using outside = await connectCluster(server.url, 'shares');
    const runs = Array.from({ length: 12 }, (_, n) => `d${n}`);
    for (const key of runs) await outside.invoke('gate', null, { key, detach: true });
    await expect.poll(() => a.node.report.runs).toBe(12);
    await using b = await startNode(server, 'shares', 'b', [gate()]);
    await expect.poll(() => b.node.report.runs).toBeGreaterThan(2);
    await expect.poll(() => a.node.report.runs + b.node.report.runs).toBe(12);
    const owners = new Map((await a.runtime.journal.claims()).map(({ run, owner }) => [run, owner]));
    expect(new Set(owners.values())).toEqual(new Set([a.runtime.owner, b.runtime.owner]));
  },
);

test.concurrent('a node has no more runs than its limit, and the others go to other nodes', async ({ expect }) => {
  await using a = await startNode(server, 'full', 'a', [gate()]);
  const outside = await connectCluster(server.url, 'full');
  for (const key of ['d0', 'd1', 'd2', 'd3', 'd4', 'd5']) await outside.invoke('gate', null, { key, detach: true });
  await using b = await startNode(server, 'full', 'b', [gate()], { maxRuns: 2 });
  await using c = await startNode(server, 'full', 'c', [gate()]);
  await a.node.drain(0);
  await expect.poll(() => b.node.report.runs + c.node.report.runs).toBe(6);
  expect(b.node.report.runs).toBeLessThanOrEqual(2);
  await outside[Symbol.asyncDispose]();
});

test.concurrent('a run of a process that stops is continued by a node', async ({ expect }) => {
  const { subject, started, release } = waitingDigger();
  const { openRuntime } = await import('troupe');
  await using runtime = await openRuntime({
    nats: { servers: server.url, folder: server.stateFolder, tenant: 'parked' },
    env: {},
  });
  const handle = await runtime.start(subject, 'Dig.', { key: 'job' });
  await expect.poll(() => started).toEqual([1, 2]);
  await handle.park();
  await using _ = await startNode(server, 'parked', 'a', [subject]);
  release();
  await using outside = await connectCluster(server.url, 'parked');
  await expect.poll(() => started).toEqual([1, 2, 2, 3]); // The second call was under way.
  expect(await outside.invoke('digger', undefined, { key: 'job' })).toMatchObject({ status: 'done', output: 'Dug.' });
});

test.concurrent(
  'a result that is larger than a message arrives whole, and does not disturb the node',
  async ({ expect }) => {
    const long = 'x'.repeat(2_500_000);
    const writer = agent({ name: 'writer', model: scriptedModel(() => ({ text: long })) });
    await using a = await startNode(server, 'large', 'a', [writer]);
    await using outside = await connectCluster(server.url, 'large');
    expect(await outside.invoke('writer', 'Write.', { key: 'novel' })).toMatchObject({ status: 'done', output: long });
    const plainClient = await plainConnect({ servers: server.url });
    const headers = plainHeaders();
    headers.set('Troupe-Key', 'novel');
    const { data } = await plainClient.request('troupe.large._ask.writer', new Uint8Array(), {
      timeout: limits.reply,
      headers,
    });
    expect(JSON.parse(new TextDecoder().decode(data))).toMatchObject({ run: 'novel', status: 'large' });
    await plainClient.close();
    expect((await outside.nodes()).map(({ name }) => name)).toEqual(['a']);
    expect(a.node.report.runs).toBe(0);
  },
);

test.concurrent('an invalid key or name is refused at once', async ({ expect }) => {
  await using _ = await startNode(server, 'slips', 'a', [greeter]);
  await using outside = await connectCluster(server.url, 'slips');
  const invalidError = (message: RegExp) => ({ kind: 'invalid', message: expect.stringMatching(message) as string });
  await expect(outside.invoke('greeter', 'x', { key: 'a\nb' })).rejects.toMatchObject(
    invalidError(/A run key must be an id/),
  );
  await expect(outside.invoke('a b', 'x')).rejects.toMatchObject(invalidError(/must be an id/));
  await expect(outside.drain('x y')).rejects.toMatchObject(invalidError(/must be an id/));
});

test.concurrent(
  'a caller without a key gets the result although the node that took the request is gone',
  async ({ expect }) => {
    const { subject, started, release } = waitingDigger();
    const first = await startNode(server, 'gone', 'a', [subject]);
    await using outside = await connectCluster(server.url, 'gone');
    const result = outside.invoke('digger', 'Dig.');
    await expect.poll(() => started).toEqual([1, 2]);
    // Like a killed process: it sends nothing more.
    await first.connection.close();
    await using _ = await startNode(server, 'gone', 'b', [subject]);
    await first.runtime.close();
    release();
    expect(await result).toMatchObject({ status: 'done', output: 'Dug.' });
    expect(started).toEqual([1, 2, 2, 3]);
  },
);

test.concurrent(
  'a node at its limit of runs starts no other one; the caller waits until one has ended',
  async ({ expect }) => {
    await using a = await startNode(server, 'room', 'a', [gate()], { maxRuns: 1 });
    await using outside = await connectCluster(server.url, 'room');
    await outside.invoke('gate', null, { key: 'd1', detach: true });
    await expect(outside.invoke('gate', null, { key: 'd2', detach: true, within: 700 })).rejects.toMatchObject({
      kind: 'timeout',
    });
    expect(a.node.report).toMatchObject({ runs: 1, full: true });
    const second = outside.invoke('gate', null, { key: 'd2', detach: true });
    await a.runtime.signal('gate/d1', { type: 'push' });
    await a.runtime.signal('gate/d1', { type: 'push' });
    expect(await second).toEqual({ run: 'd2', status: 'active' });
  },
);

test.concurrent(
  'a node that is opened as users open it keeps to its limit of runs, and logs what it does',
  async ({ expect }) => {
    const said: string[] = [];
    const nats = { servers: server.url, folder: server.stateFolder, tenant: 'limit' };
    await using a = await node([gate()], { nats, env: {}, name: 'a', maxRuns: 1, say: (line) => said.push(line) });
    await using outside = await connectCluster(server.url, 'limit');
    await outside.invoke('gate', null, { key: 'd1', detach: true });
    await expect.poll(() => a.report).toMatchObject({ runs: 1, full: true });
    await a.drain(0);
    await expect.poll(() => said).toContainEqual(expect.stringMatching(/^d1 /));
  },
);

test.concurrent('runs that no node offers cost a node nothing, however many there are', async ({ expect }) => {
  const first = await startNode(server, 'unoffered', 'a', [gate()]);
  await using outside = await connectCluster(server.url, 'unoffered');
  for (let n = 0; n < 20; n++) await outside.invoke('gate', null, { key: `d${n}`, detach: true });
  await first[Symbol.asyncDispose]();
  await using other = await startNode(server, 'unoffered', 'b', [greeter]);
  const claimsRead = vi.spyOn(other.runtime.journal, 'claims');
  const finds = vi.spyOn(other.runtime.journal, 'find');
  await expect.poll(() => claimsRead.mock.calls.length).toBeGreaterThan(3);
  expect(finds.mock.calls.length).toBeLessThanOrEqual(20);
});

test('of two nodes with one name that join at the same moment, one is refused', async ({ expect }) => {
  await using b = await startNode(server, 'twins', 'b', []);
  await using c = await startNode(server, 'twins', 'c', []);
  const facts = { name: 'a', clock, version: '0', tenant: 'twins', offers: [] };
  // Neither is known when the other one checks whether the name is free.
  const both = await Promise.allSettled(
    [b, c].map(({ runtime, connection }) => openNode({ ...facts, runtime, connection })),
  );
  for (const each of both) if (each.status === 'fulfilled') await each.value[Symbol.asyncDispose]();
  expect(both.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  expect(both).toContainEqual({ status: 'rejected', reason: expect.objectContaining({ kind: 'conflict' }) as unknown });
});

test.concurrent('malformed requests to a node are refused as invalid, and do not disturb it', async ({ expect }) => {
  await using a = await startNode(server, 'nonsense', 'a', [greeter]);
  const plainClient = await plainConnect({ servers: server.url });
  const text = new TextEncoder();
  for (const at of ['take', 'give', 'fits'])
    for (const body of ['', '{', '[]', '7', '{"run":7,"why":"x"}']) {
      const { data } = await plainClient.request(`troupe.nonsense._node.a.${at}`, text.encode(body), {
        timeout: limits.reply,
      });
      expect(JSON.parse(new TextDecoder().decode(data))).toMatchObject({ failure: { kind: 'invalid' } });
    }
  for (const body of ['', '{', 'null', '{"name":"b"}'])
    plainClient.publish('troupe.nonsense._nodes', text.encode(body));
  await plainClient.close();
  expect(a.node.report.runs).toBe(0);
});
