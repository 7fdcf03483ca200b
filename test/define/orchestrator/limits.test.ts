/** Retries, deadlines and budgets of tasks. */
import { expect, test } from 'vitest';
import { agent, orchestrator, routers, run, TroupeError, type TaskResult, type TaskSpec } from 'troupe';
import { scriptedModel, testRuntime } from 'troupe/testing';
import { broken, echo, scripted, silent } from './members.ts';

const db = 'memory';
const fails = (kind: 'transient' | 'auth') => ({ error: { kind, message: `${kind} trouble` } });

/** Runs on a virtual clock, which is advanced until the run ends. */
async function timed(desk: Parameters<typeof run>[0], tasks: readonly (TaskSpec | string)[], time = '10m' as const) {
  await using runtime = await testRuntime({ gateway: { retry: { times: 1 } } });
  const handle = await runtime.start(desk, { tasks });
  await runtime.advance(time);
  const outcome = await handle.outcome();
  if (outcome.status !== 'done') throw new Error(JSON.stringify(outcome));
  return outcome.output as unknown as TaskResult[];
}

/** Fails a number of times, then answers. Each attempt is a conversation of its own. */
function moody(name: string, failures: number, kind: 'transient' | 'auth' = 'auth') {
  let calls = 0;
  return agent({
    name,
    limits: { maxRetries: 0, maxFallbacks: 0, maxAlternatives: 0 },
    model: scriptedModel(({ messages }) => {
      if (messages.length > 1) throw new Error('the attempt before left something behind');
      return calls++ < failures ? fails(kind) : { text: 'at last' };
    }),
  });
}

test('a task is retried up to its limit, each time from the beginning', async () => {
  const desk = orchestrator({ name: 'desk', members: [moody('ada', 2)] });
  const retry = { maxRetries: 2, condition: 'always' as const };
  expect(await run(desk, { input: 'x', retry }, { db })).toMatchObject({
    success: true,
    output: 'at last',
    metadata: { attempts: 3, retryApplied: true },
  });
  const less = orchestrator({ name: 'desk', members: [moody('ada', 2)] });
  expect(await run(less, { input: 'x', retry: { maxRetries: 1 } }, { db })).toMatchObject({
    success: false,
    errorKind: 'permanent',
    metadata: { attempts: 2 },
  });
});

test('with the condition "onTransient" a permanent failure is not retried', async () => {
  const retry = { maxRetries: 3, condition: 'onTransient' as const };
  const desk = orchestrator({ name: 'desk', members: [moody('ada', 1)] });
  expect(await run(desk, { input: 'x', retry }, { db })).toMatchObject({ success: false, metadata: { attempts: 1 } });
  const never = { maxRetries: 3, condition: 'never' as const };
  const [result] = await timed(orchestrator({ name: 'desk', members: [broken('ada')] }), [
    { input: 'x', retry: never },
  ]);
  expect(result).toMatchObject({
    success: false,
    errorKind: 'transient',
    metadata: { attempts: 1, retryApplied: false },
  });
});

test('the retry policy of a task takes precedence over that of its orchestrator', async () => {
  const members = [moody('ada', 1)];
  const desk = orchestrator({ name: 'desk', members, retry: { maxRetries: 1 } });
  const own = { input: 'x', retry: { maxRetries: 0 } };
  expect((await run(desk, own, { db })).metadata.attempts).toBe(1);
  const other = orchestrator({ name: 'desk', members: [moody('ada', 1)], retry: { maxRetries: 1 } });
  expect((await run(other, 'x', { db })).metadata.attempts).toBe(2);
});

test('the backoff between attempts doubles, has jitter, and is never shorter than the requested retryAfter', async () => {
  const begun: number[] = [];
  await using runtime = await testRuntime();
  const ada = agent({
    name: 'ada',
    limits: { maxRetries: 0, maxFallbacks: 0, maxAlternatives: 0 },
    model: scriptedModel(() => {
      begun.push(runtime.clock.now());
      return begun.length === 3 ? { error: { kind: 'auth', message: 'x', retryAfter: '5m' } } : fails('auth');
    }),
  });
  const desk = orchestrator({ name: 'desk', members: [ada] });
  await runtime.start(desk, { input: 'x', retry: { maxRetries: 3, backoff: '10s' } });
  await runtime.advance('1h');
  const [first = 0, second = 0, third = 0] = begun.slice(1).map((at, i) => at - begun[i]!);
  expect(first).toBeGreaterThanOrEqual(5_000);
  expect(first).toBeLessThan(10_000);
  expect(second).toBeGreaterThanOrEqual(10_000);
  expect(second).toBeLessThan(20_000);
  expect(third).toBe(300_000);
});

