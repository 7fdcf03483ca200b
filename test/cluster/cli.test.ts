/** Nodes as a user has them: processes that are started, called, stopped and killed. */
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { built } from '../built.ts';
import { workspace, type Workspace } from '../cli/troupe.ts';
import { natsServer, type NatsServer } from '../nats/server.ts';

let server: NatsServer;
beforeAll(async () => {
  server = await natsServer();
});
afterAll(() => server[Symbol.asyncDispose]());

const workerFile = built('test/cluster/fixtures/worker.ts');
type Running = ReturnType<Workspace['start']>;
const paintersFile = built('test/cluster/fixtures/painter.ts');
const on = () => ['--nats', server.url];

test('three nodes: one is killed in the middle of a call, one is drained, and the run ends without repeating a stored result', async () => {
  using at = workspace();
  const counted = () => {
    const file = join(at.folder, 'world.txt');
    return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n').map(Number) : [];
  };
  const started = ['a', 'b', 'c'].map((name) => at.start('node', workerFile, '--name', name, ...on()));
  for (const one of started) await one.until(/has joined, and offers worker/);
  const invoked = await at.troupe('invoke', 'worker', '--input', '"Count."', '--key', 'job', '--detach', ...on());
  expect(invoked).toMatchObject({ code: 0, out: 'job\n' });
  await expect.poll(counted).toEqual([1, 2, 3]);

  const { out } = await at.troupe('ps', '--json', ...on());
  const [row] = JSON.parse(out) as { run: string; node: string; state: string; lease: number }[];
  expect(row).toMatchObject({ run: 'job', name: 'worker', state: expect.stringContaining('acting') as string });
  const ownerIndex = ['a', 'b', 'c'].indexOf(row!.node);
  const following = at.start('runs', 'tail', 'job', '--inspect', ...on());
  const watched = await watchInspector(following);
  started[ownerIndex]!.process.kill('SIGKILL');

  const result = at.troupe('invoke', 'worker', '--key', 'job', ...on());
  at.file('go', '');
  expect(await result).toMatchObject({ code: 0, out: expect.stringContaining('All counted.') as string });
  // Only the call that was under way when the node was killed is made twice.
  expect(counted()).toEqual([1, 2, 3, 3, 4, 5]);

  // A follower saw the run on both nodes, in order, to its end.
  expect(await following.ended).toMatchObject({ code: 0, out: expect.stringContaining('(done)') as string });
  const root = watched.filter(({ sessionId }) => sessionId === 'agent/job');
  expect(root.map(({ snapshot }) => snapshot?.status).filter((status) => status === 'done')).toHaveLength(1);
  expect(root.at(-1)?.snapshot?.status).toBe('done');

  const rest = started.filter((_, n) => n !== ownerIndex);
  rest[0]!.process.kill('SIGTERM');
  expect(await rest[0]!.ended).toMatchObject({ code: 0, err: expect.stringMatching(/Released \d runs?\./) as string });
  const names = ['a', 'b', 'c'].filter((_, n) => n !== ownerIndex);
  const nodes = await at.troupe('nodes', '--json', ...on());
  expect((JSON.parse(nodes.out) as { name: string }[]).map(({ name }) => name)).toEqual([names[1]]);
  rest[1]!.process.kill('SIGTERM');
  await rest[1]!.ended;
});

test('a run left with Ctrl-C is released at once, and the output has no irrelevant errors', async () => {
  using at = workspace();
  const rest = ['--tenant', 'left', ...on()];
  const run = at.start('run', workerFile, '--input', '"Count."', '--key', 'left', ...rest);
  await run.until(/(calls \w+[^]*){3}/);
  run.process.kill('SIGINT');
  const { code, err } = await run.ended;
  expect(code).toBe(3);
  expect(err).toContain('nothing is lost');
  expect(err).not.toContain('(storage)');
  const [row] = JSON.parse((await at.troupe('ps', '--json', ...rest)).out) as { owner: string | null }[];
  expect(row).toMatchObject({ run: 'left', owner: null });
});

