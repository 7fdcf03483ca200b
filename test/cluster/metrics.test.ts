/** What an operator sees of a node: its metrics, its probes before the journal is open, and how far runs lag. */
import { once } from 'node:events';
import { createServer } from 'node:net';
import { connect as plainConnect } from 'nats';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { agent, openRuntime, tool } from 'troupe';
import { scriptedModel } from 'troupe/testing';
import { node } from '../../src/cluster/join.ts';
import { main } from '../../src/cli/program.ts';
import { systemClock } from '../../src/engine/clock.ts';
import { built } from '../built.ts';
import { fakeCli } from '../cli/fakeCli.ts';
import { workspace } from '../cli/troupe.ts';
import { limits } from '../limits.ts';
import { freePorts } from '../nats/cluster.ts';
import { natsServer } from '../nats/server.ts';
import { readExposition } from '../observe/exposition.ts';
import { connectCluster } from './testNodes.ts';

const greeter = agent({ name: 'greeter', model: scriptedModel(() => ({ text: 'Hello!' })) });
const post = tool({
  name: 'post',
  description: 'Posts a message.',
  effect: 'write',
  input: z.object({ to: z.string() }),
  output: z.string(),
  run: async () => 'posted',
});
/** Its tool needs the approval of a person. */
const careful = agent({
  name: 'careful',
  tools: [post],
  approve: 'writes',
  model: scriptedModel(() => ({ calls: [{ name: 'post', input: { to: 'ada' } }] })),
});
const secret = 'sk-very-secret-key';

test('a node counts its runs, commits, effects and tokens, says that its server is away and came back, and tells no secret', async () => {
  await using server = await natsServer();
  await using member = await node([greeter], {
    nats: { servers: server.url, folder: server.stateFolder },
    env: { ANTHROPIC_API_KEY: secret },
    name: 'a',
    maxRuns: 5,
  });
  const read = async () => {
    const text = await member.metricsText();
    expect(text).not.toContain(secret);
    const families = readExposition(text);
    return (name: string, labels: Record<string, string> = {}) =>
      families
        .get(name)
        ?.samples.find((sample) => Object.entries(labels).every(([label, value]) => sample.labels[label] === value))
        ?.value;
  };
  await using outside = await connectCluster(server.url, 'default');
  for (const key of ['one', 'two']) await outside.invoke('greeter', 'Hi.', { key });
  await expect
    .poll(async () => (await read())('troupe_runs_ended_total', { definition: 'greeter', status: 'done' }))
    .toBe(2);
  const value = await read();
  expect(value('troupe_build_info', { name: 'a', node: process.versions.node })).toBe(1);
  expect(value('troupe_ready')).toBe(1);
  expect(value('troupe_requests_total', { definition: 'greeter', answer: 'done' })).toBe(2);
  expect(value('troupe_runs', { definition: 'greeter', state: 'busy' })).toBe(0);
  expect(value('troupe_runs_max')).toBe(5);
  expect(value('troupe_nodes')).toBe(1);
  expect(value('troupe_free_runs')).toBe(0);
  expect(value('troupe_journal_trouble')).toBe(0);
  expect(value('troupe_journal_lag_seconds')).toBe(0);
  expect(value('troupe_runs_with_mail')).toBe(0);
  expect(value('troupe_nats_reconnects_total')).toBe(0);
  expect(value('troupe_commits_total')).toBeGreaterThan(2);
  expect(value('troupe_effects_total', { outcome: 'done' })).toBeGreaterThan(0);
  await server.kill();
  await expect.poll(async () => (await read())('troupe_nats_connected')).toBe(0);
  expect((await read())('troupe_ready')).toBe(0);
  await server.restart();
  await expect.poll(async () => (await read())('troupe_nats_reconnects_total')).toBe(1);
  await expect.poll(async () => (await read())('troupe_ready')).toBe(1);
});