test('an attempt that takes too long is stopped, counted and retried', async () => {
  const desk = orchestrator({ name: 'desk', members: [silent('ada')] });
  const [result] = await timed(desk, [{ input: 'x', timeout: '2s', retry: { maxRetries: 1 } }]);
  expect(result).toMatchObject({
    success: false,
    errorKind: 'transient',
    metadata: { attempts: 2, timedOut: true, durationMs: 4_000, deadlineExceeded: false },
  });
});

test('the timeout of a task that is over does not stop the one after it', async () => {
  const model = scriptedModel(({ messages }) =>
    JSON.stringify(messages).includes('slow') ? { hang: true } : { text: 'done' },
  );
  const desk = orchestrator({ name: 'desk', members: [agent({ name: 'ada', model })], mode: 'sequential' });
  const results = await timed(desk, [
    { input: 'quick', timeout: '2s' },
    { input: 'slow', deadline: 1_700_000_060_000 },
  ]);
  expect(results).toMatchObject([
    { success: true },
    { errorKind: 'deadlineExceeded', metadata: { attempts: 1, durationMs: 60_000 } },
  ]);
});

test('a task whose deadline has passed is not started', async () => {
  const model = scriptedModel([]);
  const desk = orchestrator({ name: 'desk', members: [agent({ name: 'ada', model })] });
  const [late] = await timed(desk, [{ input: 'x', deadline: 1_600_000_000_000 }]);
  expect(late).toMatchObject({
    success: false,
    errorKind: 'deadlineExceeded',
    metadata: { attempts: 0, deadlineExceeded: true },
  });
  expect(model.requests).toHaveLength(0);
});

test('a deadline bounds the attempts, the wait for capacity, and the backoff', async () => {
  const now = 1_700_000_000_000;
  const desk = orchestrator({ name: 'desk', members: [silent('ada')], mode: 'sequential' });
  const results = await timed(desk, [
    { input: 'working', deadline: now + 10_000 },
    { input: 'waiting', deadline: now + 3_000 },
  ]);
  expect(results.map(({ errorKind }) => errorKind)).toEqual(['deadlineExceeded', 'deadlineExceeded']);
  expect(results.map(({ metadata }) => metadata.attempts)).toEqual([1, 0]);
  expect(results[1]!.metadata.concurrencyWaitMs).toBe(3_000);
  const tired = orchestrator({ name: 'desk', members: [moody('ada', 9)] });
  const [paused] = await timed(tired, [
    { input: 'x', deadline: now + 60_000, retry: { maxRetries: 9, backoff: '4m' } },
  ]);
  expect(paused).toMatchObject({ errorKind: 'deadlineExceeded', metadata: { attempts: 1 } });
});

test.each([
  ['at the deadline is not made, and nobody waits for it', 300_000, { errorKind: 'deadlineExceeded' }, 1, 0],
  ['a moment before the deadline is made', 300_001, { success: true }, 2, 300_000],
])('an attempt that could begin %s', async (_, left, end, attempts, durationMs) => {
  let calls = 0;
  const ada = agent({
    name: 'ada',
    limits: { maxRetries: 0, maxFallbacks: 0, maxAlternatives: 0 },
    model: scriptedModel(() =>
      calls++ === 0 ? { error: { kind: 'auth', message: 'x', retryAfter: '5m' } } : { text: 'at last' },
    ),
  });
  const desk = orchestrator({ name: 'desk', members: [ada] });
  const deadline = 1_700_000_000_000 + left;
  const [result] = await timed(desk, [{ input: 'x', deadline, retry: { maxRetries: 1 } }]);
  expect(result).toMatchObject({ ...end, metadata: { attempts, durationMs } });
});

