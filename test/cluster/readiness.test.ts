/** A node says when it cannot use its journal: by its probe, in its report, in `troupe nodes` and in `troupe doctor`. */
import { expect, test } from 'vitest';
import { connect as plainConnect } from 'nats';
import { agent } from 'troupe';
import { scriptedModel } from 'troupe/testing';
import { node } from '../../src/cluster/join.ts';
import { probes } from '../../src/observe/probes.ts';
import { openRuntime } from '../../src/runtime/runtime.ts';
import { natsServer } from '../nats/server.ts';
import { limits } from '../limits.ts';
import { connectCluster } from './testNodes.ts';

const greeter = agent({ name: 'greeter', model: scriptedModel(() => ({ text: 'Hello!' })) });

/** A node with its probes, as `troupe node --health` opens them. */
async function probed(servers: string, folder: string) {
  const said: string[] = [];
  const member = await node([greeter], {
    nats: { servers, folder },
    env: {},
    name: 'a',
    say: (line) => said.push(line),
  });
  const served = await probes({ port: 0, notReadyReason: member.busy });
  const get = async (path: string) => {
    const answer = await fetch(`${served.url}/${path}`);
    return `${answer.status} ${(await answer.text()).trim()}`;
  };
  return {
    member,
    said,
    ready: () => get('readyz'),
    alive: () => get('healthz'),
    async [Symbol.asyncDispose]() {
      await served[Symbol.asyncDispose]();
      await member[Symbol.asyncDispose]();
    },
  };
}

test(
  'when the server’s disk is full, an idle node is not ready and says why; it is ready again when there is room',
  { timeout: 3 * limits.test },
  async () => {
    const config = (bytes: number) => `jetstream { sync_interval: always, max_file_store: ${bytes} }`;
    await using server = await natsServer(config(400_000));
    await using at = await probed(server.url, server.stateFolder);
    expect(await at.ready()).toBe('200 ok');
    const other = await plainConnect({ servers: server.url });
    const stream = await other.jetstreamManager();
    await stream.streams.add({ name: 'filler', subjects: ['filler'] });
    for (let isFull = false; !isFull;)
      isFull = await other
        .jetstream()
        .publish('filler', new Uint8Array(30_000))
        .then(
          () => false,
          () => true,
        );
    for (let isFull = false; !isFull;)
      isFull = await other
        .jetstream()
        .publish('filler', new Uint8Array(100))
        .then(
          () => false,
          () => true,
        );
    await expect.poll(at.ready).toMatch(/^503 the journal cannot be used: .*(insufficient|resource|storage)/);
    expect(await at.alive()).toBe('200 ok');
    expect(at.member.report).toMatchObject({
      health: 'failing',
      trouble: expect.stringMatching(/storage|resource/) as string,
    });
    await using outside = await connectCluster(server.url, 'default');
    await expect(outside.invoke('greeter', 'Hi.', { key: 'k', detach: true, within: 9_000 })).rejects.toMatchObject({
      kind: 'timeout',
      message: expect.not.stringContaining('The run continues') as string,
    });
    await other.close();
    await server.kill();
    await server.restart(config(10_000_000));
    await expect.poll(at.ready).toBe('200 ok');
    await expect.poll(() => at.said).toContain('The journal can be used again.');
    expect(at.said).toContainEqual(expect.stringMatching(/^The journal cannot be used: /));
    expect(await outside.invoke('greeter', 'Hi.', { key: 'k' })).toMatchObject({ status: 'done' });
  },
);

test('a node whose server is away is not ready; what others put into its log does not matter', async () => {
  await using server = await natsServer();
  await using at = await probed(server.url, server.stateFolder);
  const other = await plainConnect({ servers: server.url });
  await using outside = await connectCluster(server.url, 'default');
  await outside.invoke('greeter', 'Hi.', { key: 'first' });
  const manager = await other.jetstreamManager();
  const { state } = await manager.streams.info('troupe_default_log', { subjects_filter: 'troupe.default._log.>' });
  const subjects = Object.keys(state.subjects ?? {});
  expect(subjects).toHaveLength(1);
  for (let n = 0; n < 3; n++) {
    other.publish(subjects[0] ?? '', new TextEncoder().encode('noise'));
    await other.flush();
    expect(await outside.invoke('greeter', 'Hi.', { key: `after-${n}` })).toMatchObject({ status: 'done' });
  }
  await expect.poll(() => at.member.report.skipped).toBe(3);
  expect(await at.ready()).toBe('200 ok');
  expect(at.member.report).toMatchObject({ health: 'healthy' });
  await expect.poll(() => at.said.join('\n')).toMatch(/Another program writes to the log of this node: 3 messages/);
  await server.kill();
  await expect.poll(at.ready).toBe('503 the NATS server is away');
  expect(await at.alive()).toBe('200 ok');
  await server.restart();
  await expect.poll(at.ready).toBe('200 ok');
  await other.close();
});

test('a node whose credentials were replaced on the server says so, and is ready again when they are valid again', async () => {
  const config = (password: string) => `jetstream {}\nauthorization { users: [{ user: shop, password: ${password} }] }`;
  await using server = await natsServer(config('first'));
  const url = server.url.replace('//', '//shop:first@');
  await using at = await probed(url, server.stateFolder);
  await using other = await openRuntime({ nats: { servers: url, folder: server.stateFolder }, env: {} });
  await server.kill();
  await server.restart(config('second'));
  await expect.poll(at.ready).toMatch(/^503 the NATS server does not accept the credentials of this process any more/);
  await expect(other.journal.find({})).rejects.toMatchObject({
    kind: 'storage',
    message: expect.stringContaining('does not accept the credentials of this process any more') as string,
  });
  expect(await at.alive()).toBe('200 ok');
  await server.kill();
  await server.restart(config('first'));
  await expect.poll(at.ready).toBe('200 ok');
});
