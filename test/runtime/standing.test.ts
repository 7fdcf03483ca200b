/** How runs stand: who is at work on them, whom they wait for, and which nobody has. */
import { hostname } from 'node:os';
import { expect, test } from 'vitest';
import { setup } from 'xstate';
import { z } from 'zod';
import { agent, flow, machine, tool } from 'troupe';
import { scriptedModel, testRuntime, type TestRuntime } from 'troupe/testing';
import { main } from '../../src/cli/program.ts';
import { thisProcessId } from '../../src/engine/processId.ts';
import { diskTrouble } from '../../src/journal/sqlite/diskSpace.ts';
import { willBePaused } from '../../src/runtime/paused.ts';
import { standingsOf } from '../../src/runtime/standing.ts';
import { deferred } from '../deferred.ts';
import { fakeCli } from '../cli/fakeCli.ts';

const ask = tool({
  name: 'ask',
  description: 'Asks.',
  effect: 'write',
  approval: true,
  input: z.object({}),
  output: z.null(),
  run: () => null,
});
const hang = tool({
  name: 'hang',
  description: 'Takes long.',
  effect: 'read',
  input: z.object({}),
  output: z.null(),
  timeout: '1h',
  run: (_, { signal }) =>
    new Promise<null>((_resolve, reject) => signal.addEventListener('abort', () => reject(new Error('stopped')))),
});
const readOnly = { name: 'look', description: 'Looks.', input: z.object({}), output: z.null() };
const clerk = (...names: string[]) =>
  agent({
    name: 'clerk',
    tools: [ask, hang],
    model: scriptedModel([{ calls: names.map((name) => ({ name, input: {} })) }, { text: 'Done.' }]),
  });

const standing = async (runtime: TestRuntime) =>
  (await standingsOf(runtime, await runtime.journal.find({ parent: null, status: 'active' }))).get('k');
const start = async (runtime: TestRuntime, ...names: string[]) => {
  const handle = await runtime.start(clerk(...names), 'Go.', { key: 'k' });
  await runtime.settle();
  return handle;
};
/** The lease of the run, as this owner took it a while ago. */
const takenBy = async (runtime: TestRuntime, owner: string, ago: number) =>
  runtime.journal.claim('k', owner, { now: runtime.now() - ago, ttl: 10_000 });

test('a run at work is working, and one that was paused needs you', async () => {
  await using runtime = await testRuntime();
  const { promise: look, resolve: looked } = deferred<null>();
  const read = tool({ ...readOnly, run: () => look });
  const subject = agent({
    name: 'clerk',
    tools: [read],
    model: scriptedModel([{ calls: [{ name: 'look', input: {} }] }, { text: 'Done.' }]),
  });
  const { root } = await runtime.start(subject, 'Go.', { key: 'k' });
  await runtime.settle();
  expect(await standing(runtime)).toEqual({ status: 'working' });
  await runtime.signal(root, { type: 'agent.pause' });
  looked(null);
  await runtime.settle();
  expect(await standing(runtime)).toMatchObject({ status: 'waiting', needs: 'you', reason: 'It is paused.' });
});

test('an agent that was told to pause needs you from then on, also while its model or its calls are at work', async () => {
  await using runtime = await testRuntime();
  const { promise: look, resolve: looked } = deferred<null>();
  const { promise: answer, resolve: answered } = deferred<void>();
  const steps = scriptedModel([{ calls: [{ name: 'look', input: {} }] }, { text: 'Done.' }]);
  const slow: typeof steps = {
    ...steps,
    async *stream(request, scope) {
      await answer;
      yield* steps.stream(request, scope);
    },
  };
  const read = tool({ ...readOnly, run: () => look });
  const { root } = await runtime.start(agent({ name: 'clerk', tools: [read], model: slow }), 'Go.', { key: 'k' });
  await runtime.settle();
  await runtime.signal(root, { type: 'agent.pause' });
  await runtime.settle();
  expect(await standing(runtime)).toMatchObject({
    status: 'working',
    needs: 'you',
    reason: expect.stringContaining('told to pause') as string,
  });
  await runtime.signal(root, { type: 'agent.resume' });
  answered();
  await runtime.settle();
  expect(await standing(runtime)).toEqual({ status: 'working' });
  await runtime.signal(root, { type: 'agent.pause' });
  await runtime.settle();
  expect(await standing(runtime)).toMatchObject({
    status: 'waiting',
    needs: 'you',
    reason: expect.stringContaining('paused') as string,
  });
  looked(null);
});