test('the step limit is the lowest of those of the task, its budget and the member', async () => {
  const reported: (number | undefined)[] = [];
  async function steps(task: Omit<TaskSpec, 'input'>, maxSteps?: number): Promise<number> {
    const ada = agent({
      name: 'ada',
      // Only a budget ends it.
      model: scriptedModel(() => ({ text: '' })),
      limits: { maxRequeries: 1_000, maxRecoveries: 1_000 },
    });
    const members = [{ agent: ada, ...(maxSteps === undefined ? {} : { maxSteps }) }];
    const result = await run(orchestrator({ name: 'desk', members }), { input: 'x', ...task }, { db });
    expect(result).toMatchObject({ errorKind: 'budgetExhausted', metadata: { budgetExhausted: true } });
    reported.push(result.stepsUsed);
    return result.stepsUsed;
  }
  expect(await steps({ maxSteps: 10, budgetSteps: 6 })).toBe(6);
  expect(await steps({ maxSteps: 10, budgetSteps: 15 })).toBe(10);
  expect(await steps({ maxSteps: 10 })).toBe(10);
  expect(await steps({}, 4)).toBe(4);
  expect(await steps({ maxSteps: 7 }, 4)).toBe(7);
});

test('a limit on the number of tasks accepts exactly that number', async () => {
  const desk = orchestrator({ name: 'desk', members: [echo('ada')], budget: { maxTotalTasks: 2 } });
  const results = await run(desk, { tasks: ['a', 'b', 'c'] }, { db });
  expect(results.map(({ success }) => success)).toEqual([true, true, false]);
  expect(results[2]).toMatchObject({
    errorKind: 'budgetExhausted',
    error: expect.stringMatching(/2 tasks were dispatched/),
  });
});

test('tasks are accepted until the step budget is used up, and then rejected with that reason', async () => {
  const desk = orchestrator({ name: 'desk', members: [echo('ada')], mode: 'sequential', budget: { maxTotalSteps: 5 } });
  const results = await run(desk, { tasks: ['1', '2', '3', '4', '5', '6'] }, { db });
  expect(results.map(({ success }) => success)).toEqual([true, true, true, true, true, false]);
  expect(results[5]).toMatchObject({
    errorKind: 'budgetExhausted',
    error: expect.stringMatching(/step budget is exhausted: 5 of 5/),
    metadata: { attempts: 0, budgetExhausted: true },
  });
});

test('concurrent tasks never exceed the step budget together', async () => {
  const endless = (name: string) =>
    agent({
      name,
      model: scriptedModel(() => ({ text: '' })),
      budget: { steps: 4 },
      limits: { maxRequeries: 99, maxRecoveries: 99 },
    });
  const members = [endless('ada'), endless('bob')];
  const desk = orchestrator({
    name: 'desk',
    members,
    router: routers.roundRobin(),
    mode: 'parallel:8',
    budget: { maxTotalSteps: 10 },
  });
  const results = await run(desk, { tasks: Array.from({ length: 8 }, () => 'x') }, { db });
  expect(results.reduce((sum, { stepsUsed }) => sum + stepsUsed, 0)).toBe(10);
  expect(results.every(({ errorKind }) => errorKind === 'budgetExhausted')).toBe(true);
});

test('a broadcast divides the remaining steps, and is refused when there is less than one for each member', async () => {
  const endless = (name: string) =>
    agent({ name, model: scriptedModel(() => ({ text: '' })), limits: { maxRequeries: 99, maxRecoveries: 99 } });
  const all = (maxTotalSteps: number) =>
    orchestrator({
      name: 'desk',
      members: [endless('ada'), endless('bob'), endless('cyd')],
      router: routers.broadcast(),
      budget: { maxTotalSteps },
    });
  expect(await run(all(10), 'x', { db })).toMatchObject({ stepsUsed: 10, errorKind: 'budgetExhausted' });
  expect(await run(all(2), 'x', { db })).toMatchObject({ stepsUsed: 0, errorKind: 'budgetExhausted' });
});

test('failed attempts are charged too, to the task and to the orchestration', async () => {
  const stumble = { calls: [{ name: 'nothing_there' }] };
  const ada = scripted('ada', [stumble, fails('auth'), { text: 'ok' }, { text: 'never' }]);
  const desk = orchestrator({ name: 'desk', members: [ada], mode: 'sequential', budget: { maxTotalSteps: 2 } });
  const retry = { maxRetries: 1 };
  const results = await run(desk, { tasks: [{ input: 'x', retry }, 'y'] }, { db });
  expect(results[0]).toMatchObject({ success: true, stepsUsed: 2, metadata: { attempts: 2 } });
  expect(results[1]).toMatchObject({ success: false, errorKind: 'budgetExhausted' });
});

