import { describe, expect, test } from 'vitest';
import type { AgentDefinition } from '../../src/contracts/agent.ts';
import { TroupeError } from '../../src/values/failure.ts';
import { validateMachine } from '../../src/core/validateMachine.ts';
import { agentActor } from '../../actors/agent.ts';
import { discover } from '../../actors/discover.ts';
import { truncateHistory } from '../../actors/history.ts';
import { plan } from '../../actors/plan.ts';
import { fallbackModel } from '../../actors/fallback.ts';
import { reconcile, runTool } from '../../actors/runTool.ts';
import { runActor } from '../../actors/run.ts';
import { connectToolbelt, listToolbelt } from '../../actors/toolbelt.ts';
import type { AgentDeps } from '../../actors/tools.ts';
import { verify } from '../../actors/verify.ts';
import { answer, definition, gateway, info, scope, thinking, tools, transcript } from './fixtures.ts';

const request = (change: object = {}) => ({
  id: 'c',
  name: 'send',
  input: {},
  hash: 'h',
  effect: 'write' as const,
  idempotent: false,
  belt: false,
  ...change,
});
const failing = (error: Error) => ({ gateway: gateway(), tools: tools([], { call: () => Promise.reject(error) }) });

test('the machines of an agent and a run have all their effects filled and declared', () => {
  const agent = agentActor(definition(), { gateway: gateway(), tools: tools([]) });
  expect(() => validateMachine(agent)).not.toThrow();
  expect(() => validateMachine(runActor({ next: () => ({ finish: null }), members: { reader: agent } }))).not.toThrow();
});

describe('a tool', () => {
  test('gives text unchanged, and any other result as JSON', async () => {
    const deps = { gateway: gateway(), tools: tools([], { call: () => Promise.resolve({ a: 1 }) }) };
    expect(await runTool(deps).effect.perform(request(), scope())).toEqual({ content: '{"a":1}' });
  });

  test('a write that was interrupted is uncertain, unless the tool is idempotent', async () => {
    const deps = failing(new TroupeError('timeout', 'no answer in 5 s'));
    await expect(runTool(deps).effect.perform(request(), scope())).rejects.toMatchObject({
      kind: 'uncertain',
      retryable: false,
    });
    await expect(runTool(deps).effect.perform(request({ idempotent: true }), scope())).rejects.toMatchObject({
      kind: 'timeout',
    });
    await expect(runTool(deps).effect.perform(request({ effect: 'read' }), scope())).rejects.toMatchObject({
      kind: 'timeout',
    });
  });

  test('a write that was refused is certain', async () => {
    await expect(
      runTool(failing(new TroupeError('denied', 'no'))).effect.perform(request(), scope()),
    ).rejects.toMatchObject({ kind: 'denied' });
  });

  test('a write that had not started is not uncertain', async () => {
    const notSent = new TroupeError('environment', 'The printer is away.', { retryable: true, data: { sent: false } });
    await expect(runTool(failing(notSent)).effect.perform(request(), scope())).rejects.toBe(notSent);
  });

  test('a write that an earlier process may have carried out is uncertain, also if it cannot be begun again', async () => {
    const again = { ...scope(), again: true };
    const late = { ...again, deadline: again.clock.now() };
    const gone = new TroupeError('tool', 'It was removed.', { data: { sent: false } });
    for (const [deps, which, why] of [
      [{ gateway: gateway() }, again, /There is no tool "send" any more/],
      [failing(gone), again, /It was removed/],
      [failing(gone), late, /the deadline of its agent has passed/],
    ] as const)
      await expect(runTool(deps).effect.perform(request({ idempotent: true }), which)).rejects.toMatchObject({
        kind: 'uncertain',
        message: expect.stringMatching(why) as string,
      });
    const away = new TroupeError('environment', 'It is away.', { retryable: true, data: { sent: false } });
    await expect(runTool(failing(away)).effect.perform(request({ idempotent: true }), again)).rejects.toBe(away);
    await expect(runTool(failing(gone)).effect.perform(request({ effect: 'read' }), again)).rejects.toBe(gone);
  });

  test('a write whose result was lost counts as performed, also when reconciliation finds it later', async () => {
    const doneWithoutResult = new TroupeError('tool', 'It returned 3 MB. Ask for less.', { data: { done: true } });
    await expect(runTool(failing(doneWithoutResult)).effect.perform(request(), scope())).rejects.toMatchObject({
      kind: 'tool',
      message: expect.stringMatching(/^"send" was carried out.*Do not call it again/),
    });
    await expect(runTool(failing(doneWithoutResult)).effect.perform(request({ effect: 'read' }), scope())).rejects.toBe(
      doneWithoutResult,
    );
    const looked = { gateway: gateway(), tools: tools([], { reconcile: () => Promise.reject(doneWithoutResult) }) };
    expect(await reconcile(looked).effect.perform(request(), scope())).toMatchObject({
      done: true,
      content: expect.stringContaining('was carried out'),
    });
  });

  test('that cannot reconcile says so', async () => {
    const reconcileWith = (found: Awaited<ReturnType<NonNullable<ReturnType<typeof tools>['reconcile']>>>) =>
      reconcile({ gateway: gateway(), tools: tools([], { reconcile: () => Promise.resolve(found) }) }).effect.perform(
        request(),
        scope(),
      );
    expect(await reconcileWith({ done: true, output: 'sent' })).toEqual({ done: true, content: 'sent' });
    expect(await reconcileWith({ done: false })).toEqual({ done: false });
    expect(await reconcileWith(undefined)).toEqual({ done: undefined });
    expect(await reconcile({ gateway: gateway(), tools: tools([]) }).effect.perform(request(), scope())).toEqual({
      done: undefined,
    });
  });
});

