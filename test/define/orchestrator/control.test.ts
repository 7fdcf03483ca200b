/** A running orchestration: cancel, pause, more tasks, reset, monitor. */
import { expect, test } from 'vitest';
import { monitorOf, orchestrator, routers, type RunHandle, type TaskResult } from 'troupe';
import { testRuntime, type TestRuntime } from 'troupe/testing';
// oxlint-disable-next-line import/no-unassigned-import -- as users do
import 'troupe/testing/vitest';
import { broken, echo, silent } from './members.ts';

const monitor = async (runtime: TestRuntime, { root }: RunHandle) =>
  monitorOf((await runtime.journal.find({ actor: root }))[0]!);
const outcomeOf = async (handle: RunHandle) =>
  (await handle.outcome()) as unknown as {
    status: string;
    reason?: string;
    output?: TaskResult[];
    partial?: TaskResult[];
  };

test('a cancel ends running and waiting tasks, and every task has a result', async () => {
  await using runtime = await testRuntime();
  const desk = orchestrator({
    name: 'desk',
    members: [echo('ada'), silent('bob')],
    router: routers.direct(),
    mode: 'parallel:2',
  });
  const task = (agentId: string) => ({ input: 'x', agentId });
  // More tasks wait for bob than are read ahead.
  const tasks = [task('ada'), ...Array.from({ length: 40 }, () => task('bob'))];
  const handle = await runtime.start(desk, { tasks });
  await runtime.settle();
  await runtime.signal(handle.root, { type: 'orchestra.cancel', reason: 'enough' });
  await runtime.advance('1m');
  const { status, reason, partial } = await outcomeOf(handle);
  expect({ status, reason }).toEqual({ status: 'cancelled', reason: 'enough' });
  expect(partial!.map(({ errorKind = 'done' }) => errorKind)).toEqual([
    'done',
    ...Array.from({ length: 40 }, () => 'cancelled'),
  ]);
  expect(partial!.map(({ metadata }) => metadata.attempts)).toEqual([1, 1, 1, ...Array.from({ length: 38 }, () => 0)]);
});

test('an orchestration that has ended refuses a cancel', async () => {
  await using runtime = await testRuntime();
  const handle = await runtime.start(orchestrator({ name: 'desk', members: [echo('ada')] }), 'x');
  await runtime.settle();
  const late = runtime.signal(handle.root, { type: 'orchestra.cancel', reason: 'enough' });
  await expect(late).rejects.toMatchObject({ kind: 'conflict' });
});

test('a long-lived orchestration accepts tasks until it is closed', async () => {
  await using runtime = await testRuntime();
  const handle = await runtime.start(orchestrator({ name: 'desk', members: [echo('ada')] }), {
    tasks: ['1'],
    standing: true,
  });
  await runtime.advance('72h');
  await runtime.signal(handle.root, { type: 'orchestra.task', task: { input: '2', timeout: '5m' } });
  await runtime.settle();
  await runtime.signal(handle.root, { type: 'orchestra.close' });
  const { status, output } = await outcomeOf(handle);
  expect(status).toBe('done');
  expect(output!.map((result) => result.output)).toEqual(['ada: 1', 'ada: 2']);
});

test('a cancelled long-lived orchestration refuses tasks until it is reset', async () => {
  await using runtime = await testRuntime();
  const handle = await runtime.start(orchestrator({ name: 'desk', members: [echo('ada')] }), {
    tasks: [],
    standing: true,
  });
  const say = async (event: { type: string; [key: string]: never | string | object }) => {
    await runtime.signal(handle.root, event as never);
    await runtime.settle();
  };
  await say({ type: 'orchestra.cancel', reason: 'enough' });
  expect((await monitor(runtime, handle)).cancelled).toBe(true);
  await say({ type: 'orchestra.task', task: { input: 'refused' } });
  await say({ type: 'orchestra.reset' });
  expect((await monitor(runtime, handle)).cancelled).toBe(false);
  await say({ type: 'orchestra.task', task: { input: 'taken' } });
  await say({ type: 'orchestra.close' });
  const { output } = await outcomeOf(handle);
  expect(output!.map(({ errorKind = 'done' }) => errorKind)).toEqual(['cancelled', 'done']);
});

test('a task that was cancelled while it waited stays cancelled after a reset', async () => {
  await using runtime = await testRuntime();
  const desk = orchestrator({ name: 'desk', members: [silent('ada')], mode: 'sequential' });
  const handle = await runtime.start(desk, { tasks: ['1', '2', '3'], standing: true });
  await runtime.settle();
  await runtime.signal(handle.root, { type: 'orchestra.cancel', reason: 'enough' });
  await runtime.advance('1m');
  await runtime.signal(handle.root, { type: 'orchestra.reset' });
  await runtime.advance('1m');
  expect(await monitor(runtime, handle)).toMatchObject({ dispatchedTasks: 1, members: [{ busy: 0 }] });
  await runtime.signal(handle.root, { type: 'orchestra.close' });
  const { output } = await outcomeOf(handle);
  expect(output!.map(({ taskId, errorKind }) => [taskId, errorKind])).toEqual([
    ['task-1', 'cancelled'],
    ['task-2', 'cancelled'],
    ['task-3', 'cancelled'],
  ]);
});

