/** A journal on three servers: asked for on the command line, refused where it cannot be, and still there when one server is lost. */
import { connect as plainConnect } from 'nats';
import { expect, test } from 'vitest';
import { openRuntime } from 'troupe';
import { main } from '../../src/cli/program.ts';
import { fakeCli } from '../cli/fakeCli.ts';
import { workspace, type CommandResult } from '../cli/troupe.ts';
import { limits } from '../limits.ts';
import { natsCluster } from './cluster.ts';
import { natsServer } from './server.ts';

/** By name: on how many servers each stream is stored. */
async function replicasOf(servers: string): Promise<Record<string, number>> {
  const connection = await plainConnect({ servers: servers.split(',') });
  const found: Record<string, number> = {};
  for await (const { config } of (await connection.jetstreamManager()).streams.list())
    found[config.name] = config.num_replicas;
  await connection.close();
  return found;
}

test(
  'a run with --nats-replicas 3 is on three servers, and can be asked for and followed by others when the one that led its journal is lost',
  { timeout: limits.long },
  async () => {
    using at = workspace();
    await using cluster = await natsCluster();
    const on = ['--nats', cluster.urls, '--nats-replicas', '3'];
    const greet = async (key: string): Promise<CommandResult> => {
      const result = await at.troupe('run', at.fixture('hello.ts'), '--input', '"Hi."', '--key', key, '--quiet', ...on);
      // On a slow machine the servers may elect for longer than a start waits, which then says so.
      return result.code === 1 && /Start again when it answers/.test(result.err) ? greet(key) : result;
    };
    // One of them is being updated: it is back before long.
    const [updated] = cluster.servers;
    await updated?.kill();
    const first = greet('first');
    await updated?.restart();
    expect(await first).toMatchObject({ code: 0, out: expect.stringContaining('Hello Ada!') as string });
    const replicas = await replicasOf(cluster.urls);
    expect(Object.keys(replicas).length).toBeGreaterThan(0);
    expect(new Set(Object.values(replicas))).toEqual(new Set([3]));
    const [journal = ''] = Object.keys(replicas).filter((name) => name.startsWith('troupe_'));
    await (await cluster.leaderOf(journal)).kill();
    expect(await greet('first')).toMatchObject({ code: 0, out: expect.stringContaining('Hello Ada!') as string });
    expect(await greet('second')).toMatchObject({ code: 0, out: expect.stringContaining('Hello Ada!') as string });
    const { code, out, err } = await at.troupe('runs', 'list', '--json', ...on);
    expect(code, err).toBe(0);
    expect((JSON.parse(out) as { run: string }[]).map(({ run }) => run).sort()).toEqual(['first', 'second']);
  },
);

test('a server that is alone is asked for three replicas: nothing is started, and the message says what to do', async () => {
  using at = workspace();
  await using server = await natsServer();
  const result = await at.troupe(
    'run',
    at.fixture('hello.ts'),
    '--input',
    '"Hi."',
    '--nats',
    server.url,
    '--nats-replicas',
    '3',
  );
  expect(result).toMatchObject({
    code: 1,
    err: expect.stringMatching(
      /cannot store the journal on 3 servers: .*a cluster of at least 3.*--nats-replicas/s,
    ) as string,
  });
  expect(await replicasOf(server.url)).toEqual({});
});

test.each(['0', '6', 'three', '1.5'])(
  '%s is no number of servers, in the environment or on the command line',
  async (written) => {
    const env = { TROUPE_NATS: 'nats://127.0.0.1:1', TROUPE_NATS_REPLICAS: written };
    await expect(openRuntime({ env })).rejects.toMatchObject({
      kind: 'invalid',
      message: expect.stringMatching(/on 1 to 5 servers.*TROUPE_NATS_REPLICAS/) as string,
    });
    const cli = fakeCli();
    expect(await main(['ps', '--nats', 'nats://127.0.0.1:1', '--nats-replicas', written], cli)).toBe(2);
    expect(cli.errorText()).toContain('Expected 1 to 5');
  },
);

test('a journal that is there stays on as many servers as it was made for, and who asked for more is told', async () => {
  using at = workspace();
  await using server = await natsServer();
  const greet = (...more: string[]) =>
    at.troupe('run', at.fixture('hello.ts'), '--input', '"Hi."', '--quiet', '--nats', server.url, ...more);
  expect(await greet()).toMatchObject({ code: 0 });
  const { code, err } = await greet('--nats-replicas', '3');
  expect({ code, err }).toEqual({
    code: 0,
    err: expect.stringMatching(
      /"default" is to be stored on 3 servers.*troupe_default.*nats stream edit NAME --replicas 3/,
    ) as string,
  });
});