test('discovery names the required capability that no tool has', async () => {
  const deps = { gateway: gateway(), tools: tools([info('read', { capabilities: ['files'] })], { epoch: 4 }) };
  const found = await discover(() => definition({ requires: ['files', 'mail'] }), deps).effect.perform(
    { message: 'task', tier: 'core' },
    scope(),
  );
  expect(found).toEqual({ tools: 1, epoch: 4, missing: ['mail'], problems: [] });
});

test('an invalid plan is requested once more, and both answers count as usage', async () => {
  const call = (input: unknown) => answer('', { id: 'p', name: 'make_plan', input: input as never });
  const step = { id: 'a', goal: 'read', dependsOn: [], expected: 'text', verification: 'not empty' };
  const deps = { gateway: gateway(call({ steps: [] }), call({ steps: [step] })) };
  const planned = await plan(() => definition(), deps).effect.perform(thinking, scope());
  expect(planned).toMatchObject({ steps: [step], usage: { inputTokens: 20, usd: 0.002 } });
  const invalidAnswers = { gateway: gateway(answer('no'), answer('no')) };
  await expect(plan(() => definition(), invalidAnswers).effect.perform(thinking, scope())).rejects.toMatchObject({
    kind: 'format',
  });
});

test('every objective is verified and has evidence', async () => {
  const objectives = [
    {
      id: 'short',
      says: 'short',
      check: ({ answer: { body } }: { answer: { body: unknown } }) => ({
        met: String(body).length < 10,
        says: `${String(body).length} characters`,
      }),
    },
    { id: 'kind', says: 'kind', check: () => Promise.resolve({ met: true, says: 'yes' }) },
  ];
  const { evidence } = await verify(() => definition({ objectives })).effect.perform(
    { message: 'task', answer: { type: 'text', body: 'a long answer' }, round: 0 },
    scope(),
  );
  expect(evidence).toEqual([
    { objective: 'short', met: false, says: '13 characters' },
    { objective: 'kind', met: true, says: 'yes' },
  ]);
});

test('the fallback is the next model; without one the failure is final', async () => {
  const failure = { kind: 'model' as const, message: 'refused', retryable: false };
  const input = { failure, phase: 'execution' as const, message: 'task', fallbacks: 1 };
  expect(await fallbackModel(() => definition({ fallbacks: ['b:x'] })).effect.perform(input, scope())).toEqual({
    resource: 'b:x',
  });
  await expect(fallbackModel(() => definition()).effect.perform(input, scope())).rejects.toMatchObject({
    kind: 'model',
    message: 'refused',
  });
});

test('a toolbelt with a missing server does not connect; one with a duplicate tool name names it', async () => {
  const problem = { kind: 'environment' as const, message: 'server away', retryable: false };
  await expect(
    connectToolbelt({ gateway: gateway(), toolbelt: tools([], { missing: () => problem }) }).effect.perform(
      { epoch: 0, message: 'task' },
      scope(),
    ),
  ).rejects.toMatchObject({ message: 'server away' });
  const both = { gateway: gateway(), tools: tools([info('read')]), toolbelt: tools([info('read'), info('mail')]) };
  const list = (change: Partial<AgentDefinition> = {}, deps: AgentDeps = both) =>
    listToolbelt(() => definition(change), deps).effect.perform({ epoch: 2, message: 'task' }, scope());
  expect(await list()).toEqual({ tools: 2, epoch: 3, missing: [], conflicts: ['read'] });
  expect(await list({ requires: ['payments'] })).toMatchObject({ missing: ['payments'] });
  expect(await list({}, { ...both, allow: ['mail'] })).toMatchObject({ tools: 1, conflicts: [] });
});

test('a transcript that is too long loses the oldest results first, and never has a call without a result', () => {
  const turn = (n: number) => [
    { role: 'assistant' as const, text: '', calls: [{ id: `c${n}`, name: 'read', input: {} }] },
    { role: 'tool' as const, results: [{ id: `c${n}`, name: 'read', ok: true, content: 'x'.repeat(1_000) }] },
  ];
  const original = [{ role: 'user' as const, text: 'go' }, ...turn(1), ...turn(2), ...turn(3)];
  expect(truncateHistory(original)).toBe(original);
  const shortened = truncateHistory(original, 2_200);
  expect(shortened.map((message) => (message.role === 'tool' ? message.results[0]!.content.length : 0))).toEqual([
    0,
    0,
    expect.any(Number),
    0,
    1_000,
    0,
    1_000,
  ]);
  expect(shortened).toHaveLength(original.length);
  expect(truncateHistory(original, 10).at(-1)).toBe(original.at(-1));
  expect(transcript(...original).transcript).toHaveLength(7);
});

test('discovery warns of errors in the tool list, and fails without a required source', async () => {
  const warned: unknown[] = [];
  const problem = { kind: 'tool' as const, message: 'Tool "x y" is left out.', retryable: false };
  const perform = (change: Partial<Parameters<typeof tools>[1]>) =>
    discover(() => definition(), { gateway: gateway(), tools: tools([info('read')], change) }).effect.perform(
      { message: 'task', tier: 'core' },
      { ...scope(), progress: (note) => warned.push(note) },
    );
  expect(await perform({ problems: () => [problem] })).toMatchObject({ tools: 1, problems: [problem.message] });
  expect(warned).toEqual([{ type: 'warning', message: problem.message }]);
  await expect(
    perform({ missing: () => ({ kind: 'environment', message: 'files is away', retryable: true }) }),
  ).rejects.toMatchObject({ kind: 'environment', message: 'files is away', retryable: true });
});