test(
  'the probes of a node are served before its journal is open: alive, not ready, with the reason; then ready, with metrics',
  { timeout: limits.long },
  async () => {
    using at = workspace();
    // It accepts connections and says nothing.
    const silent = createServer(() => {}).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as { port: number };
    const worker = built('test/cluster/fixtures/worker.ts');
    const [health = 0] = await freePorts(1);
    const begin = (url: string) =>
      at.start('node', worker, '--name', 'early', '--health', String(health), '--nats', url);
    const get = async (path: string) => {
      const answer = await fetch(`http://127.0.0.1:${health}/${path}`);
      return { status: answer.status, text: await answer.text() };
    };
    const connected = once(silent, 'connection');
    const waiting = begin(`nats://127.0.0.1:${port}`);
    await connected;
    expect(await get('healthz')).toEqual({ status: 200, text: 'ok\n' });
    expect(await get('readyz')).toEqual({ status: 503, text: 'the node is starting: the journal is not open yet\n' });
    const early = readExposition((await get('metrics')).text);
    expect(early.get('troupe_ready')?.samples[0]?.value).toBe(0);
    waiting.process.kill('SIGTERM');
    expect(await waiting.ended).toMatchObject({ code: 0 });
    silent.close();

    await using server = await natsServer();
    const started = begin(server.url);
    await started.until(/has joined, and offers worker/);
    expect(await get('readyz')).toEqual({ status: 200, text: 'ok\n' });
    const families = readExposition((await get('metrics')).text);
    expect(families.get('troupe_ready')?.samples[0]?.value).toBe(1);
    started.process.kill('SIGTERM');
    expect(await started.ended).toMatchObject({ code: 0 });
  },
);

test(
  'ps says for each run how long ago its last commit was, and which node cannot use its journal',
  { timeout: limits.long },
  async () => {
    const config = (bytes: number) => `jetstream { sync_interval: always, max_file_store: ${bytes} }`;
    await using server = await natsServer(config(400_000));
    const nats = { servers: server.url, folder: server.stateFolder };
    await using member = await node([careful], { nats, env: {}, name: 'a' });
    await using outside = await connectCluster(server.url, 'default');
    expect(await outside.invoke('careful', 'Write to Ada.', { key: 'k' })).toMatchObject({ status: 'waiting' });
    const ps = async (...flags: string[]) => {
      const cli = fakeCli({
        clock: systemClock(),
        open: (options) => openRuntime({ ...options, nats, env: {} }),
      });
      expect(await main(['ps', '--nats', server.url, ...flags], cli)).toBe(0);
      return { out: cli.outputText(), err: cli.errorText() };
    };
    const rowOf = async () =>
      (JSON.parse((await ps('--json')).out) as { run: string; moved: number; lag: number }[])[0]!;
    const first = await rowOf();
    expect(first).toMatchObject({ run: 'k', node: 'a', mail: 0, needs: 'you' });
    // Nothing moves it on, so only time passes.
    await expect.poll(async () => (await rowOf()).lag).toBeGreaterThan(first.lag);
    expect((await rowOf()).moved).toBe(first.moved);
    const table = (await ps()).out.split('\n');
    expect(table[0]).toMatch(/MAIL +LAG$/);
    expect(table[1]).toMatch(/^k +careful .* a .*\d+(\.\d+)? ?m?s *$/);
    await fillStore(server.url);
    await expect.poll(() => member.busy()).toMatch(/the journal cannot be used/);
    await expect.poll(async () => (await ps()).err).toMatch(/"a" is not ready: .*(insufficient|resource|storage)/);
    expect(JSON.parse((await ps('--json')).out)).toMatchObject([{ run: 'k', trouble: expect.any(String) as string }]);
  },
);

/** Publishes until the server has no room for a hundred bytes. */
async function fillStore(servers: string): Promise<void> {
  const other = await plainConnect({ servers });
  await (await other.jetstreamManager()).streams.add({ name: 'filler', subjects: ['filler'] });
  for (const bytes of [30_000, 100])
    for (let isFull = false; !isFull;)
      isFull = await other
        .jetstream()
        .publish('filler', new Uint8Array(bytes))
        .then(
          () => false,
          () => true,
        );
  await other.close();
}