test.each([
  ['run.pause', { status: 'waiting', needs: 'you', reason: expect.stringContaining('paused') as string }],
  ['run.cancel', { status: 'parked', reason: expect.stringContaining('told to cancel') as string }],
  ['flow.signal', { status: 'parked' }],
])('a run that no process has shows what was sent to it: %s', async (type, stands) => {
  await using runtime = await testRuntime();
  const listen = flow('listen', async (ctx) => ctx.signal('news'));
  const handle = await runtime.start(listen, null, { key: 'k' });
  await runtime.settle();
  await handle.park();
  expect(await standing(runtime)).toMatchObject({
    status: 'waiting',
    reason: expect.stringContaining('news') as string,
  });
  await runtime.signal(handle.root, { type, name: 'news', value: null, reason: 'enough' });
  expect(await standing(runtime)).toMatchObject(stands);
});

test.each(['player.pause', 'player.cancel'])(
  'an event of a machine of one’s own is no command, whatever its name ends with: %s',
  async (type) => {
    await using runtime = await testRuntime();
    const chart = setup({}).createMachine({
      id: 'player',
      initial: 'playing',
      states: { playing: { on: { 'player.pause': 'resting', 'player.cancel': 'resting' } }, resting: {} },
    });
    const handle = await runtime.start(machine(chart), null, { key: 'k' });
    await runtime.settle();
    await handle.park();
    const before = await standing(runtime);
    await runtime.signal(handle.root, { type });
    expect(await standing(runtime)).toEqual(before);
    const [root] = await runtime.journal.find({ actor: handle.root });
    expect(root && willBePaused(root, await runtime.journal.mail('k'))).toBe(false);
  },
);

test.each([
  [
    'asks',
    ['ask'],
    { status: 'waiting', needs: 'you', reason: expect.stringContaining('May ask be called') as string },
  ],
  ['asks while something else is at work', ['ask', 'hang'], { status: 'working', needs: 'you' }],
] as const)('a run that %s', async (_, names, stands) => {
  await using runtime = await testRuntime();
  const handle = await start(runtime, ...names);
  expect(await standing(runtime)).toEqual(stands);
  await handle.park();
  // Nobody has it, and a person can still answer.
  expect(await standing(runtime)).toMatchObject({
    ...stands,
    status: stands.status === 'waiting' ? 'waiting' : 'parked',
  });
});

test.each([
  ['parked', undefined, 0, /released in order/],
  ['orphaned', `${hostname()} 999999999 1`, 0, /process is gone/],
  ['orphaned', 'another-machine 1 1', 60_000, /ended 50 s ago/],
  ['working', 'another-machine 1 1', 0, undefined],
  ['stalled', `${thisProcessId()} x`, 60_000, /has not renewed its lease for 50 s/],
] as const)('a run is %s when %s took it %i ms ago', async (status, owner, ago, reason) => {
  await using runtime = await testRuntime();
  const handle = await start(runtime, 'hang');
  await handle.park();
  if (owner !== undefined) await takenBy(runtime, owner, ago);
  expect(await standing(runtime)).toEqual({
    status,
    ...(reason ? { reason: expect.stringMatching(reason) as string } : {}),
  });
});

