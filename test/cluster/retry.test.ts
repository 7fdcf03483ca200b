/** A run that failed goes on from the step that failed, asked for from anywhere. */
import { connect as plainConnect, headers as plainHeaders } from 'nats';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { agent, openRuntime, tool, TroupeError } from 'troupe';
import { scriptedModel } from 'troupe/testing';
import { main } from '../../src/cli/program.ts';
import { fakeCli } from '../cli/fakeCli.ts';
import { natsServer, type NatsServer } from '../nats/server.ts';
import { connectCluster, startNode } from './testNodes.ts';

let server: NatsServer;
beforeAll(async () => {
  server = await natsServer();
});
afterAll(() => server[Symbol.asyncDispose]());

/** An agent whose model fails after a write, until it is repaired. */
function payer() {
  const world = { isBroken: true, paid: 0, asked: 0 };
  const pay = tool({
    name: 'pay',
    description: 'Pays.',
    effect: 'write',
    input: z.object({}),
    output: z.string(),
    run: () => `paid ${++world.paid}`,
  });
  const model = scriptedModel(({ messages }) => {
    if (messages.every(({ role }) => role !== 'assistant')) return { calls: [{ name: 'pay', input: {} }] };
    world.asked++;
    if (world.isBroken) throw new TroupeError('auth', 'No API key is set.');
    return { text: 'Paid.' };
  });
  return { world, subject: agent({ name: 'payer', tools: [pay], model }) };
}

test('a client retries a run by its key: at any node, with its input or without, and what succeeded is kept', async () => {
  const { world, subject } = payer();
  await using a = await startNode(server, 'retry', 'a', [subject]);
  await using _ = await startNode(server, 'retry', 'b', [subject]);
  await using outside = await connectCluster(server.url, 'retry');
  const failed = { run: 'k', status: 'failed', failure: { kind: 'auth' } };
  expect(await outside.invoke('payer', 'Go.', { key: 'k' })).toMatchObject(failed);
  // Asked for again, it is not done again.
  expect(await outside.invoke('payer', 'Go.', { key: 'k' })).toMatchObject(failed);
  expect(world).toMatchObject({ paid: 1, asked: 1 });
  // It fails again, once for each time that it is asked for.
  expect(await outside.invoke('payer', 'Go.', { key: 'k', retry: true })).toMatchObject(failed);
  expect(await outside.invoke('payer', undefined, { key: 'k', retry: true })).toMatchObject(failed);
  expect(world).toMatchObject({ paid: 1, asked: 3 });
  await expect(outside.invoke('payer', 'Other.', { key: 'k', retry: true })).rejects.toMatchObject({
    kind: 'conflict',
  });
  await expect(outside.invoke('payer', 'Go.', { retry: true })).rejects.toMatchObject({ kind: 'invalid' });
  world.isBroken = false;
  expect(await outside.invoke('payer', undefined, { key: 'k', retry: true, detach: true })).toEqual({
    run: 'k',
    status: 'active',
  });
  await expect.poll(() => outside.invoke('payer', undefined, { key: 'k' })).toMatchObject({ status: 'done' });
  // A run that is done gives its result, with or without it.
  expect(await outside.invoke('payer', 'Go.', { key: 'k', retry: true })).toMatchObject({
    status: 'done',
    output: 'Paid.',
  });
  expect(world).toMatchObject({ paid: 1, asked: 4 });
  expect(a.node.report.trouble).toBeUndefined();
});

test.each(['with its input', 'without'])(
  'a run that failed, and that its process has not yet given back, is retried %s when it has',
  async (how) => {
    const { world, subject } = payer();
    const tenant = `retry-held-${how.length}`;
    await using elsewhere = await openRuntime({
      nats: { servers: server.url, folder: server.stateFolder, tenant },
      env: {},
    });
    const { release } = elsewhere.journal;
    let allow = () => {};
    const allowed = new Promise<void>((resolve) => (allow = resolve));
    elsewhere.journal.release = async (...asked) => {
      await allowed;
      await release(...asked);
    };
    const handle = await elsewhere.start(subject, 'Go.', { key: 'k' });
    expect(await handle.outcome()).toMatchObject({ status: 'failed' });
    await using a = await startNode(server, tenant, 'a', [subject]);
    await using outside = await connectCluster(server.url, tenant);
    const claims = vi.spyOn(a.runtime.journal, 'claim');
    const retried = outside.invoke('payer', how === 'without' ? undefined : 'Go.', { key: 'k', retry: true });
    await expect.poll(() => claims.mock.settledResults[0]?.type).toBe('rejected');
    allow();
    expect(await retried).toMatchObject({ run: 'k', status: 'failed' });
    expect(world).toMatchObject({ paid: 1, asked: 2 });
  },
);

test('a plain client retries by a header, and needs the key of the run', async () => {
  const { world, subject } = payer();
  await using _ = await startNode(server, 'retry-plain', 'a', [subject]);
  await using plain = await plainConnect({ servers: server.url }).then((connection) => ({
    connection,
    [Symbol.asyncDispose]: () => connection.close(),
  }));
  const ask = async (input: string, sent: Record<string, string>) => {
    const headers = plainHeaders();
    for (const [name, value] of Object.entries(sent)) headers.set(name, value);
    const reply = await plain.connection.request('troupe.retry-plain._ask.payer', input, { timeout: 20_000, headers });
    return reply.json<object>();
  };
  expect(await ask('"Go."', { 'Troupe-Key': 'k' })).toMatchObject({ status: 'failed' });
  world.isBroken = false;
  expect(await ask('"Go."', { 'Troupe-Retry': 'yes' })).toMatchObject({
    status: 'refused',
    failure: { kind: 'invalid' },
  });
  expect(await ask('', { 'Troupe-Key': 'k', 'Troupe-Retry': 'yes' })).toMatchObject({
    status: 'done',
    output: 'Paid.',
  });
  expect(world.paid).toBe(1);
});

test('the command says how to go on, retries, and ends with the code of what came of it', async () => {
  const { world, subject } = payer();
  await using _ = await startNode(server, 'retry-cli', 'a', [subject]);
  const invoke = async (...more: string[]) => {
    const cli = fakeCli({ env: {} });
    const code = await main(['invoke', 'payer', '--nats', server.url, '--tenant', 'retry-cli', ...more], cli);
    return { code, said: `${cli.outputText()}${cli.errorText()}` };
  };
  const first = await invoke('--input', '"Go."', '--key', 'k');
  expect(first.code).toBe(1);
  expect(first.said).toContain('troupe invoke payer --key k --retry');
  expect(await invoke('--input', '"Go."', '--retry')).toMatchObject({ code: 2 });
  expect(await invoke('--key', 'k', '--retry')).toMatchObject({ code: 1 });
  expect(await invoke('--key', 'unknown', '--retry')).toMatchObject({ code: 2 });
  world.isBroken = false;
  expect(await invoke('--key', 'k', '--retry')).toMatchObject({ code: 0, said: 'Paid.\n' });
  expect(world.paid).toBe(1);
});
