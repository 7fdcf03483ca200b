/** Deadlines are inherited down the tree, and can only become earlier (E9). */
import { expect, test } from 'vitest';
import { z } from 'zod';
import { agent, protocol, team, tool } from 'troupe';
import { scriptedModel, testRuntime } from 'troupe/testing';
import type { Model, ModelScope } from '../../src/contracts/model.ts';
import { attempt } from '../../src/gateway/attempt.ts';
import { virtualClock } from '../../src/testing/clock.ts';

const Talk = protocol({
  ask: { body: z.string(), replies: ['tell'] },
  tell: { body: z.string() },
});
/** Never answers, and keeps the deadlines of its calls. */
function hangingModel() {
  const deadlines: (number | undefined)[] = [];
  const model: Model = {
    id: 'test:patient',
    async *stream(_, { deadline, signal }) {
      deadlines.push(deadline);
      await new Promise((_, stop) => signal.addEventListener('abort', () => stop(new Error('stopped'))));
      yield { type: 'text', text: '' };
    },
  };
  return { model, deadlines };
}
const desk = (model: Model, own: { member?: '10s' | '10m'; team?: '20s' | '20m' }) =>
  team({
    name: 'desk',
    protocol: Talk,
    members: {
      clerk: agent({
        name: 'clerk',
        protocol: Talk,
        handles: ['ask'],
        model,
        ...(own.member ? { deadline: own.member } : {}),
      }),
    },
    accepts: 'ask',
    returns: 'tell',
    ...(own.team ? { deadline: own.team } : {}),
    route: { ask: ({ body }, { to }) => to('clerk', 'ask', body), tell: ({ body }, { finish }) => finish(body) },
  });

test.each([
  ['the run', { member: '10m', team: '20m' }, '5s', 5_000],
  ['the team', { member: '10m', team: '20s' }, '5m', 20_000],
  ['the member', { member: '10s', team: '20s' }, '5m', 10_000],
  ['the team, without another deadline', { team: '20s' }, undefined, 20_000],
] as const)('the model call of a member inherits the deadline of %s', async (_, own, run, expected) => {
  await using runtime = await testRuntime();
  const { model, deadlines } = hangingModel();
  const began = runtime.clock.now();
  const { outcome } = await runtime.start(desk(model, own), 'Go.', run ? { deadline: run } : {});
  await runtime.settle();
  expect(deadlines.map((deadline) => deadline! - began)).toEqual([expected]);
  const ended = outcome();
  await runtime.advance(expected + 20_000);
  expect(await ended).toMatchObject({ status: 'failed' });
  expect(runtime.seen.at(-1)!.at - began).toBeLessThanOrEqual(expected + 15_000);
});

test('a ticket expires no later than the deadline of the agent that opened it', async () => {
  await using runtime = await testRuntime();
  const mail = tool({
    name: 'mail',
    description: 'Sends.',
    effect: 'write',
    approval: true,
    input: z.object({}),
    output: z.null(),
    run: () => null,
  });
  const clerk = agent({
    name: 'clerk',
    tools: [mail],
    deadline: '1h',
    model: scriptedModel([{ calls: [{ name: 'mail' }] }]),
  });
  const began = runtime.clock.now();
  const { id } = await runtime.start(clerk, 'Go.');
  await runtime.settle();
  const [wait] = await runtime.journal.find({ run: id, type: 'wait' });
  const { pending } = (await runtime.journal.load(wait!.actor))!;
  const due = pending.flatMap(({ due: at }) => at ?? []);
  expect(due.map((at) => at - began)).toEqual([3_600_000]);
});

test('an agent does not wait for a retry that its deadline leaves no time for', async () => {
  await using runtime = await testRuntime();
  const model = scriptedModel([{ error: { kind: 'transient', retryAfter: 60_000, message: 'busy' } }]);
  const { outcome } = await runtime.start(agent({ name: 'clerk', model, deadline: '30s' }), 'Go.');
  await runtime.settle();
  expect(await outcome()).toMatchObject({ status: 'failed', failure: { kind: 'transient' } });
  model.assertDone();
});

test('no model is called after the deadline', async () => {
  const clock = virtualClock();
  const model = scriptedModel([]);
  const scope: ModelScope = { key: 'k', signal: new AbortController().signal, deadline: clock.now() };
  const patience = { first: 1_000, idle: 1_000, whole: 1_000 };
  const parts = attempt(model, { instructions: '', messages: [], tools: [] }, scope, clock, patience);
  await expect(parts.next()).rejects.toMatchObject({ kind: 'expired' });
  expect(model.requests).toEqual([]);
});

test('no tool call starts after the deadline of the run', async () => {
  const { runTool } = await import('../../actors/runTool.ts');
  const clock = virtualClock();
  const called: string[] = [];
  const tools = { call: async (name: string) => (called.push(name), null) };
  const late = runTool({ tools } as never).effect.perform(
    { id: 'c', name: 'send', input: {}, hash: 'h', effect: 'write', idempotent: false, belt: false },
    { clock, deadline: clock.now() } as never,
  );
  await expect(late).rejects.toMatchObject({ kind: 'expired', data: { sent: false } });
  expect(called).toEqual([]);
});