test('a run on a node can be paused and resumed from another process', async () => {
  using at = workspace();
  const node = at.start('node', workerFile, '--name', 'steered', '--tenant', 'steered', ...on());
  await node.until(/has joined, and offers worker/);
  const tenantFlags = ['--tenant', 'steered', ...on()];
  await at.troupe('invoke', 'worker', '--input', '"Count."', '--key', 'held', '--detach', ...tenantFlags);
  await at.troupe('runs', 'pause', 'held', ...tenantFlags);
  const left = async () =>
    (JSON.parse((await at.troupe('ps', '--json', ...tenantFlags)).out) as { mail: number }[])[0]?.mail;
  await expect.poll(left).toBe(0);
  at.file('go', '');
  const state = async () =>
    (JSON.parse((await at.troupe('runs', 'get', 'held', '--json', ...tenantFlags)).out) as { state: string }).state;
  await expect.poll(state).toMatch(/holding/);
  expect(await at.troupe('runs', 'resume', 'held', ...tenantFlags)).toMatchObject({
    code: 3,
    err: expect.stringMatching(/told to go on.*troupe runs tail held/) as string,
  });
  expect(await at.troupe('invoke', 'worker', '--key', 'held', ...tenantFlags)).toMatchObject({ code: 0 });
  node.process.kill('SIGTERM');
  await node.ended;
});

test('a node whose server comes back without its data exits with the reason', async () => {
  using at = workspace();
  await using other = await natsServer();
  const node = at.start('node', workerFile, '--name', 'a', '--nats', other.url);
  await node.until(/has joined, and offers worker/);
  await other.kill();
  other.deleteStore();
  await other.restart();
  expect(await node.ended).toMatchObject({
    code: 1,
    err: expect.stringMatching(/is not there\. Put the store back\./) as string,
  });
});

test('a node that is stopped while it starts ends with 0', async () => {
  using at = workspace();
  // It accepts connections and says nothing, so that the node stays at its beginning.
  const silent = createServer(() => {}).listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const { port } = silent.address() as { port: number };
  const starting = at.start('node', workerFile, '--name', 'early', '--nats', `nats://127.0.0.1:${port}`);
  await once(silent, 'connection');
  starting.process.kill('SIGTERM');
  expect(await starting.ended).toMatchObject({
    code: 0,
    err: expect.stringContaining('before it has joined') as string,
  });
  silent.close();
});

test('a start without a server, and one where something else listens, is told in words', async () => {
  using at = workspace();
  const other = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1');
  await once(other, 'listening');
  const { port } = other.address() as { port: number };
  const told = await at.troupe('node', workerFile, '--nats', `nats://127.0.0.1:${port}`);
  expect(told).toMatchObject({
    code: 1,
    err: expect.stringMatching(/No NATS server answers at .*: the connection was closed before/) as string,
  });
  other.close();
  await once(other, 'close');
  const refused = await at.troupe('node', workerFile, '--nats', `nats://127.0.0.1:${port}`);
  expect(refused).toMatchObject({ code: 1, err: expect.stringMatching(/connection refused.*Start one/) as string });
});

test('a node that cannot run what it offers says so before it joins', async () => {
  using at = workspace();
  const refused = await at.troupe('node', paintersFile, ...on());
  expect(refused).toMatchObject({ code: 2, err: expect.stringMatching(/"painter" needs gpu.*\n.*--label/s) as string });
  const twice = await at.troupe('node', workerFile, workerFile, ...on());
  expect(twice).toMatchObject({ code: 2, err: expect.stringContaining('"worker"') as string });
});

interface InspectorMessage {
  readonly sessionId: string;
  readonly snapshot?: { readonly status: string };
}

/** The messages of the inspector feed of a `--watch` process, from now on. */
async function watchInspector({ process, until }: Running): Promise<InspectorMessage[]> {
  let stderr = '';
  process.stderr!.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  await until(/Watch it at \S+\n/);
  const [, page = ''] = /Watch it at (\S+)\n/.exec(stderr) ?? [];
  const url = new URL(page);
  const socket = new WebSocket(`ws://${url.host}/feed?token=${url.searchParams.get('token')}`);
  const messages: InspectorMessage[] = [];
  socket.on('message', (data: Buffer) => messages.push(JSON.parse(data.toString()) as InspectorMessage));
  await once(socket, 'open');
  return messages;
}