test('a paused orchestration starts no task', async () => {
  await using runtime = await testRuntime();
  const handle = await runtime.start(orchestrator({ name: 'desk', members: [echo('ada')] }), {
    tasks: [],
    standing: true,
  });
  await runtime.signal(handle.root, { type: 'orchestra.pause' });
  await runtime.signal(handle.root, { type: 'orchestra.task', task: { input: 'x' } });
  await runtime.advance('1h');
  expect(await monitor(runtime, handle)).toMatchObject({ dispatchedTasks: 0 });
  await runtime.signal(handle.root, { type: 'orchestra.resume' });
  await runtime.settle();
  expect(await monitor(runtime, handle)).toMatchObject({ dispatchedTasks: 1, consumedSteps: 1 });
  await runtime.signal(handle.root, { type: 'orchestra.close' });
  await expect(handle).toHaveEnded({ status: 'done' });
});

test('the monitor shows the usage, the busy members and those out of rotation, and a reset returns them to rotation', async () => {
  await using runtime = await testRuntime({ gateway: { retry: { times: 1 } } });
  const desk = orchestrator({
    name: 'desk',
    members: [broken('ada'), silent('bob')],
    mode: 'sequential',
    rotation: { maxFailures: 1, rest: '1h' },
    budget: { maxTotalTasks: 2, maxTotalSteps: 90, maxConcurrentTasks: 4 },
  });
  const handle = await runtime.start(desk, { tasks: ['1', '2'], standing: true });
  await runtime.settle();
  const seen = await monitor(runtime, handle);
  expect(seen).toEqual({
    maxTotalTasks: 2,
    maxTotalSteps: 90,
    maxConcurrentTasks: 4,
    // The one attempt at ada's model, which failed.
    consumedSteps: 1,
    dispatchedTasks: 2,
    stepBudgetExhausted: false,
    taskBudgetExhausted: true,
    cancelled: false,
    members: [
      { id: 'ada', busy: 0, taken: 1, failures: 1, outUntil: expect.any(Number), health: 'failing' },
      { id: 'bob', busy: 1, taken: 1, failures: 0, outUntil: null, health: 'healthy' },
    ],
  });
  await runtime.signal(handle.root, { type: 'orchestra.reset' });
  await runtime.settle();
  expect((await monitor(runtime, handle)).members[0]).toMatchObject({
    failures: 0,
    outUntil: null,
    health: 'healthy',
  });
  await runtime.signal(handle.root, { type: 'orchestra.cancel', reason: 'over' });
  await runtime.signal(handle.root, { type: 'orchestra.close' });
  await expect(handle).toHaveEnded({ status: 'cancelled' });
});

test('a deadline ends an orchestration, with a result for every task', async () => {
  await using runtime = await testRuntime();
  const desk = orchestrator({ name: 'desk', members: [silent('ada')], mode: 'sequential', deadline: '1m' });
  const handle = await runtime.start(desk, { tasks: ['1', '2'] });
  await runtime.advance('2m');
  const { status, partial } = await outcomeOf(handle);
  expect(status).toBe('failed');
  expect(partial!.map(({ errorKind }) => errorKind)).toEqual(['deadlineExceeded', 'deadlineExceeded']);
  const due = await runtime.start(orchestrator({ name: 'desk', members: [silent('ada')] }), 'x', { deadline: '1m' });
  await runtime.advance('2m');
  expect(await due.outcome()).toMatchObject({ status: 'failed', failure: { kind: 'expired' } });
});

test.each([
  [{ type: 'orchestra.task', task: { input: 'x', timeout: -1 } }, /timeout/],
  [{ type: 'orchestra.cancel' }, /reason/],
  [{ type: 'orchestra.stop' }, /does not take this signal/],
  [{ type: 'work', id: 'w' }, /does not take this signal/],
])('an invalid signal is refused to its sender: %#', async (event, says) => {
  await using runtime = await testRuntime();
  const handle = await runtime.start(orchestrator({ name: 'desk', members: [echo('ada')] }), {
    tasks: [],
    standing: true,
  });
  await expect(runtime.signal(handle.root, event as never)).rejects.toThrow(says);
  await runtime.signal(handle.root, { type: 'orchestra.close' });
  await expect(handle).toHaveEnded({ status: 'done' });
});

test('the time limit of a task that is added later applies, also when it is written as "5m"', async () => {
  await using runtime = await testRuntime();
  const handle = await runtime.start(orchestrator({ name: 'desk', members: [silent('bob')] }), {
    tasks: [],
    standing: true,
  });
  await runtime.signal(handle.root, { type: 'orchestra.task', task: { input: 'x', timeout: '5m' } });
  await runtime.signal(handle.root, { type: 'orchestra.close' });
  await runtime.advance('6m');
  const { output } = await outcomeOf(handle);
  expect(output).toMatchObject([{ success: false, metadata: { timedOut: true } }]);
});
