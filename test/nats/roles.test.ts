/** The permissions of each role on a server that was set up by `troupe nats-config`: the server itself refuses what a role may not do. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { headers, type Msg, type NatsConnection } from '@nats-io/transport-node';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect as plainConnect, headers as plainHeaders, nkeyAuthenticator } from 'nats';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { agent, openRuntime, tool, type RunOutcome } from 'troupe';
import { scriptedModel } from 'troupe/testing';
import { jetstream } from '../../src/journal/shared/jetstream/open.ts';
import { jetstreamStore } from '../../src/journal/shared/jetstream/jetstreamStore.ts';
import { bundleFolder } from '../../src/deployments/bundleFolder.ts';
import { openServerPlace } from '../../src/deployments/serverPlace.ts';
import { openCluster } from '../../src/cluster/client.ts';
import { openNode } from '../../src/cluster/node.ts';
import { natsAccess } from '../../src/cluster/access.ts';
import { connectNats } from '../../src/nats/connection.ts';
import { inboxPrefixOf, publicKeyOf, seedIn } from '../../src/nats/credentials.ts';
import { serveControl } from '../../src/cluster/control/service.ts';
import { troupeClient } from '../../src/client/index.ts';
import { systemClock } from '../../src/engine/clock.ts';
import { limits } from '../limits.ts';
import { recordingClient, sampleRun } from '../doors/control/recordingClient.ts';
import { startNode } from '../cluster/testNodes.ts';
import { natsServer, type NatsServer } from './server.ts';

const folder = mkdtempSync(join(tmpdir(), 'troupe-roles-'));
const desk = agent({ name: 'desk', model: scriptedModel(() => ({ text: 'Done.' })) });
const mail = agent({ name: 'mail.room', model: scriptedModel(() => ({ text: 'Sent.' })) });
const post = tool({
  name: 'post',
  description: 'Posts a message.',
  effect: 'write',
  input: z.object({ to: z.string() }),
  output: z.string(),
  run: async () => 'posted',
});
/** An agent whose tool needs approval. */
const needsApproval = agent({
  name: 'careful',
  tools: [post],
  approve: 'writes',
  model: scriptedModel(({ messages }) =>
    messages.some(({ role }) => role === 'tool')
      ? { text: 'Over.' }
      : { calls: [{ name: 'post', input: { to: 'ada' } }] },
  ),
});
const creds = (role: string, tenant = 'shop') => join(folder, tenant, `${role}.nk`);

let server: NatsServer;
const open: NatsConnection[] = [];
const connectAs = async (role: string, tenant = 'shop') => {
  const connection = await connectNats({ servers: server.url, creds: creds(role, tenant) });
  open.push(connection);
  return connection;
};
const runAs = async (role: string, key: string, tenant = 'shop'): Promise<RunOutcome> => {
  await using runtime = await openRuntime({
    env: {},
    nats: { servers: server.url, creds: creds(role, tenant), tenant, folder },
  });
  const run = await runtime.start(desk, 'Write.', { key });
  return await run.outcome();
};