test('a member that keeps failing is taken out of rotation, and returns with one task', async () => {
  const asked: string[] = [];
  let isAway = true;
  const ada = agent({
    name: 'ada',
    limits: { maxRetries: 0, maxFallbacks: 0, maxAlternatives: 0 },
    model: scriptedModel(({ messages }) => {
      asked.push((messages[0] as { text: string }).text);
      return isAway ? { error: { kind: 'environment', message: 'ada is away' } } : { text: 'back' };
    }),
  });
  const rotation = { maxFailures: 2, rest: '1m' } as const;
  const desk = orchestrator({ name: 'desk', members: [ada, echo('bob')], mode: 'sequential', rotation });
  await using runtime = await testRuntime();
  const first = ['1', '2'].map((input) => ({ input, agentId: 'ada' }));
  const handle = await runtime.start(desk, { tasks: [...first, '3', '4'], standing: true });
  await runtime.settle();
  expect(asked).toEqual(['1', '2']);
  isAway = false;
  await runtime.advance('61s');
  for (const input of ['5', '6']) await runtime.signal(handle.root, { type: 'orchestra.task', task: { input } });
  await runtime.settle();
  await runtime.signal(handle.root, { type: 'orchestra.close' });
  const outcome = await handle.outcome();
  const results = (outcome as unknown as { output: TaskResult[] }).output;
  expect(results.map(({ agentId }) => agentId)).toEqual(['ada', 'ada', 'bob', 'bob', 'ada', 'ada']);
});

test('a member that returns to rotation has one task until it succeeds', async () => {
  let isAway = true;
  let now = 0;
  let peak = 0;
  await using runtime = await testRuntime();
  const ada = agent({
    name: 'ada',
    limits: { maxRetries: 0, maxFallbacks: 0, maxAlternatives: 0 },
    model: {
      id: 'test:ada',
      async *stream() {
        if (isAway) throw new TroupeError('environment', 'ada is away');
        peak = Math.max(peak, ++now);
        await new Promise<void>((resolve) => void runtime.clock.wake(runtime.clock.now() + 1_000, resolve));
        now--;
        yield { type: 'text', text: 'back' };
        const usage = { inputTokens: 1, outputTokens: 1, cachedTokens: 0, reported: true, usd: 0 };
        yield { type: 'finish', reason: 'stop', usage, model: 'test:ada' };
      },
    },
  });
  const desk = orchestrator({ name: 'desk', members: [ada], rotation: { maxFailures: 1, rest: '1m' } });
  const handle = await runtime.start(desk, { tasks: ['fails'], standing: true });
  await runtime.settle();
  isAway = false;
  for (const input of ['1', '2', '3']) await runtime.signal(handle.root, { type: 'orchestra.task', task: { input } });
  await runtime.advance('60500ms');
  expect([now, peak]).toEqual([1, 1]);
  await runtime.advance('1s');
  expect(peak).toBe(2);
});

test('when all members are out of rotation, tasks wait for one to return, but not beyond their deadline', async () => {
  const rotation = { maxFailures: 1, rest: '30s' } as const;
  const members = [moody('ada', 1, 'transient')];
  const now = 1_700_000_000_000;
  const results = await timed(orchestrator({ name: 'desk', members, mode: 'sequential', rotation }), [
    'fails',
    { input: 'cannot wait', deadline: now + 10_000 },
    'waits',
  ]);
  expect(results.map(({ success, errorKind }) => (success ? 'done' : errorKind))).toEqual([
    'transient',
    'deadlineExceeded',
    'done',
  ]);
  const gone = orchestrator({
    name: 'desk',
    members: [broken('ada')],
    mode: 'sequential',
    rotation: { maxFailures: 1, rest: 'never' },
  });
  const [, refused] = await timed(gone, ['fails', 'nobody left']);
  expect(refused).toMatchObject({ failure: { kind: 'capability' }, error: expect.stringMatching(/failed too often/) });
});
