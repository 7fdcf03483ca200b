/** The controls of a running orchestration, which affect no other. */
import { expect, test } from 'vitest';
import { agent, control, orchestrator, TroupeError, type Model } from 'troupe';
import { testRuntime } from 'troupe/testing';
import { orchestratorSnapshot } from 'troupe/formats';
import { deferred } from '../deferred.ts';

const usage = { inputTokens: 1, outputTokens: 1, cachedTokens: 0, reported: true, usd: 0 };
/** Answers when the gate opens, and fails when its input says so. */
function gated(fails: string[] = []) {
  const gate = deferred();
  let asked = 0;
  const model: Model = {
    id: 'test:gated',
    async *stream() {
      asked++;
      await gate.promise;
      const kind = fails.shift();
      if (kind !== undefined) throw new TroupeError('auth', kind);
      yield { type: 'text', text: 'Done.' };
      yield { type: 'finish', reason: 'stop', usage, model: 'test:gated' };
    },
  };
  return { model, open: () => gate.resolve(), asked: () => asked };
}
const desk = (model: Model, more: object = {}) =>
  orchestrator({ name: 'desk', members: [agent({ name: 'clerk', model, limits: { maxRecoveries: 0 } })], ...more });
const longLived = { tasks: [], standing: true };

test('limits can be given as snake_case JSON; cancel and reset are shown in the monitor', async () => {
  await using runtime = await testRuntime();
  const work = gated();
  work.open();
  const run = await runtime.start(desk(work.model), longLived);
  const { configure, cancel, reset, add, close, monitor } = control(runtime, run);
  await configure({
    max_concurrent_tasks: 4,
    max_total_steps: 120,
    max_total_tasks: 30,
    default_retry_condition: 'on_transient',
  });
  await runtime.settle();
  const limits = { maxConcurrentTasks: 4, maxTotalSteps: 120, maxTotalTasks: 30 };
  expect(await monitor()).toMatchObject({ ...limits, dispatchedTasks: 0, cancelled: false });
  await cancel('enough');
  await runtime.settle();
  expect(await monitor()).toMatchObject({ ...limits, cancelled: true });
  await reset();
  await add('Go on.');
  await runtime.settle();
  await close();
  const outcome = await run.outcome();
  expect(outcome).toMatchObject({ status: 'done', output: [{ success: true }] });
  expect(await monitor()).toMatchObject({ ...limits, consumedSteps: 1, dispatchedTasks: 1, cancelled: false });
});

test('a higher limit starts more tasks at once, and null removes a limit', async () => {
  await using runtime = await testRuntime();
  const work = gated();
  const run = await runtime.start(desk(work.model, { budget: { maxConcurrentTasks: 1 } }), { tasks: ['a', 'b', 'c'] });
  await runtime.settle();
  expect(work.asked()).toBe(1);
  const { configure, monitor } = control(runtime, run);
  await configure({ limits: { maxConcurrentTasks: 2 } });
  await runtime.settle();
  expect(work.asked()).toBe(2);
  await configure({ limits: { maxConcurrentTasks: null } });
  await runtime.settle();
  expect(work.asked()).toBe(3);
  expect((await monitor()).members).toMatchObject([{ id: 'clerk', busy: 3 }]);
  work.open();
  expect((await run.outcome()).status).toBe('done');
});

test('a changed retry condition applies to tasks that have not started, and not to tasks with their own', async () => {
  const attempts = async (changed: boolean) => {
    await using runtime = await testRuntime();
    const work = gated(['no', 'no', 'no']);
    const own = { input: 'c', retry: { maxRetries: 1 } };
    const run = await runtime.start(desk(work.model, { mode: 'sequential' }), { tasks: ['a', 'b', own] });
    await runtime.settle();
    if (changed) await control(runtime, run).configure({ retry: { maxRetries: 1 } });
    work.open();
    const outcome = await run.outcome();
    return (outcome as { output?: unknown }).output as { metadata: { attempts: number } }[];
  };
  expect((await attempts(false)).map(({ metadata }) => metadata.attempts)).toEqual([1, 1, 2]);
  expect((await attempts(true)).map(({ metadata }) => metadata.attempts)).toEqual([1, 2, 1]);
});