test.each([
  ['lives, and its disk is full', `${thisProcessId()} x`, 0, 'stalled'],
  ['lives, has lost its lease, and its disk is full', `${thisProcessId()} x`, 60_000, 'stalled'],
  ['is gone', `${hostname()} 999999999 1`, 0, 'orphaned'],
] as const)(
  'another process sees that a run is stalled for want of space when its process %s',
  async (_, owner, ago, status) => {
    await using runtime = await testRuntime();
    const handle = await start(runtime, 'hang');
    await handle.park();
    await takenBy(runtime, owner, ago);
    const { journal, tickets, now } = runtime;
    const reader = { journal: { ...journal, trouble: () => 'no space: the disk of /data is full' }, tickets, now };
    const [root] = await journal.find({ run: 'k', parent: null });
    const stands = (await standingsOf(reader, root ? [root] : [])).get('k');
    expect(stands?.status).toBe(status);
    expect(stands?.reason).toMatch(status === 'stalled' ? /^no space: / : /process is gone/);
  },
);

test('a run of a node that cannot use its journal is stalled, as the node itself says', async () => {
  await using runtime = await testRuntime();
  const handle = await start(runtime, 'hang');
  await handle.park();
  await takenBy(runtime, 'another-machine 1 1', 0);
  const [root] = await runtime.journal.find({ run: 'k', parent: null });
  const troubleOf = (owner: string) => (owner === 'another-machine 1 1' ? 'no space: the server is full' : undefined);
  const stands = await standingsOf(runtime, root ? [root] : [], troubleOf);
  expect(stands.get('k')).toEqual({ status: 'stalled', reason: 'no space: the server is full' });
});

test('a disk is full when it has no room for a page of the file; where nobody tells, it is not', () => {
  const free = (bavail: number) => () => ({ bavail, bsize: 4096 });
  expect(diskTrouble('/data/j.db', free(0))).toBe('no space: the disk of /data is full');
  expect(diskTrouble('/data/j.db', free(15))).toMatch(/no space/);
  expect(diskTrouble('/data/j.db', free(16))).toBeUndefined();
  expect(diskTrouble('/there/is/no/such/folder/j.db')).toBeUndefined();
  expect(diskTrouble(':memory:', free(0))).toBeUndefined();
});

test('lists say how runs stand, and can be filtered by it; "active" is all that have not ended', async () => {
  await using runtime = await testRuntime();
  await start(runtime, 'ask');
  const list = async (...filter: string[]) => {
    const open = async () => ({ ...runtime, [Symbol.asyncDispose]: async () => {} });
    const cli = fakeCli({ open, env: { TROUPE_DB: 'memory' } });
    expect(await main(['runs', 'list', '--json', ...filter], cli)).toBe(0);
    return JSON.parse(cli.outputText()) as unknown[];
  };
  const one = [expect.objectContaining({ run: 'k', status: 'active', outcome: 'waiting', needs: 'you' })];
  expect(await list()).toEqual(one);
  expect(await list('--status', 'active')).toEqual(one);
  expect(await list('--status', 'waiting')).toEqual(one);
  for (const other of ['working', 'parked', 'stalled', 'orphaned', 'done'])
    expect(await list('--status', other)).toEqual([]);
});

test('of more than a thousand runs that wait for a person, each is shown as waiting, with its question', async () => {
  await using runtime = await testRuntime();
  const question = flow('question', async (ctx) => ctx.wait());
  const count = 1_010;
  for (let n = 0; n < count; n++) await runtime.start(question, null);
  await runtime.settle();
  const roots = await runtime.journal.find({ parent: null, status: 'active', limit: count });
  const known = await standingsOf(runtime, roots);
  expect([...known.values()].filter(({ status }) => status === 'waiting')).toHaveLength(count);
  expect(await runtime.tickets()).toHaveLength(count);
});

test('a run that waits for a signal is waiting, also when no process has it', async () => {
  await using runtime = await testRuntime();
  const handle = await runtime.start(
    flow('listener', async (ctx) => ctx.signal('news')),
    null,
    { key: 'k' },
  );
  await runtime.settle();
  const waiting = { status: 'waiting', reason: 'It waits for the signal "news".' };
  expect(await standing(runtime)).toEqual(waiting);
  await handle.park();
  expect(await standing(runtime)).toEqual(waiting);
});
