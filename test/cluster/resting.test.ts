/** Waiting runs of a node that leaves, on a real server: another one takes them over without loading them, and each goes on when something comes for it. */
import { headers } from '@nats-io/transport-node';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { flow } from 'troupe';
import { z } from 'zod';
import { limits } from '../limits.ts';
import { natsServer, type NatsServer } from '../nats/server.ts';
import type { OfferedDefinition } from '../../src/cluster/runs.ts';
import { connectCluster, startNode } from './testNodes.ts';

let server: NatsServer;
beforeAll(async () => {
  server = await natsServer();
});
afterAll(() => server[Symbol.asyncDispose]());

const asks = flow('asks', async (ctx) => {
  const { ok } = await ctx.wait({ name: 'ok', schema: z.object({ ok: z.boolean() }), question: 'Go on?' });
  return ok;
});
/** As a file exports it that is a function of its settings. */
const greeting = (name: string) =>
  flow('greets', async (ctx) => {
    await ctx.signal('go');
    return `Hello ${name}`;
  });
const naps = flow('naps', async (ctx) => {
  await ctx.sleep('12s');
  return 'slept';
});

test('questions, a pause and a repeated request of waiting runs are theirs at the node that takes them over', async () => {
  const one = await startNode(server, 'rest', 'one', [asks, naps]);
  await using client = await connectCluster(server.url, 'rest');
  const keys = Array.from({ length: 12 }, (_, n) => `q${n}`);
  for (const key of keys) await client.invoke('asks', null, { key, detach: true });
  await client.invoke('naps', null, { key: 'nap', detach: true });
  await expect.poll(async () => (await one.runtime.tickets()).length).toBe(12);
  await using two = await startNode(server, 'rest', 'two', [asks, naps]);
  await one[Symbol.asyncDispose]();
  await expect.poll(() => two.node.report.runs).toBe(13);
  expect(two.runtime.load().actors).toBe(0);
  // Answered from outside, asked for again, and due.
  await using other = await startNode(server, 'rest', 'other', []);
  await other.runtime.answer((await other.runtime.tickets('q3'))[0]!.id, { ok: true });
  expect(await client.invoke('asks', null, { key: 'q3' })).toMatchObject({ status: 'done', output: true });
  expect(await client.invoke('asks', null, { key: 'q5' })).toMatchObject({
    status: 'waiting',
    tickets: [{ run: 'q5' }],
  });
  expect(await client.invoke('naps', null, { key: 'nap' })).toMatchObject({ status: 'done', output: 'slept' });
  await two.runtime.answer((await two.runtime.tickets('q7'))[0]!.id, { ok: false });
  expect(await client.invoke('asks', null, { key: 'q7' })).toMatchObject({ status: 'done', output: false });
  expect(two.node.report.runs).toBe(10);
  // A program that speaks to the question itself, as docs/wire.md says.
  const [question] = await other.runtime.tickets('q9');
  const [type = '', key = ''] = question!.id.split('/');
  const sent = headers();
  const answer = { type: 'wait.answer', answer: { ok: true }, by: 'ann' };
  const facts = { Type: answer.type, Kind: 'signal', From: 'person/ann', To: question!.id, Run: 'q9' };
  for (const [name, value] of Object.entries(facts)) sent.set(`Troupe-${name}`, encodeURIComponent(value));
  sent.set('Nats-Msg-Id', 'answer-q9');
  const subject = `troupe.rest.q9.${type}.${key.replaceAll('.', '/')}.in`;
  const { data } = await other.connection.request(subject, JSON.stringify(answer), {
    headers: sent,
    timeout: limits.reply,
  });
  expect(data).toHaveLength(0);
  expect(await client.invoke('asks', null, { key: 'q9' })).toMatchObject({ status: 'done', output: true });
});

test('a stored run that is asked for again goes on with the settings with which it was started, not with those of the node', async () => {
  {
    await using first = await startNode(server, 'settings', 'first', []);
    const started = await first.runtime.start(greeting('Ann'), null, {
      key: 'g',
      meta: { args: { name: 'Ann' } },
    });
    await started.park(0);
  }
  const offer: OfferedDefinition = {
    name: 'greets',
    runnable: greeting('nobody'),
    definitionFor: (settings) => greeting((settings as { name: string }).name), // As it was started above.
  };
  // It takes no run by itself.
  await using _ = await startNode(server, 'settings', 'next', [], { offers: [offer], maxRuns: 0 });
  await using client = await connectCluster(server.url, 'settings');
  expect(await client.invoke('greets', null, { key: 'g' })).toMatchObject({ status: 'waiting' });
  await using other = await startNode(server, 'settings', 'other', []);
  const [root] = await other.runtime.journal.find({ run: 'g', parent: null });
  await other.runtime.signal(root!.actor, { type: 'flow.signal', name: 'go', value: null });
  await expect
    .poll(() => client.invoke('greets', null, { key: 'g' }), { timeout: limits.step })
    .toMatchObject({ status: 'done', output: 'Hello Ann' });
});

test('a run that has ended gives its result to a request under its key, without making its definition anew', async () => {
  const asked: unknown[] = [];
  const offer: OfferedDefinition = {
    name: 'greets',
    runnable: flow('greets', async () => 'Hello'),
    definitionFor: (settings) => {
      asked.push(settings);
      throw new Error('The settings are from before, and this file does not take them any more.');
    },
  };
  await using _ = await startNode(server, 'ended', 'only', [], { offers: [offer] });
  await using client = await connectCluster(server.url, 'ended');
  const done = { status: 'done', output: 'Hello' };
  expect(await client.invoke('greets', null, { key: 'e' })).toMatchObject(done);
  expect(await client.invoke('greets', null, { key: 'e' })).toMatchObject(done);
  expect(await client.invoke('greets', null, { key: 'e', retry: true })).toMatchObject(done);
  expect(asked).toEqual([]);
});
