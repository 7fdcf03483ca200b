/** Batches of tasks: in order, in parallel, as a pipeline; and batches that are refused before anything runs. */
import { expect, test } from 'vitest';
import { z } from 'zod';
import { agent, orchestrator, protocol, routers, run, type ExecutionMode } from 'troupe';
import { scriptedModel } from 'troupe/testing';
import { deferred } from '../../deferred.ts';
import { echo, scripted } from './members.ts';

const db = 'memory';

test('every task has one result, in the order of submission, in every mode', async () => {
  const tasks = Array.from({ length: 30 }, (_, index) => ({ id: `t${index}`, input: `${index}` }));
  for (const mode of ['auto', 'sequential', 'concurrent', 'parallel:3'] as const) {
    const desk = orchestrator({
      name: 'desk',
      members: [echo('ada'), echo('bob')],
      router: routers.roundRobin(),
      mode,
    });
    const results = await run(desk, { tasks }, { db });
    expect(results.map(({ taskId }) => taskId)).toEqual(tasks.map(({ id }) => id));
    expect(results.map(({ output }) => output)).toEqual(
      tasks.map(({ input }, i) => `${i % 2 ? 'bob' : 'ada'}: ${input}`),
    );
    expect(new Set(results.map(({ metadata }) => metadata.executionMode))).toEqual(new Set([mode]));
  }
});

test('no more tasks run at once than the mode and the budget allow', async () => {
  /** The greatest number of tasks at once, read when `wanted` tasks run and no more start. */
  async function most(
    wanted: number,
    mode: Exclude<ExecutionMode, 'pipeline'>,
    maxConcurrentTasks?: number,
  ): Promise<number> {
    let now = 0;
    let peak = 0;
    const gate = deferred();
    const slow = agent({
      name: 'slow',
      model: {
        id: 'test:slow',
        async *stream() {
          peak = Math.max(peak, ++now);
          await gate.promise;
          now--;
          yield { type: 'text', text: 'ok' };
          yield {
            type: 'finish',
            reason: 'stop',
            usage: { inputTokens: 1, outputTokens: 1, cachedTokens: 0, reported: true, usd: 0 },
            model: 'test:slow',
          };
        },
      },
    });
    const budget = maxConcurrentTasks === undefined ? {} : { maxConcurrentTasks };
    const desk = orchestrator({ name: 'desk', members: [slow], mode, budget });
    const all = run(desk, { tasks: Array.from({ length: 12 }, () => 'Go.') }, { db });
    await expect.poll(() => peak).toBeGreaterThanOrEqual(wanted);
    for (let turn = 0; turn < 100; turn++) await new Promise((over) => setImmediate(over));
    gate.resolve();
    expect((await all).every(({ success }) => success)).toBe(true);
    return peak;
  }
  expect(await most(1, 'sequential')).toBe(1);
  expect(await most(3, 'parallel:3')).toBe(3);
  expect(await most(12, 'auto')).toBe(12);
  expect(await most(5, 'concurrent', 5)).toBe(5);
});

test('one task or one text returns one result', async () => {
  const desk = orchestrator({ name: 'desk', members: [echo('ada')] });
  expect(await run(desk, 'Hello.', { db })).toMatchObject({ success: true, output: 'ada: Hello.', agentId: 'ada' });
  const one = await run(desk, { id: 'x', input: 'Hi.', correlationId: 'abc' }, { db });
  expect(one).toMatchObject({ taskId: 'x', metadata: { correlationId: 'abc', attempts: 1 } });
});

test('an empty batch ends at once', async () => {
  expect(await run(orchestrator({ name: 'desk', members: [echo('ada')] }), { tasks: [] }, { db })).toEqual([]);
});

test('a batch that is larger than the read-ahead is answered completely, in order', async () => {
  const desk = orchestrator({
    name: 'desk',
    members: [echo('ada'), echo('bob')],
    router: routers.leastBusy(),
    mode: 'parallel:2',
  });
  const results = await run(desk, { tasks: Array.from({ length: 60 }, (_, i) => `${i}`) }, { db });
  expect(results.map(({ output }) => (output as string).slice(5))).toEqual(
    Array.from({ length: 60 }, (_, i) => `${i}`),
  );
});

test('a pipeline passes each answer to the next stage', async () => {
  const line = orchestrator({ name: 'line', members: [echo('ada')], mode: 'pipeline' });
  const { success, finalOutput, totalSteps, taskResults, error } = await run(
    line,
    { tasks: ['one', 'two', ''] },
    { db },
  );
  expect({ success, totalSteps, error }).toEqual({ success: true, totalSteps: 3, error: undefined });
  expect(taskResults[1]!.output).toBe('ada: Previous step output:\nada: one\n\n---\n\nCurrent task:\ntwo');
  // A stage without a body of its own receives exactly the previous output.
  expect(finalOutput).toBe(`ada: ${taskResults[1]!.output as string}`);
});

