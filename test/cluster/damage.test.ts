/** A run that is damaged on a real server: it is named, and the nodes go on with the others. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { jetstreamManager } from '@nats-io/jetstream';
import { setup } from 'xstate';
import { effect, flow, machine } from 'troupe';
import { doctorCommand } from '../../src/cli/commands/doctor.ts';
import { openRuntime } from '../../src/runtime/runtime.ts';
import { connectNats } from '../../src/nats/connection.ts';
import { limits } from '../limits.ts';
import { natsServer, type NatsServer } from '../nats/server.ts';
import { fakeCli } from '../cli/fakeCli.ts';
import { clock, connectCluster, startNode } from './testNodes.ts';

let server: NatsServer;
beforeAll(async () => {
  server = await natsServer();
});
afterAll(() => server[Symbol.asyncDispose]());

/** A run of it is at work: whoever takes it over reads it. */
const gate = machine(
  setup({
    actors: {
      hold: effect<null, null>((_, { signal }) => new Promise((_, fail) => signal.addEventListener('abort', fail)), {
        idempotent: true,
      }),
    },
  }).createMachine({
    id: 'gate',
    initial: 'held',
    states: { held: { invoke: { src: 'hold', input: null } } },
  }),
);

/** A run of it waits: whoever takes it over does not read it. */
const asks = flow('asks', async (ctx) => ctx.signal('go'));

/** Repeats the last segment of a run behind it: its digest does not fit there. */
async function damage(tenant: string, run: string): Promise<void> {
  const connection = await connectNats({ servers: server.url });
  const { streams } = await jetstreamManager(connection);
  const subject = `troupe.${tenant}._runs.${run}`;
  const last = await streams.getMessage(`troupe_${tenant}_runs`, { last_by_subj: subject });
  if (!last) throw new Error(`There is no run ${run}.`);
  last.header.delete('Nats-Expected-Last-Subject-Sequence');
  await connection.request(subject, last.data, { headers: last.header, timeout: limits.reply });
  await connection.close();
}

test('a node that finds a damaged run among the free ones says so, and takes the others', async () => {
  const keys = ['d1', 'd2', 'poisoned', 'd3', 'd4'];
  {
    await using _ = await startNode(server, 'shop', 'first', [gate]);
    await using client = await connectCluster(server.url, 'shop');
    for (const key of keys) await client.invoke('gate', null, { key, detach: true });
  }
  await damage('shop', 'poisoned');
  await using next = await startNode(server, 'shop', 'next', [gate]);
  await expect.poll(() => next.node.report.runs).toBe(4);
  await expect
    .poll(() => next.logLines.filter((line) => line.includes('poisoned')))
    .toEqual([expect.stringMatching(/^poisoned cannot go on here \(corrupt\): .*segment \d+ of the run poisoned/)]);
  const found = await next.runtime.journal.find({ parent: null });
  expect(found.map(({ run }) => run).sort()).toEqual(['d1', 'd2', 'd3', 'd4']);
});

test('a node that has named a damaged run takes a new one of that key, once the damaged one was set aside', async () => {
  await using other = await openRuntime({
    nats: { servers: server.url, folder: server.stateFolder, tenant: 'repaired' },
    env: {},
  });
  const begin = async (key: string) => (await other.start(gate, null, { key })).park(0);
  await begin('poisoned');
  await damage('repaired', 'poisoned');
  await using next = await startNode(server, 'repaired', 'next', [gate]);
  const named = () => next.logLines.filter((line) => line.startsWith('poisoned cannot go on here'));
  await expect.poll(named).toHaveLength(1);
  await other.journal.setAside?.('poisoned', { now: other.now(), keep: () => {} });
  await begin('beside');
  await expect.poll(() => next.node.report.runs).toBe(1);
  await begin('poisoned');
  await expect.poll(() => next.node.report.runs).toBe(2);
  expect(named()).toHaveLength(1);
});

test('a damaged run that waits at a node is set aside while the nodes run, and its key begins anew', async () => {
  const cwd = mkdtempSync(join(tmpdir(), 'troupe-aside-'));
  await using client = await connectCluster(server.url, 'default');
  {
    await using first = await startNode(server, 'default', 'first', [asks]);
    for (const key of ['poisoned', 'whole']) await client.invoke('asks', null, { key });
    expect(first.node.report.runs).toBe(2);
  }
  await damage('default', 'poisoned');
  await using one = await startNode(server, 'default', 'one', [asks]);
  await using two = await startNode(server, 'default', 'two', [asks]);
  await expect.poll(() => one.node.report.runs + two.node.report.runs, { timeout: limits.step }).toBe(2);
  expect(one.runtime.load().actors + two.runtime.load().actors).toBe(0);
  const cli = fakeCli({
    cwd,
    clock,
    open: (given) => openRuntime({ ...given, nats: { servers: server.url, folder: server.stateFolder }, env: {} }),
  });
  await doctorCommand(cli, { nats: server.url, repair: true, yes: true, json: true });
  const found = JSON.parse(cli.outputText()) as { what: string; says: string }[];
  expect(found.filter(({ what }) => what === 'repair')).toEqual([
    { what: 'repair', ok: true, says: expect.stringMatching(/^The run "poisoned" was set aside/) as string },
  ]);
  expect(readdirSync(join(cwd, '.troupe/damaged'))).toHaveLength(1);
  expect(await client.invoke('asks', null, { key: 'poisoned' })).toMatchObject({ status: 'waiting' });
  await expect.poll(() => one.node.report.runs + two.node.report.runs, { timeout: limits.step }).toBe(2);
  rmSync(cwd, { recursive: true });
});
