/** A tool source is closed by its opener only. */
import { expect, test } from 'vitest';
import * as z from 'zod';
import { agent, mcpServer, openRuntime, run, tool } from 'troupe';
import { scriptedModel } from 'troupe/testing';
import { memory } from '../../src/journal/memory/memory.ts';
import { overrideMethods } from '../../src/testing/world/intercept.ts';
import { fakeSource } from '../tools/fakeSource.ts';

const isAlive = (pid: number) => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};
const peer = () =>
  mcpServer(
    {
      name: 'peer',
      command: process.execPath,
      args: [new URL('../mcp/peer.mjs', import.meta.url).pathname, 'odd'],
    },
    { trust: 'read' },
  );

test('a tool source that the caller opened stays open after the run, for the next one', async () => {
  const source = fakeSource('mine', 'read');
  const clerk = agent({ name: 'clerk', model: scriptedModel(() => ({ text: 'ok' })), tools: [source] });
  expect(await run(clerk, 'one', { db: 'memory' })).toBe('ok');
  expect(await run(clerk, 'two', { db: 'memory' })).toBe('ok');
  expect(source).toMatchObject({ disposed: false });
});

test('a toolbelt is connected when the agent activates it, and its server ends with the task, not with the runtime', async () => {
  let pids: number[] = [];
  const model = scriptedModel(({ messages, tools }) => {
    const last = messages.at(-1)!;
    if (last.role === 'tool' && last.results[0]!.name === 'peer__pids') {
      pids = (JSON.parse(last.results[0]!.content) as { pids: (number | null)[] }).pids.filter((pid) => pid !== null);
      return { text: 'done' };
    }
    return tools.some(({ name }) => name === 'peer__pids')
      ? { calls: [{ name: 'peer__pids', input: {} }] }
      : { calls: [{ name: 'request_tools', input: { tier: 'toolbelt', reason: 'need it' } }] };
  });
  await using runtime = await openRuntime({ db: 'memory' });
  const worker = agent({ name: 'worker', model, toolbelt: [peer()], approve: () => false });
  const handle = await runtime.start(worker, 'go');
  expect(await handle.outcome()).toMatchObject({ status: 'done' });
  expect(pids).not.toEqual([]);
  while (pids.some(isAlive)) await new Promise(setImmediate);
});

test.each([
  ['is completed', () => ({ text: 'ok' }), 'done'],
  [
    'fails',
    () => {
      throw new Error('no');
    },
    'failed',
  ],
])('a tool source that was opened for one task is closed once when the task %s', async (_, says, status) => {
  const closed: string[] = [];
  await using runtime = await openRuntime({ db: 'memory' });
  const worker = agent({
    name: 'worker',
    model: scriptedModel(says as never),
    limits: { maxRecoveries: 0 },
    cleanUp: ({ run }) => {
      closed.push(run);
      return Promise.resolve();
    },
  });
  const handle = await runtime.start(worker, 'go', { key: 'k' });
  expect(await handle.outcome()).toMatchObject({ status });
  expect(closed).toEqual(['k']);
});

test.each([
  ['only functions of its own', false, 1],
  ['a source that is asked for its tools', true, 2],
])('an agent with %s is begun, and its tools are listed, in so many writes', async (_, isAsked, writes) => {
  const inner = memory();
  let stored = 0;
  const journal = overrideMethods(inner, {
    commit: async (commit) => (stored++, inner.commit(commit)),
    commitAll: async (commits) => (stored++, inner.commitAll?.(commits)),
  });
  let before = 0;
  const model = scriptedModel(() => ((before = stored), { text: 'ok' }));
  const own = tool({ name: 'add', description: 'Adds.', input: z.object({}), output: z.number(), run: () => 1 });
  const clerk = agent({ name: 'clerk', model, tools: isAsked ? [own, fakeSource('mine', 'read')] : [own] });
  await using runtime = await openRuntime({ journal });
  expect(await (await runtime.start(clerk, 'one')).outcome()).toMatchObject({ status: 'done', output: 'ok' });
  expect(before).toBe(writes);
});
