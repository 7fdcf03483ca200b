/** What the results of tasks say, and what they do not say: the causes of failures, and no text that a guardrail rejected. */
import { expect, test } from 'vitest';
import { guardrails, orchestrator, routers, type OrchestratorOptions } from 'troupe';
import { testRuntime } from 'troupe/testing';
import { memory } from '../../../src/journal/memory/memory.ts';
import { broken, echo } from './members.ts';

type Options = Partial<OrchestratorOptions>;

/** Runs the tasks, and gives the output and every list that the orchestrator stored. */
async function ranBy(options: Options, tasks: readonly object[] | ((now: number) => readonly object[])) {
  const lists: unknown[] = [];
  const inner = memory();
  await using runtime = await testRuntime({
    journal: {
      ...inner,
      commit(commit) {
        if (commit.parent === undefined) lists.push(commit.appends);
        return inner.commit(commit);
      },
    },
  });
  const desk = orchestrator({ name: 'desk', members: [echo('ada')], mode: 'sequential', ...options });
  const run = await runtime.start(desk, {
    tasks: (typeof tasks === 'function' ? tasks(runtime.now()) : tasks) as never,
  });
  await runtime.advance('1h');
  const outcome = await run.outcome();
  return { outcome, results: 'output' in outcome ? (outcome.output as readonly object[]) : [], lists };
}

const away = /"ada": .*ada is away\..*"bob": .*bob is away\./;
const members = [broken('ada'), broken('bob')];
const goOut = { members, router: routers.roundRobin(), rotation: { maxFailures: 1 } };

test.each<[string, Options, number | undefined, object]>([
  [
    'for good',
    { ...goOut, rotation: { maxFailures: 1, rest: 'never' } },
    undefined,
    {
      errorKind: 'permanent',
      failure: { kind: 'capability', data: { reason: expect.stringMatching(away) as string } },
    },
  ],
  [
    'longer than its deadline',
    { ...goOut, rotation: { maxFailures: 1, rest: '30m' } },
    60_000,
    { errorKind: 'deadlineExceeded' },
  ],
])('a task for which all members rest, %s, has the causes in its result', async (_, options, time, expected) => {
  const { results } = await ranBy(options, (now) => [
    { input: 'a' },
    { input: 'b' },
    { input: 'c', ...(time === undefined ? {} : { deadline: now + time }) },
  ]);
  expect(results[2]).toMatchObject({ success: false, error: expect.stringMatching(away) as string, ...expected });
});

const secret = /secret word/;
test.each<[string, Options, (results: readonly object[]) => unknown]>([
  ['after the answer', { guardrails: [guardrails.output([secret], { stream: false })] }, (results) => results[0]],
  ['while it is streamed', { guardrails: [guardrails.output([secret])] }, (results) => results[0]],
  [
    'of one of all members',
    {
      members: [echo('ada'), echo('bob')],
      router: routers.broadcast(),
      guardrails: [guardrails.guardrail({ name: 'own', post: ({ to, text }) => to !== 'ada' || !secret.test(text) })],
    },
    () => ({ success: false }),
  ],
])('a text that a guardrail rejected %s is neither in the result nor in a list', async (_, options, resultIn) => {
  const { results, lists } = await ranBy(options, [{ input: 'The secret word is xyzzy.' }]);
  expect(resultIn(results)).toMatchObject({ success: false });
  expect(JSON.stringify(results)).not.toContain('ada: The secret word');
  expect(JSON.stringify(lists)).not.toContain('ada: The secret word');
});

test('a member that may take more steps than a guardrail allows is refused, and not lowered in silence', async () => {
  const { results } = await ranBy(
    { members: [{ agent: echo('ada'), maxSteps: 9 }], guardrails: [guardrails.budget({ steps: 8 })] },
    [{ input: 'a' }, { input: 'b', maxSteps: 8 }],
  );
  expect(results).toMatchObject([
    { success: false, errorKind: 'budgetExhausted', metadata: { guardrail: { name: 'budget', stage: 'pre' } } },
    { success: true },
  ]);
});

test('a member may have the name of a guardrail in front of it', async () => {
  const { results } = await ranBy({ members: [echo('timeout')], guardrails: [guardrails.timeout({ max: '2m' })] }, [
    { input: 'a' },
  ]);
  expect(results).toMatchObject([{ success: true, agentId: 'timeout' }]);
});