test('a pipeline stops at the first failure and keeps the results so far', async () => {
  const members = [echo('ada'), scripted('bad', [{ error: { kind: 'auth', message: 'No key.' } }])];
  const line = orchestrator({ name: 'line', members, router: routers.direct(), mode: 'pipeline' });
  const tasks = ['ada', 'bad', 'ada'].map((agentId) => ({ agentId, input: 'Go.' }));
  const { success, error, taskResults, finalOutput } = await run(line, { tasks }, { db });
  expect(success).toBe(false);
  expect(error).toMatch(/No key/);
  expect(taskResults.map((result) => result.success)).toEqual([true, false]);
  expect(finalOutput).toBeNull();
});

test('a batch may have a mode of its own', async () => {
  const desk = orchestrator({ name: 'desk', members: [echo('ada')], mode: 'sequential' });
  const { totalSteps, success } = await run(desk, { tasks: ['one', ''], mode: 'pipeline' }, { db });
  expect({ totalSteps, success }).toEqual({ totalSteps: 2, success: true });
});

test('an empty pipeline succeeds without a result', async () => {
  const line = orchestrator({ name: 'line', members: [echo('ada')], mode: 'pipeline' });
  expect(await run(line, { tasks: [] }, { db })).toEqual({
    taskResults: [],
    finalOutput: null,
    totalSteps: 0,
    success: true,
  });
});

test('members can have a protocol of their own, and a stage without a body receives the previous body', async () => {
  const Notes = protocol({
    brief: { body: z.object({ topic: z.string() }), replies: ['notes'] },
    notes: { body: z.object({ facts: z.array(z.string()) }) },
    draft: { body: z.object({ facts: z.array(z.string()) }), replies: ['article'] },
    article: { body: z.object({ text: z.string() }) },
  });
  const says = (name: string, input: object) => scriptedModel([{ calls: [{ name, input: input as never }] }]);
  const finder = agent({
    name: 'finder',
    protocol: Notes,
    handles: ['brief'],
    model: says('answer_notes', { facts: ['a'] }),
  });
  const model = scriptedModel([
    { expect: /"facts":\s*\[\s*"a"/, calls: [{ name: 'answer_article', input: { text: 'A.' } }] },
  ]);
  const writer = agent({ name: 'writer', protocol: Notes, handles: ['draft'], model });
  const line = orchestrator({ name: 'line', members: [finder, writer], mode: 'pipeline' });
  const tasks = [{ input: { type: 'brief', body: { topic: 'tea' } } }, { input: { type: 'draft' } }];
  expect(await run(line, { tasks }, { db })).toMatchObject({
    success: true,
    finalOutput: { type: 'article', body: { text: 'A.' } },
  });
  const wrong = { input: { type: 'brief', body: { topic: 7 } } };
  await expect(run(line, { tasks: [wrong] }, { db })).rejects.toMatchObject({ kind: 'invalid' });
});

test.each([
  [{ members: [] }, /no members/],
  [{ members: [echo('ada'), echo('ada')] }, /two members called "ada"/],
  [{ members: [echo('router')] }, /a name that the runtime uses itself/],
  [{ members: [echo('ada')], mode: 'parallel:0' }, /parallel:N with N from 1/],
  [{ members: [echo('ada')], mode: 'paralel' }, /parallel:N with N from 1/],
  [{ members: [echo('ada')], budget: { maxTotalSteps: -1 } }, /budget.maxTotalSteps/],
  [{ members: [echo('ada')], budget: { maxTotalTasks: Number.NaN } }, /budget.maxTotalTasks/],
  [{ members: [echo('ada')], router: routers.role() }, /no member has one|no member has/],
  [{ members: [echo('ada')], retry: { maxRetries: -1 } }, /retry.maxRetries/],
  [{ members: ['ada'] }, /expected agent/],
])('an invalid orchestrator definition is refused: %#', (wrong, says) => {
  expect(() => orchestrator({ name: 'desk', ...wrong } as never)).toThrow(says);
});

test.each([
  [
    {
      tasks: [
        { id: 'a', input: 'x' },
        { id: 'a', input: 'y' },
      ],
    },
    /Tasks 1 and 2 .* same id "a"/,
  ],
  [{ tasks: [''] }, /Task 1 .* empty text/],
  [{ tasks: [{ input: 'x', timeout: '0s' }] }, /timeout/],
  [{ tasks: [{ input: 'x', maxSteps: 0 }] }, /maxSteps/],
  [{ tasks: ['x'], mode: 'parallel:0' }, /parallel:N/],
  [{ tasks: ['x'], mode: 'pipeline', standing: true }, /cannot stand/],
  [{ jobs: [] }, /takes \{ tasks/],
  [undefined, /takes \{ tasks/],
])('an invalid batch is refused before anything runs: %#', async (input, says) => {
  const desk = orchestrator({ name: 'desk', members: [echo('ada')] });
  await expect(run(desk, input as never, { db })).rejects.toThrow(says);
});
