/** Guardrails of an orchestrator, for all its members: a rejection is in the result of its task, and affects no other task. */
import { expect, test } from 'vitest';
import { guardrails, orchestrator, routers, run, type TaskResult, type TaskSpec } from 'troupe';
import { crashEverywhere, expectSurvival } from 'troupe/testing';
import { echo } from './members.ts';
import { dose } from '../../dose.ts';

const db = 'memory';
const members = () => [echo('ada'), echo('bob')];

const results = (
  options: Partial<Parameters<typeof orchestrator>[0]>,
  tasks: readonly TaskSpec[],
): Promise<readonly TaskResult[]> =>
  run(orchestrator({ name: 'desk', members: members(), mode: 'sequential', ...options }), { tasks }, { db }) as Promise<
    readonly TaskResult[]
  >;

test('one rate limit holds for all members: the rejection names its guardrail and stage, and the router still alternates', async () => {
  const all = await results(
    { router: routers.roundRobin(), guardrails: [guardrails.rateLimit({ tasks: 2, per: '1h' })] },
    ['a', 'b', 'c'].map((input) => ({ input })),
  );
  expect(all.map(({ success, agentId }) => [success, agentId])).toEqual([
    [true, 'ada'],
    [true, 'bob'],
    [false, 'ada'],
  ]);
  expect(all[2]).toMatchObject({
    errorKind: 'transient',
    metadata: { guardrail: { name: 'rateLimit', stage: 'pre' } },
  });
});

test('a task that requests more steps or time than allowed is rejected; a task that requests none is accepted', async () => {
  const all = await results({ guardrails: [guardrails.budget({ steps: 8 }), guardrails.timeout({ max: '2m' })] }, [
    { input: 'a' },
    { input: 'b', budgetSteps: 12 },
    { input: 'c', timeout: '5m' },
    { input: 'd', budgetSteps: 6 },
  ]);
  expect(all.map(({ success }) => success)).toEqual([true, false, false, true]);
  expect(all[1]).toMatchObject({
    errorKind: 'budgetExhausted',
    metadata: { guardrail: { name: 'budget', stage: 'pre' } },
  });
  expect(all[2]).toMatchObject({ errorKind: 'permanent', metadata: { guardrail: { name: 'timeout', stage: 'pre' } } });
});

test('a task without a required timeout or budget is rejected', async () => {
  const [first, second] = await results({ guardrails: [guardrails.budget({ steps: 8, requireExplicit: true })] }, [
    { input: 'a', maxSteps: 3 },
    { input: 'b', budgetSteps: 3 },
  ]);
  expect(first).toMatchObject({
    success: false,
    errorKind: 'permanent',
    error: expect.stringContaining('required') as string,
  });
  expect(second).toMatchObject({ success: true });
});

test('a rejected answer fails only its own task', async () => {
  const all = await results({ guardrails: [guardrails.output([/secret/])] }, [{ input: 'a secret' }, { input: 'b' }]);
  expect(all.map(({ success }) => success)).toEqual([false, true]);
  expect(all[0]!.metadata.guardrail).toEqual({ name: 'output', stage: expect.stringMatching(/post|stream/) as string });
});

test('a guardrail of the wrong type is refused in the definition', () => {
  const wrong = [{ kind: 'timeout' }] as never;
  expect(() => orchestrator({ name: 'desk', members: members(), guardrails: wrong })).toThrow(/guardrails\.…\(\)/);
});

test('every task is answered once after a crash at any of a sample of points', async () => {
  const desk = orchestrator({
    name: 'desk',
    members: members(),
    mode: 'sequential',
    guardrails: [guardrails.timeout({ max: '2m' }), guardrails.budget({ steps: 8 })],
  });
  expectSurvival(
    await crashEverywhere(() => ({ subject: desk, input: { tasks: ['a', 'b', 'c'] } }), { sample: dose(10, 80) }),
  );
});