beforeAll(async () => {
  await natsAccess([desk, mail], {
    out: folder,
    tenants: ['shop', 'bank'],
    server: { store: join(folder, 'jetstream') },
  });
  server = await natsServer({ file: join(folder, 'nats.conf') });
  await runAs('node', 'first');
});
afterAll(async () => {
  for (const connection of open) await connection.close();
  await server[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

/** Collects all messages on a subject. */
function collect(connection: NatsConnection, subject: string, answer?: string) {
  const messages: Msg[] = [];
  connection.subscribe(subject, {
    callback: (error, message) => {
      if (error) throw error;
      messages.push(message);
      if (answer !== undefined) message.respond(answer);
    },
  });
  return messages;
}
/** The server's response to a publish on the subject. */
const publishResponse = (connection: NatsConnection, subject: string, body = '') =>
  connection.request(subject, body, { timeout: limits.reply }).then(
    (reply) => reply.string(),
    (thrown: Error) => thrown.message,
  );
/** The server's response to a subscription to the subject. */
async function subscribeResponse(connection: NatsConnection, subject: string): Promise<string> {
  const denied = new Promise<string>((resolve) => {
    connection.subscribe(subject, { callback: (error) => void (error && resolve(error.message)) });
  });
  await connection.flush();
  return Promise.race([denied, connection.flush().then(() => 'let in')]);
}
const publishDenied = /Permissions Violation for Publish/;
const subscribeDenied = /Permissions Violation for Subscription/;
/** Waits until all that was sent before has arrived. */
const flushAll = async (...all: NatsConnection[]) => {
  for (const connection of [...all, ...all]) await connection.flush();
};

test('a client without credentials, or with those of another server, is refused', async () => {
  await expect(connectNats({ servers: server.url })).rejects.toMatchObject({ kind: 'auth' });
  const other = mkdtempSync(join(tmpdir(), 'troupe-roles-'));
  await natsAccess([desk], { out: other, tenants: ['shop'], server: { store: other } });
  await expect(connectNats({ servers: server.url, creds: join(other, 'shop', 'node.nk') })).rejects.toMatchObject({
    kind: 'auth',
  });
  rmSync(other, { recursive: true });
});

test('a node has every permission that a run needs', async () => {
  expect(await runAs('node', 'job')).toMatchObject({ status: 'done' });
  const connection = await connectAs('node');
  await using journal = await jetstream({ connection, clock: systemClock(), tenant: 'shop' });
  const [row] = await journal.find({ run: 'job', parent: null });
  expect(row).toMatchObject({ status: 'done' });
});

test('an operator sees waiting tickets, can send a large answer, and reaches actors only through the journal', async () => {
  const on = (role: string) =>
    openRuntime({ env: {}, nats: { servers: server.url, creds: creds(role), tenant: 'shop', folder } });
  await using node = await on('node');
  const run = await node.start(needsApproval, 'Write to Ada.', { key: 'careful' });
  expect(await run.outcome({ returnWhenWaiting: true })).toMatchObject({ status: 'waiting' });
  await using runtime = await on('operator');
  const [ticket] = await runtime.tickets('careful');
  // Larger than the message limit: it goes through the object store.
  await runtime.answer(ticket!.id, { approved: false, note: 'No. '.repeat(500_000) }, 'ada');
  expect(await run.outcome()).toMatchObject({ status: 'done' });
  const operator = await connectAs('operator');
  expect(await publishResponse(operator, 'troupe.shop.first.agent.x.in')).toMatch(publishDenied);
  for (const stream of ['log', 'runs', 'mail', 'parts'])
    for (const verb of ['DELETE', 'PURGE', 'UPDATE', 'MSG.DELETE'])
      expect(await publishResponse(operator, `$JS.API.STREAM.${verb}.troupe_shop_${stream}`)).toMatch(publishDenied);
  expect(await publishResponse(operator, 'troupe.shop._node.n1.drain')).toMatch(/no responders/i);
});

test('an operator, who may not delete, deletes no run at all by a prune; a node deletes them from the server as well', async () => {
  const journalOf = async (role: string) =>
    jetstream({ connection: await connectAs(role), clock: systemClock(), tenant: 'shop' });
  await runAs('node', 'old');
  await using operator = await journalOf('operator');
  await using node = await journalOf('node');
  const runs = async (journal: typeof node) => (await journal.find({ parent: null, run: 'old' })).length;
  await expect.poll(() => runs(operator)).toBe(1);
  await expect(operator.prune(Date.now() + 1e6)).rejects.toMatchObject({
    kind: 'auth',
    message: expect.stringMatching(
      /Nothing was deleted.*may not delete runs from the server.*Use those of a node/,
    ) as string,
  });
  expect([await runs(operator), await runs(node)]).toEqual([1, 1]);
  // Its process has ended without giving it back.
  const epoch = await node.claim('old', 'janitor', { now: Date.now(), ttl: 60_000, alive: () => false });
  await node.release('old', epoch);
  expect(await node.prune(Date.now() + 1e6)).toBeGreaterThan(0);
  await expect.poll(() => runs(operator)).toBe(0);
});

test('an operator may invoke with an input that is larger than a message; who may only ask for runs is told what to do', async () => {
  const place = { servers: server.url, tenant: 'shop' };
  await using member = await startNode(
    { url: server.url, stateFolder: folder } as NatsServer,
    'shop',
    'n-large',
    [desk],
    {},
    creds('node'),
  );
  const input = 'x'.repeat(1_500_000);
  await using operator = await openCluster({ ...place, creds: creds('operator') }, systemClock());
  expect(await operator.invoke('desk', input, { key: 'large' })).toMatchObject({ status: 'done' });
  await using asker = await openCluster({ ...place, creds: creds('asks-desk') }, systemClock());
  await expect(asker.invoke('desk', input)).rejects.toMatchObject({
    message: expect.stringMatching(/1500002 bytes.*Send less.*credentials of a node or an operator/) as string,
  });
  expect(member.node.report.trouble).toBeUndefined();
});

test('an operator deploys what nodes run; who may only ask, observe or control does not see it', async () => {
  const files = [{ path: 'desk.mjs', bytes: Buffer.from('export default 1;') }];
  const place = (role: string, at: string) =>
    openServerPlace(
      { servers: server.url, tenant: 'shop', creds: creds(role) },
      bundleFolder(join(folder, at), systemClock()),
      systemClock(),
    );
  await using operator = await place('operator', 'operator-code');
  const hash = await operator.bundles.save(files);
  await operator.store.put('deployments/desk', { hash }, 0);
  await using node = await place('node', 'node-code');
  expect(await node.store.get('deployments/desk')).toEqual({ value: { hash }, revision: 1 });
  expect(await node.store.ids('deployments')).toEqual(['desk']);
  expect(await node.bundles.open(hash)).toBe(join(folder, 'node-code', hash));
  for (const role of ['asks-desk', 'observer', 'control']) {
    await using guest = await place(role, `${role}-code`);
    await expect(guest.store.get('deployments/desk')).rejects.toMatchObject({ kind: 'auth' });
    await expect(guest.store.put('deployments/desk', 1, 1)).rejects.toMatchObject({ kind: 'auth' });
    await expect(guest.bundles.open(hash)).rejects.toMatchObject({ kind: 'auth' });
  }
});

test('a node with node credentials is found by an operator, and can be called with asker credentials, also by a plain client', async () => {
  const place = { servers: server.url, tenant: 'shop' };
  await using runtime = await openRuntime({ env: {}, nats: { ...place, creds: creds('node'), folder } });
  const offers = [{ name: 'desk', runnable: desk }];
  const joined = {
    name: 'n1',
    runtime,
    connection: await connectAs('node'),
    clock: systemClock(),
    version: '0',
    offers,
  };
  await using _ = await openNode({ ...joined, tenant: 'shop' });

  await using operator = await openCluster({ ...place, creds: creds('operator') }, systemClock());
  expect(await operator.nodes()).toMatchObject([{ name: 'n1' }]);
  expect(await operator.invoke('desk', 'Write.', { key: 'by-operator' })).toMatchObject({ status: 'done' });

  await using asker = await openCluster({ ...place, creds: creds('asks-desk') }, systemClock());
  expect(await asker.invoke('desk', 'Write.', { key: 'by-asker' })).toMatchObject({ run: 'by-asker', output: 'Done.' });
  // The key of another caller's run gives no access to its result.
  await using otherRuntime = await openRuntime({ env: {}, nats: { ...place, creds: creds('node'), folder } });
  await (await otherRuntime.start(mail, 'Secret.', { key: 'mail' })).outcome();
  for (const input of [undefined, 'Write.'])
    await expect(asker.invoke('desk', input, { key: 'mail' })).rejects.toMatchObject({ kind: 'conflict' });
  await expect(asker.invoke('mail.room', 'Write.')).rejects.toMatchObject({
    kind: 'auth',
    message: expect.stringMatching(
      /do not allow us to publish to troupe\.shop\._ask\.mail\/room.*--nats-creds/,
    ) as string,
  });

  const seed = seedIn(readFileSync(creds('asks-desk'), 'utf8'))!;
  const plain = await plainConnect({
    servers: server.url,
    authenticator: nkeyAuthenticator(new TextEncoder().encode(seed)),
    inboxPrefix: inboxPrefixOf(publicKeyOf(seed)),
  });
  const sent = plainHeaders();
  sent.set('Troupe-Key', 'by-asker');
  const { data } = await plain.request('troupe.shop._ask.desk', new Uint8Array(), {
    timeout: limits.reply,
    headers: sent,
  });
  expect(JSON.parse(new TextDecoder().decode(data))).toMatchObject({ run: 'by-asker', output: 'Done.' });
  await plain.close();
  expect(await operator.drain('n1')).toBe(0);
});

test('who has the key to control works with the runs of a control server, large answers and all, and has no other way in', async () => {
  const large = 'é'.repeat(1_000_000);
  const { client: served } = recordingClient({
    executions: { get: async () => ({ ...sampleRun, result: large }) },
  });
  const place = { servers: server.url, tenant: 'shop' };
  await using _ = await serveControl(served, { ...place, creds: creds('node') }, systemClock());
  await using client = await troupeClient({ nats: { ...place, creds: creds('control') }, control: true });
  expect(await client.executions.list()).toMatchObject({ items: [{ exec_id: 'r1' }] });
  expect((await client.executions.get('r1')).result).toBe(large);
  const lines: number[] = [];
  for await (const { seq } of client.executions.follow('r1')) lines.push(seq);
  expect(lines).toEqual([1, 2]);
  await expect(client.secrets.delete('openai')).rejects.toMatchObject({ kind: 'denied' });

  const control = await connectAs('control');
  for (const subject of [
    'troupe.shop._ask.desk',
    'troupe.shop._node.n1.drain',
    'troupe.shop._runs.first',
    '$JS.API.INFO',
  ])
    expect(await publishResponse(control, subject), subject).toMatch(publishDenied);
  for (const subject of ['troupe.shop._control.>', 'troupe.shop._topic.>', '_INBOX.>', '>'])
    expect(await subscribeResponse(control, subject), subject).toMatch(subscribeDenied);
});

test.each([
  ['asks-desk', 'shop', 'shop'],
  ['observer', 'shop', 'shop'],
  ['operator', 'shop', 'shop'],
  ['control', 'bank', 'shop'],
])('%s of %s may not ask a control server of %s, and is told which credentials may', async (role, of, tenant) => {
  await using client = await troupeClient({
    nats: { servers: server.url, creds: creds(role, of), tenant },
    control: true,
  });
  await expect(client.executions.list()).rejects.toMatchObject({
    kind: 'auth',
    message: expect.stringMatching(/troupe\.shop\._control\.executions\.list\. Give those of a role/) as string,
  });
});

test('an agent with a dot in its name can be called as well', async () => {
  const [node, asker] = [await connectAs('node'), await connectAs('asks-mail.room')];
  collect(node, 'troupe.shop._ask.mail/room', 'sent');
  await node.flush();
  expect(await publishResponse(asker, 'troupe.shop._ask.mail/room')).toBe('sent');
});

test('credentials for one agent give access to nothing else', async () => {
  const asker = await connectAs('asks-desk');
  for (const subject of [
    'troupe.shop._ask.mail/room',
    'troupe.shop.job.agent.job/desk.in',
    'troupe.shop.agent.job/desk.in',
    'troupe.shop._runs.first',
    'troupe.shop._topic.news',
    'troupe.shop._node.n1.drain',
    'troupe.bank._ask.desk',
    '$JS.API.INFO',
    '$JS.API.STREAM.INFO.troupe_shop_runs',
    '$JS.API.STREAM.MSG.GET.troupe_shop_runs',
    '$JS.API.CONSUMER.CREATE.troupe_shop_runs.x',
    '$O.troupe_shop_bodies.C.x',
  ])
    expect(await publishResponse(asker, subject), subject).toMatch(publishDenied);
  for (const subject of ['troupe.shop._runs.first', 'troupe.shop._topic.>', 'troupe.shop._inbox.>', '_INBOX.>', '>'])
    expect(await subscribeResponse(asker, subject), subject).toMatch(subscribeDenied);
});

test('an answer goes to the caller, whatever reply subject a client gives', async () => {
  const [node, asker, observer] = [await connectAs('node'), await connectAs('asks-desk'), await connectAs('observer')];
  const asked = collect(node, 'troupe.shop._ask.desk', '{"type":"greet"}');
  const arrived = collect(node, 'troupe.shop.job.agent.x.in');
  const drained = collect(node, 'troupe.shop._node.>');
  await node.flush();
  const before = asked.length;
  asker.publish('troupe.shop._ask.desk', '{}', { reply: 'troupe.shop.job.agent.x.in' });
  asker.publish('troupe.shop._ask.desk', '{}', { reply: 'troupe.shop._node.n1.drain' });
  const read = (reply: string) =>
    observer.publish('JS.shop.API.STREAM.MSG.GET.troupe_shop_runs', '{"seq":1}', { reply });
  read('troupe.shop.job.agent.x.in');
  read('troupe.shop._node.n1.drain');
  await flushAll(asker, observer, node);
  expect(asked.length - before).toBe(2);
  expect([...arrived, ...drained]).toEqual([]);
});

test('a forged envelope is refused by the server', async () => {
  const [node, asker] = [await connectAs('node'), await connectAs('asks-desk')];
  const arrived = collect(node, 'troupe.shop.>');
  await node.flush();
  const forged = headers();
  forged.set('Nats-Msg-Id', 'm1');
  forged.set('Troupe-From', 'agent/boss');
  forged.set('Troupe-To', 'agent/job.desk');
  const sent = asker.request('troupe.shop.job.agent.job/desk.in', '{}', { timeout: limits.reply, headers: forged });
  await expect(sent).rejects.toThrow(publishDenied);
  await flushAll(asker, node);
  expect(arrived.filter(({ headers: seen }) => seen?.get('Troupe-From') === 'agent/boss')).toEqual([]);
});

test('an observer can subscribe to topics and read the journal', async () => {
  const [node, observer] = [await connectAs('node'), await connectAs('observer')];
  const news = collect(observer, 'troupe.shop._topic.>');
  const heartbeats = collect(observer, 'troupe.shop._nodes');
  await observer.flush();
  node.publish('troupe.shop._topic.weather', 'rain');
  node.publish('troupe.shop._nodes', 'n1');
  await flushAll(node, observer);
  expect([...news, ...heartbeats].map((message) => message.string())).toEqual(['rain', 'n1']);
  const manager = await jetstreamManager(observer, { apiPrefix: 'JS.shop.API', checkAPI: false });
  const { state } = await manager.streams.info('troupe_shop_runs');
  const last = await manager.streams.getMessage('troupe_shop_runs', { seq: state.last_seq });
  expect(last?.subject).toMatch(/^troupe\.shop\._runs\./);
});

test('an operator reads and appends to the store of the journal, is seen as a process, and deletes nothing', async () => {
  const store = async (role: string) => {
    const connection = await connectAs(role);
    return jetstreamStore({ connection, clock: systemClock(), tenant: 'shop' });
  };
  await using node = await store('node');
  await using operator = await store('operator');
  const large = { headers: {}, body: new Uint8Array(1_500_000) };
  for (const logs of [operator.logs, operator.runs, operator.mail, operator.free]) {
    const sequence = await logs.append('by/operator', 0, large);
    expect(sequence).toBeGreaterThan(0);
    expect((await logs.last('by/operator'))?.body).toHaveLength(1_500_000);
    expect(await logs.names('by')).toEqual(['by/operator']);
    expect(await logs.heads(['by/operator'])).toMatchObject([{ sequence }]);
    const heads = [];
    for await (const { name } of logs.allHeads()) heads.push(name);
    expect(heads).toContain('by/operator');
    const read = [];
    for await (const message of logs.read('by/operator')) read.push(message.sequence);
    expect(read).toEqual([sequence]);
    for (const remove of [() => logs.remove('by/operator'), () => logs.trim('by/operator', (sequence ?? 0) + 1)])
      await expect(remove()).rejects.toMatchObject({
        kind: 'auth',
        message: expect.stringMatching(/STREAM\.PURGE.*--nats-creds/) as string,
      });
  }
  await expect(operator.requireDeletion()).rejects.toMatchObject({ kind: 'auth' });
  const nudged: string[] = [];
  operator.presence.answer('op.1', (run) => void nudged.push(run));
  await operator.presence.announce('op.1');
  expect(await node.presence.ping('op.1', limits.reply)).toBe('alive');
  node.presence.nudge('op.1', 'job');
  await expect.poll(() => nudged).toEqual(['job']);
  await operator.presence.withdraw('op.1');
  for (const logs of [node.logs, node.runs, node.mail, node.free]) await logs.remove('by/operator');
  await node.requireDeletion();
});

test('an observer changes nothing', async () => {
  const [node, observer] = [await connectAs('node'), await connectAs('observer')];
  const info = async () => (await (await jetstreamManager(node)).streams.info('troupe_shop_runs')).state.last_seq;
  const before = await info();
  for (const subject of [
    'troupe.shop._runs.first',
    'troupe.shop._topic.news',
    'troupe.shop._nodes',
    'troupe.shop._ask.desk',
    'troupe.shop._node.n1.drain',
    'troupe.shop.job.agent.job/desk.in',
    '$JS.API.STREAM.DELETE.troupe_shop_runs',
    'JS.shop.API.STREAM.DELETE.troupe_shop_runs',
    'JS.shop.API.STREAM.PURGE.troupe_shop_runs',
    'JS.shop.API.STREAM.CREATE.troupe_shop_runs',
    'JS.shop.API.CONSUMER.CREATE.troupe_shop_runs.x',
    '$O.troupe_shop_bodies.C.x',
  ])
    expect(await publishResponse(observer, subject, '{}'), subject).toMatch(publishDenied);
  for (const subject of ['troupe.shop._inbox.>', 'troupe.shop.>', '_INBOX.>'])
    expect(await subscribeResponse(observer, subject), subject).toMatch(subscribeDenied);
  expect(await info()).toBe(before);
});

test('tenants are isolated: no messages, no runs in common, and neither may use the other’s name', async () => {
  const [shop, bank] = [await connectAs('node'), await connectAs('node', 'bank')];
  const arrived = collect(bank, '>');
  await bank.flush();
  shop.publish('troupe.bank._topic.news', 'from the shop');
  shop.publish('troupe.shop._topic.news', 'to the shop');
  await flushAll(shop, bank);
  expect(arrived.filter(({ subject }) => subject.startsWith('troupe.'))).toEqual([]);
  expect(await runAs('node', 'first', 'bank')).toMatchObject({ status: 'done' });
  const names = async (connection: NatsConnection) => (await jetstreamManager(connection)).streams.names().next();
  expect(new Set((await names(shop)).map((name) => /_(shop|bank)/.exec(name)?.[1]))).toEqual(new Set(['shop']));
  expect((await names(bank)).toSorted()).toEqual(
    ['log', 'mail', 'nodes', 'parts', 'runs'].map((stream) => `troupe_bank_${stream}`),
  );
});

test.each([
  ['asks-desk', 'shop'],
  ['observer', 'shop'],
  ['operator', 'bank'],
])(
  'opening the journal as %s of %s without permission gives an error that names the right credentials',
  async (role, tenant) => {
    const nats = { servers: server.url, creds: creds(role, tenant), tenant: 'shop' };
    await expect(openRuntime({ env: {}, nats })).rejects.toMatchObject({
      kind: 'auth',
      message: expect.stringMatching(/Our credentials.*\$JS\.API.*--nats-creds.*--tenant/) as string,
    });
  },
);

test('a tenant and an agent added later are accepted without a restart, and earlier clients stay connected', async () => {
  const [store, out] = [join(folder, 'later', 'jetstream'), join(folder, 'later')];
  await natsAccess([desk], { out, tenants: ['shop'], server: { store } });
  await using running = await natsServer({ file: join(out, 'nats.conf') });
  const before = await connectNats({ servers: running.url, creds: join(out, 'shop', 'node.nk') });
  const lost: string[] = [];
  void (async () => {
    for await (const { type } of before.status()) lost.push(type);
  })();
  await natsAccess([mail], { out, tenants: ['shop', 'bank'], server: { store } });
  process.kill(running.pid, 'SIGHUP');
  const comes = (path: string) =>
    connectNats({ servers: running.url, creds: join(out, path) }).then((late) => late.close());
  await expect
    .poll(() =>
      comes('bank/node.nk').then(
        () => 'in',
        () => 'out',
      ),
    )
    .toBe('in');
  await comes('shop/asks-mail.room.nk');
  await before.flush();
  expect(lost).not.toContain('disconnect');
  await before.close();
});

test('two clients of one agent do not receive each other’s answers', async () => {
  const [desk1, mail1] = [await connectAs('asks-desk'), await connectAs('asks-mail.room')];
  const inbox = `${inboxPrefixOf(publicKeyOf(seedIn(readFileSync(creds('asks-desk'), 'utf8'))!))}.>`;
  expect(await subscribeResponse(mail1, inbox)).toMatch(subscribeDenied);
  expect(await subscribeResponse(desk1, inbox)).toBe('let in');
});

test.each(['asks-desk', 'observer'])(
  '%s, which may not list nodes, gets an error and not an empty list',
  async (role) => {
    await using outside = await openCluster({ servers: server.url, creds: creds(role), tenant: 'shop' }, systemClock());
    await expect(outside.nodes()).rejects.toMatchObject({
      kind: 'auth',
      message: expect.stringMatching(
        /do not allow us to publish to troupe\.shop\._nodes\.who\. Give those of a role/,
      ) as string,
    });
  },
);