test('the control of one orchestration does not affect another', async () => {
  await using runtime = await testRuntime();
  const work = gated();
  const subject = desk(work.model);
  const [one, other] = [await runtime.start(subject, longLived), await runtime.start(subject, longLived)];
  await control(runtime, one).configure({ limits: { maxTotalTasks: 3 } });
  await control(runtime, one).cancel();
  await runtime.settle();
  expect(await control(runtime, one).monitor()).toMatchObject({ maxTotalTasks: 3, cancelled: true });
  expect(await control(runtime, other).monitor()).toMatchObject({ maxTotalTasks: null, cancelled: false });
});

test('an invalid change is refused, and changes nothing', async () => {
  await using runtime = await testRuntime();
  const work = gated();
  const run = await runtime.start(desk(work.model), longLived);
  const { configure, monitor } = control(runtime, run);
  await expect(configure({ limits: { maxTotalTasks: 0 } })).rejects.toMatchObject({ kind: 'invalid' });
  await expect(configure({ max_total_tasks: 0, max_total_steps: -1 })).rejects.toMatchObject({
    kind: 'definition',
    message: expect.stringContaining(
      'max_total_steps must be > 0 if set, came -1; max_total_tasks must be > 0',
    ) as string,
  });
  await expect(configure({ guardrails: { cancellation: true } })).rejects.toMatchObject({
    message: expect.stringContaining('cannot be changed while an orchestration runs') as string,
  });
  expect(await monitor()).toMatchObject({ maxTotalTasks: null });
});

test('control() refuses a single agent, and an orchestration that has ended', async () => {
  await using runtime = await testRuntime();
  const work = gated();
  const lone = await runtime.start(agent({ name: 'clerk', model: work.model }), 'Go.');
  await expect(control(runtime, lone).reset()).rejects.toMatchObject({ kind: 'invalid' });
  await expect(control(runtime, lone).monitor()).rejects.toMatchObject({ kind: 'invalid' });
  work.open();
  const run = await runtime.start(desk(work.model), 'Go.');
  await run.outcome();
  await expect(control(runtime, run).cancel()).rejects.toMatchObject({ kind: 'conflict' });
});

test('the monitor of an orchestration without budget left says so, like writeMonitor()', async () => {
  await using runtime = await testRuntime();
  const work = gated();
  work.open();
  const run = await runtime.start(desk(work.model, { budget: { maxTotalTasks: 1 } }), { tasks: ['a', 'b'] });
  const outcome = await run.outcome();
  expect(outcome).toMatchObject({ output: [{ success: true }, { success: false, errorKind: 'budgetExhausted' }] });
  const live = await control(runtime, run).monitor();
  expect(live.taskBudgetExhausted).toBe(true);
  expect(orchestratorSnapshot({ max_total_tasks: 1, dispatched_tasks: 1 }, false).task_budget_exhausted).toBe(true);
});

const limitsBefore = { maxConcurrentTasks: 1, maxTotalSteps: 90, maxTotalTasks: 20 };
test.each([
  [{ max_total_tasks: 30 }, { ...limitsBefore, maxTotalTasks: 30 }],
  [{ max_total_steps: 30 }, { ...limitsBefore, maxTotalSteps: 30 }],
  [{ max_concurrent_tasks: 3 }, { ...limitsBefore, maxConcurrentTasks: 3 }],
  [{ max_concurrent_tasks: null }, { ...limitsBefore, maxConcurrentTasks: null }],
  [{ default_retry_condition: 'never' as const }, limitsBefore],
  [{}, limitsBefore],
])('%j as JSON changes what it names, and nothing else', async (json, limits) => {
  await using runtime = await testRuntime();
  const run = await runtime.start(desk(gated().model, { budget: limitsBefore }), longLived);
  const { configure, monitor, close } = control(runtime, run);
  await configure(json);
  await runtime.settle();
  expect(await monitor()).toMatchObject(limits);
  await close();
});

test('limits as JSON leave the retries alone that the orchestrator was defined with', async () => {
  await using runtime = await testRuntime();
  const work = gated(['no key']);
  work.open();
  const retry = { maxRetries: 1, condition: 'onTransient' as const };
  const run = await runtime.start(desk(work.model, { retry }), longLived);
  const { configure, add, close } = control(runtime, run);
  await configure({ max_total_tasks: 5 });
  await runtime.settle();
  await add('Go.');
  await runtime.settle();
  await close();
  expect(await run.outcome()).toMatchObject({ output: [{ success: false, metadata: { attempts: 1 } }] });
});
