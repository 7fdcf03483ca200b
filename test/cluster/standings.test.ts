/** How runs on a server stand: `troupe runs list` and `runs get` ask the nodes that have them, and read the journal where nobody answers. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { agent } from 'troupe';
import { scriptedModel } from 'troupe/testing';
import { listRuns } from '../../src/cli/commands/runs.ts';
import { showRun } from '../../src/cli/commands/showRun.ts';
import { standingsOf } from '../../src/runtime/standing.ts';
import { openRuntime, type Runtime } from '../../src/runtime/runtime.ts';
import { connectNats } from '../../src/nats/connection.ts';
import { openNode } from '../../src/cluster/node.ts';
import { fakeCli } from '../cli/fakeCli.ts';
import { natsServer, type NatsServer } from '../nats/server.ts';
import { clock, connectCluster, startNode } from './testNodes.ts';

let server: NatsServer;
beforeAll(async () => {
  server = await natsServer();
});
afterAll(() => server[Symbol.asyncDispose]());

const slow = agent({ name: 'slow', model: scriptedModel(() => ({ hang: true })) });
/** The clock of a process that is an hour ahead. */
const ahead = { ...clock, now: () => clock.now() + 3_600_000 };

function shell(tenant: string, time = clock) {
  const nats = { servers: server.url, folder: server.stateFolder, tenant };
  const open = () => openRuntime({ nats, env: {}, clock: time });
  const options = { nats: server.url, tenant, json: true } as const;
  return {
    open,
    async list(status?: 'stalled' | 'working') {
      const cli = fakeCli({ clock, open });
      await listRuns(cli, { ...options, limit: 10, ...(status === undefined ? {} : { status }) });
      return (JSON.parse(cli.outputText()) as { run: string; outcome: string; reason?: string }[]).map(
        ({ run, outcome, reason }) => [run, outcome, reason],
      );
    },
    async get(run: string) {
      const cli = fakeCli({ clock, open });
      await showRun(cli, run, options);
      return JSON.parse(cli.outputText()) as { standing: string; reason?: string };
    },
    async journalSays(run: string) {
      await using reader = await open();
      const roots = await reader.journal.find({ run, parent: null, limit: 1 });
      return (await standingsOf(reader, roots)).get(run)?.status;
    },
  };
}

/** A node in this process, and a run that it begins. */
async function working(tenant: string, change: (runtime: Runtime) => Partial<Runtime> = () => ({})) {
  const runtime = await openRuntime({ nats: { servers: server.url, folder: server.stateFolder, tenant }, env: {} });
  const connection = await connectNats({ servers: server.url });
  const offers = [{ name: 'slow', runnable: slow }];
  const node = await openNode({
    name: 'a',
    runtime: { ...runtime, ...change(runtime) },
    connection,
    clock,
    version: '0',
    offers,
    tenant,
  });
  await using client = await connectCluster(server.url, tenant);
  await client.invoke('slow', 'Go.' as never, { key: 'job', detach: true } as never);
  return {
    connection,
    async [Symbol.asyncDispose]() {
      await node[Symbol.asyncDispose]();
      await runtime.close();
      await connection.close();
    },
  };
}

test('a run is working, as its node says, whatever the clock of who asks says', async () => {
  await using _ = await working('renewed');
  const at = shell('renewed', ahead);
  expect(await at.journalSays('job')).toBe('working');
  expect(await at.get('job')).toMatchObject({ standing: 'working' });
  expect(await at.list('working')).toEqual([['job', 'working', undefined]]);
  expect(await at.list('stalled')).toEqual([]);
});

test('a run whose node cannot write it is stalled, with the reason, before its lease ends', async () => {
  await using _ = await working('stuck', () => ({
    stallOf: () => 'locked: the journal is locked by another program.',
  }));
  const at = shell('stuck');
  expect(await at.journalSays('job')).toBe('working');
  expect(await at.get('job')).toMatchObject({
    standing: 'stalled',
    reason: expect.stringContaining('locked') as string,
  });
  expect(await at.list('stalled')).toEqual([['job', 'stalled', expect.stringContaining('locked')]]);
});

test('of a run whose node does not answer one hears what the journal says', async () => {
  await using node = await working('silent');
  await node.connection.close();
  const at = shell('silent');
  expect(await at.get('job')).toMatchObject({ standing: 'working' });
  const late = shell('silent', ahead);
  expect(await late.get('job')).toMatchObject({ standing: 'working' });
});

test('a node says nothing of runs that it does not have', async () => {
  const runnables = [slow];
  await using node = await startNode(server, 'others', 'a', runnables);
  await using client = await connectCluster(server.url, 'others');
  expect(await client.standings([{ run: 'job', owner: node.runtime.owner }])).toEqual(new Map());
  expect(await client.standings([{ run: 'job', owner: 'somebody else' }])).toEqual(new Map());
});
