/** Nodes as a user meets them: processes that are started, asked, stopped and killed. */
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { built } from '../built.ts';
import { workspace as place, type Workspace as Place } from '../cli/troupe.ts';
import { natsServer, type NatsServer } from '../nats/server.ts';

let server: NatsServer;
beforeAll(async () => {
  server = await natsServer();
});
afterAll(() => server[Symbol.asyncDispose]());

const worker = built('test/cluster/fixtures/worker.ts');
type Running = ReturnType<Place['start']>;
const painter = built('test/cluster/fixtures/painter.ts');
const on = () => ['--nats', server.url];

test('three nodes: one is killed in the middle of a call, one is told to leave, and the run ends with nothing repeated that was kept', async () => {
  using at = place();
  const counted = () => {
    const file = join(at.folder, 'world.txt');
    return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n').map(Number) : [];
  };
  const started = ['a', 'b', 'c'].map((name) => at.start('node', worker, '--name', name, ...on()));
  for (const one of started) await one.until(/has joined, and offers worker/);
  const begun = await at.troupe('invoke', 'worker', '--input', '"Count."', '--key', 'job', '--detach', ...on());
  expect(begun).toMatchObject({ code: 0, out: 'job\n' });
  await expect.poll(counted).toEqual([1, 2, 3]);

  const { out } = await at.troupe('ps', '--json', ...on());
  const [row] = JSON.parse(out) as { run: string; node: string; state: string; lease: number }[];
  expect(row).toMatchObject({ run: 'job', name: 'worker', state: expect.stringContaining('acting') as string });
  const holder = ['a', 'b', 'c'].indexOf(row!.node);
  const following = at.start('runs', 'tail', 'job', '--inspect', ...on());
  const watched = await watch(following);
  started[holder]!.process.kill('SIGKILL');

  const result = at.troupe('invoke', 'worker', '--key', 'job', ...on());
  at.file('go', '');
  expect(await result).toMatchObject({ code: 0, out: expect.stringContaining('All counted.') as string });
  // What was under way when it was killed is all that is done twice.
  expect(counted()).toEqual([1, 2, 3, 3, 4, 5]);

  // Who follows it saw it on both nodes, in order, to its end.
  expect(await following.ended).toMatchObject({ code: 0, out: expect.stringContaining('(done)') as string });
  const root = watched.filter(({ sessionId }) => sessionId === 'agent/job');
  expect(root.map(({ snapshot }) => snapshot?.status).filter((status) => status === 'done')).toHaveLength(1);
  expect(root.at(-1)?.snapshot?.status).toBe('done');

  const rest = started.filter((_, n) => n !== holder);
  rest[0]!.process.kill('SIGTERM');
  expect(await rest[0]!.ended).toMatchObject({ code: 0, err: expect.stringMatching(/Released \d runs?\./) as string });
  const names = ['a', 'b', 'c'].filter((_, n) => n !== holder);
  const nodes = await at.troupe('nodes', '--json', ...on());
  expect((JSON.parse(nodes.out) as { name: string }[]).map(({ name }) => name)).toEqual([names[1]]);
  rest[1]!.process.kill('SIGTERM');
  await rest[1]!.ended;
});

test('a run that is left with Ctrl-C is free at once, and nothing is said of what does not matter', async () => {
  using at = place();
  const rest = ['--tenant', 'left', ...on()];
  const run = at.start('run', worker, '--input', '"Count."', '--key', 'left', ...rest);
  await run.until(/3 turns/);
  run.process.kill('SIGINT');
  const { code, err } = await run.ended;
  expect(code).toBe(3);
  expect(err).toContain('nothing is lost');
  expect(err).not.toContain('(storage)');
  const [row] = JSON.parse((await at.troupe('ps', '--json', ...rest)).out) as { owner: string | null }[];
  expect(row).toMatchObject({ run: 'left', owner: null });
});

test('a run that a node has is paused, and told to go on, from anywhere', async () => {
  using at = place();
  const node = at.start('node', worker, '--name', 'steered', '--tenant', 'steered', ...on());
  await node.until(/has joined, and offers worker/);
  const on2 = ['--tenant', 'steered', ...on()];
  await at.troupe('invoke', 'worker', '--input', '"Count."', '--key', 'held', '--detach', ...on2);
  await at.troupe('runs', 'pause', 'held', ...on2);
  const left = async () => (JSON.parse((await at.troupe('ps', '--json', ...on2)).out) as { mail: number }[])[0]?.mail;
  await expect.poll(left).toBe(0);
  at.file('go', '');
  const state = async () =>
    (JSON.parse((await at.troupe('runs', 'get', 'held', '--json', ...on2)).out) as { state: string }).state;
  await expect.poll(state).toMatch(/holding/);
  expect(await at.troupe('runs', 'resume', 'held', ...on2)).toMatchObject({
    code: 0,
    err: expect.stringMatching(/told to go on.*troupe runs tail held/) as string,
  });
  expect(await at.troupe('invoke', 'worker', '--key', 'held', ...on2)).toMatchObject({ code: 0 });
  node.process.kill('SIGTERM');
  await node.ended;
});

test('a node whose server comes back with nothing ends with the reason, for somebody to see', async () => {
  using at = place();
  await using other = await natsServer();
  const node = at.start('node', worker, '--name', 'a', '--nats', other.url);
  await node.until(/has joined, and offers worker/);
  await other.kill();
  other.empty();
  await other.again();
  expect(await node.ended).toMatchObject({
    code: 1,
    err: expect.stringMatching(/is not there\. Put the store back\./) as string,
  });
});

test('what a node cannot do is said before it joins', async () => {
  using at = place();
  const unfit = await at.troupe('node', painter, ...on());
  expect(unfit).toMatchObject({ code: 2, err: expect.stringMatching(/"painter" needs gpu.*\n.*--label/s) as string });
  const twice = await at.troupe('node', worker, worker, ...on());
  expect(twice).toMatchObject({ code: 2, err: expect.stringContaining('"worker"') as string });
});

interface Shown {
  readonly sessionId: string;
  readonly snapshot?: { readonly status: string };
}

/** What the page of a follower is told, from now on. */
async function watch({ process, until }: Running): Promise<Shown[]> {
  let said = '';
  process.stderr!.on('data', (chunk: Buffer) => (said += chunk.toString()));
  await until(/Watch it at \S+\n/);
  const [, page = ''] = /Watch it at (\S+)\n/.exec(said) ?? [];
  const url = new URL(page);
  const socket = new WebSocket(`ws://${url.host}/feed?token=${url.searchParams.get('token')}`);
  const shown: Shown[] = [];
  socket.on('message', (data: Buffer) => shown.push(JSON.parse(data.toString()) as Shown));
  await once(socket, 'open');
  return shown;
}
