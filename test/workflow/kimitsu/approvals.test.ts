/** Calls of tools that a person must agree to. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Json } from '../../../src/values/json.ts';
import { startDoubles, type Doubles } from './doubles.ts';
import { ownProject, outputOfStep, scriptedAgent, steps, toolCalls } from './own.ts';
import { play } from './play.ts';

let doubles: Doubles;
beforeAll(async () => void (doubles = await startDoubles()));
afterAll(() => doubles[Symbol.asyncDispose]());

const approved = { approved: true };
const rejected = { approved: false, note: 'not today' };

/** The answers of a person, in turn; none leaves the ticket open. */
function run(rule: string, replies: Parameters<typeof scriptedAgent>[0], answers: readonly Json[] = [], more = '') {
  const files = {
    'servers/a.server.yaml': 'name: kv\nurl: "http://localhost:6161"\n',
    'agents/a.agent.yaml': scriptedAgent(replies, {
      more: `servers: [{name: kv, path: ../servers/a.server.yaml, access: {allowlist: [kv_get, {name: kv_set, require_approval: ${rule}}]}}]${more}`,
    }),
    ...steps('  - {id: s, agent: agents/a.agent.yaml}\n'),
  };
  let turn = 0;
  const person = () => answers[turn++];
  const folder = ownProject(files, doubles);
  return play(folder, { workflow: 'w', input: {}, env: {} }, doubles, answers.length > 0 ? person : undefined);
}

const calls = () =>
  doubles.tools.flatMap(({ method, params }) =>
    method === 'tools/call' ? [[params['name'], params['arguments']]] : [],
  );
const set = (id: string, k = 'v') => [id, 'kv_set', { k }] as const;
const ok = '{"ok":true}';

test('a call that is approved is made, after the calls before it and before those behind it', async () => {
  const played = await run(
    '{on_reject: fail}',
    [toolCalls(['c1', 'kv_get', { k: 'a' }], set('c2'), ['c3', 'kv_get', { k: 'b' }]), ok],
    [approved],
  );
  expect(outputOfStep(played, 's')).toEqual({ ok: true });
  expect(calls()).toEqual([
    ['kv_get', { k: 'a' }],
    ['kv_set', { k: 'v' }],
    ['kv_get', { k: 'b' }],
  ]);
});

test('each call that needs it is asked for by itself', async () => {
  const played = await run(
    '{on_reject: fail}',
    [toolCalls(set('c1', 'a'), set('c2', 'b')), toolCalls(set('c3', 'c')), ok],
    [approved, approved, approved],
  );
  expect(played.status).toBe('complete');
  expect(calls()).toHaveLength(3);
});

test('a call that is rejected fails the step, naming the tool', async () => {
  const played = await run('{on_reject: fail}', [toolCalls(set('c1')), ok], [rejected]);
  expect(played.steps['s']).toMatchObject({ status: 'failed', code: 'approval_rejected' });
  expect(played.failure?.message).toMatch(/"kv_set" was rejected.*not today/);
  expect(calls()).toEqual([]);
});

test('with `recover` the model is told of the rejection, and goes on', async () => {
  const played = await run('{on_reject: recover}', [toolCalls(set('c1')), ok], [rejected]);
  expect(outputOfStep(played, 's')).toEqual({ ok: true });
  expect(JSON.stringify(played.models[1]?.messages)).toContain('not today');
  expect(calls()).toEqual([]);
});

test.each([
  ['approved', approved, 2],
  ['rejected', rejected, 0],
])('after a person has %s a call, the agent has all its turns again', async (_, answer, made) => {
  const replies = [toolCalls(set('c1')), toolCalls(set('c2')), ok];
  const played = await run('{on_reject: recover}', replies, [answer, answer], '\nmax_turns: 2');
  expect(outputOfStep(played, 's')).toEqual({ ok: true });
  expect(calls()).toHaveLength(made);
});

test('nobody deciding in time gives no turns', async () => {
  const rule = '{on_reject: recover, timeout: 50ms, timeout_behavior: reject}';
  const played = await run(rule, [toolCalls(set('c1')), toolCalls(set('c2')), ok], [], '\nmax_turns: 2');
  expect(played.status).toBe('failed');
  expect(played.models).toHaveLength(2);
});

test.each([
  ['fails the step by default', '{on_reject: recover, timeout: 50ms}', 'failed'],
  [
    'counts as a rejection when it says so',
    '{on_reject: recover, timeout: 50ms, timeout_behavior: reject}',
    'complete',
  ],
])('silence %s', async (_, rule, status) => {
  const played = await run(rule, [toolCalls(set('c1')), ok]);
  expect(played.status).toBe(status);
  expect(calls()).toEqual([]);
  if (status === 'failed') expect(played.steps['s']).toMatchObject({ code: 'approval_timed_out' });
});

test('items of a fan-out are asked for one by one, and each goes on where it was', async () => {
  const agent = scriptedAgent([toolCalls(set('c1')), ok], {
    more: `servers: [{name: kv, path: ../servers/a.server.yaml, access: {allowlist: [{name: kv_set, require_approval: {on_reject: fail}}]}}]`,
    params: { 'n!': { type: 'number' } },
  });
  const files = {
    'servers/a.server.yaml': 'name: kv\nurl: "http://localhost:6161"\n',
    'agents/a.agent.yaml': agent,
    ...steps('  - {id: s, agent: agents/a.agent.yaml, params: {n: "{{ item }}"}, for_each: {from: params.list}}\n'),
  };
  let asked = 0;
  const invocation = { workflow: 'w', input: { list: [1, 2] }, env: {} };
  const played = await play(ownProject(files, doubles), invocation, doubles, () => (asked++, approved));
  expect(outputOfStep(played, 's')).toEqual({ results: [{ ok: true }, { ok: true }] });
  expect([asked, calls().length, played.models.length]).toEqual([2, 2, 4]);
});

test('a rule with a word that there is not fails the step, with its place', async () => {
  const played = await run('{on_reject: perhaps}', [ok]);
  expect(played.failure?.message).toMatch(/a\.agent\.yaml:\d+:\d+: /);
});
