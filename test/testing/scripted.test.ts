/** Scripted models and tools: an unexpected call is refused, and an unused step fails the test. */
import { expect, test } from 'vitest';
import { z } from 'zod';
import { agent } from 'troupe';
import {
  scriptedModel,
  scriptedTool,
  testRuntime,
  type ScriptedTool,
  type ScriptedModelCondition,
} from 'troupe/testing';
import type { ModelPart, ModelRequest } from '../../src/contracts/model.ts';

const asks = (text: string): ModelRequest => ({ instructions: '', messages: [{ role: 'user', text }], tools: [] });
const scope = { key: 'k', signal: new AbortController().signal, deadline: undefined };
const text = async (
  model: { stream: ReturnType<typeof scriptedModel>['stream'] },
  say: string,
  parts: ModelPart[] = [],
) => {
  for await (const part of model.stream(asks(say), scope)) parts.push(part);
  return parts.flatMap((part) => (part.type === 'text' ? part.text : [])).join('');
};

test('the steps of a script are used in order, and one call too many is refused with its prompt', async () => {
  const model = scriptedModel([{ text: 'one' }, { text: 'two' }]);
  expect([await text(model, 'a'), await text(model, 'b')]).toEqual(['one', 'two']);
  expect(() => model.assertDone()).not.toThrow();
  await expect(text(model, 'and then?')).rejects.toThrow(
    /call 3: it has 2 steps, all used\.\n.*1 messages and ended with \(user\): and then\?/,
  );
});

test('a call that was refused fails the test at its end, even when the agent survived it', async () => {
  const model = scriptedModel([]);
  await text(model, 'hello').catch(() => {});
  expect(() => model.assertDone()).toThrow(/not ready for call 1: it has 0 steps/);
});

test('an unused step fails the test at the end of its block', async () => {
  expect(() => {
    using model = scriptedModel([{ text: 'never' }], { id: 'scripted:quiet' });
    expect(model.requests).toEqual([]);
  }).toThrow(/"scripted:quiet" has 1 step and got 0 calls; these are left.*\n {2}step 1: \{"text":"never"\}/);
});

test('a step that expects another prompt shows both, line by line', async () => {
  const model = scriptedModel([{ expect: 'Write about\nactors.', text: '' }]);
  const refused = text(model, 'Write about\nmachines.');
  await expect(refused).rejects.toThrow(/expects .*\n {2}Write about\n- actors\.\n\+ machines\./);
});

test.each<[string, ScriptedModelCondition]>([
  ['a pattern', /tea/],
  ['a pattern that remembers its place', /tea/g],
  ['a part of the latest message', { role: 'user', text: /tea/ as never }],
  ['a part of the request', { messages: [{ role: 'user', text: 'tea, please' }] }],
  ['a question about the request', ({ messages }) => messages.length === 1 && messages[0]!.role === 'user'],
])('a step is selected by %s, whatever its position', async (_, when) => {
  const model = scriptedModel([{ text: 'otherwise' }, { when, text: 'Here is tea.' }, { when: 'milk', text: 'Milk.' }]);
  expect(await text(model, 'tea, please')).toBe('Here is tea.');
  expect(await text(model, 'tea, please')).toBe('otherwise');
  await expect(text(model, 'tea, please')).rejects.toThrow(/only these are left, and none fits: \{"when":"milk"/);
});

test('a step for any number of calls is never reported as unused', async () => {
  const model = scriptedModel([
    { when: /./g, times: Infinity, text: 'again' },
    { when: 'b', times: 2, text: 'b' },
  ]);
  expect([await text(model, 'a'), await text(model, 'a')]).toEqual(['again', 'again']);
  expect(() => model.assertDone()).toThrow(/step 2: .*, 2 more times/);
  expect(() => scriptedModel([{ when: 'a', times: 0 }])).toThrow(/whole number above zero, or Infinity; got 0/);
});

test('a function answers by the conversation, and one without an answer is reported', async () => {
  const model = scriptedModel(({ messages }) => (messages.length === 1 ? { text: 'first' } : (undefined as never)));
  expect(await text(model, 'hello')).toBe('first');
  const request = { ...asks('a'), messages: [...asks('a').messages, ...asks('b').messages] };
  await expect(model.stream(request, scope)[Symbol.asyncIterator]().next()).rejects.toThrow(/gave no step/);
});

test('an answer is streamed in the given parts, with its reasoning and its finish reason', async () => {
  const parts: ModelPart[] = [];
  await text(scriptedModel([{ reasoning: 'Hm.', text: 'abcdef', chunks: 3, reason: 'length' }]), '', parts);
  expect(parts).toMatchObject([
    { type: 'reasoning', text: 'Hm.' },
    ...['ab', 'cd', 'ef'].map((part) => ({ type: 'text', text: part })),
    { type: 'finish', reason: 'length' },
  ]);
});

test('a stream that breaks off, with or without an error, is started again by the agent', async () => {
  await using runtime = await testRuntime();
  using model = scriptedModel([{ text: 'broken off', half: true }, { text: 'dropped', error: {} }, { text: 'Whole.' }]);
  const run = await runtime.start(agent({ name: 'clerk', model }), 'Speak.');
  await runtime.advance('1m');
  expect(await run.outcome()).toMatchObject({ status: 'done', output: 'Whole.' });
});

test('after a 429 there is no retry before the time that the server gives', async () => {
  await using runtime = await testRuntime();
  using model = scriptedModel([{ error: { status: 429, retryAfter: '40s' } }, { text: 'Now.' }]);
  const run = await runtime.start(agent({ name: 'clerk', model }), 'Speak.');
  await runtime.advance('39s');
  expect(model.requests).toHaveLength(1);
  await runtime.advance('2s');
  expect(await run.outcome()).toMatchObject({ status: 'done', output: 'Now.' });
});

test('a model that hangs in the middle of a stream is given up by its caller', async () => {
  const stop = new AbortController();
  const parts = scriptedModel([{ text: 'half', half: true, hang: true }]).stream(asks(''), {
    ...scope,
    signal: stop.signal,
  });
  const all = parts[Symbol.asyncIterator]();
  expect(await all.next()).toMatchObject({ value: { type: 'text', text: 'ha' } });
  const next = all.next();
  stop.abort();
  await expect(next).rejects.toMatchObject({ kind: 'cancelled' });
});

/** An agent that calls the tool once, and then answers with its result. */
const caller = (tool: ScriptedTool) =>
  agent({
    name: 'caller',
    tools: [tool],
    model: scriptedModel(({ messages }) => {
      const last = messages.at(-1)!;
      return last.role === 'tool'
        ? { text: last.results.map(({ content }) => content).join() }
        : { calls: [{ name: tool.name, input: { n: 1 } }] };
    }),
  });

test('a failing tool is retried under the same key, and its calls can be inspected', async () => {
  await using runtime = await testRuntime();
  using search = scriptedTool({ name: 'search' }, [{ error: { status: 503 } }, { timeout: true }, { output: 'found' }]);
  const run = await runtime.start(caller(search), 'Search.');
  await runtime.advance('1m');
  expect(await run.outcome()).toMatchObject({ status: 'done', output: 'found' });
  expect(search.called.map(({ input }) => input)).toEqual([{ n: 1 }, { n: 1 }, { n: 1 }]);
  expect(new Set(search.called.map(({ key }) => key)).size).toBe(1);
  expect(search.called[0]!.at).toBeLessThan(search.called[2]!.at);
});

test('a tool that hangs exceeds its time limit; a slow one does not', async () => {
  await using runtime = await testRuntime();
  using search = scriptedTool({ name: 'search', timeout: '5s' }, [{ hang: true }, { takes: '4s', output: 'slowly' }]);
  const run = await runtime.start(caller(search), 'Search.');
  await runtime.advance('4s');
  expect(search.called).toHaveLength(1);
  await runtime.advance('10s');
  expect(await run.outcome()).toMatchObject({ status: 'done', output: 'slowly' });
});

test('a tool refuses a call that fits none of its steps, with the key of the call', async () => {
  const add = scriptedTool({ name: 'add', input: z.object({ n: z.number() }) }, [
    { when: ({ input: { n } }) => n > 1, output: 'more' },
  ]);
  await using runtime = await testRuntime();
  await runtime.start(caller(add), 'Add.');
  await runtime.advance('1m');
  expect(() => add.assertDone()).toThrow(
    /tool "add" was not ready for call 1: .* none fits.*\nIt was called with \{"n":1\} under the key agent\//s,
  );
});

test('an idempotent tool gives the same result for a known key', async () => {
  const put = scriptedTool({ name: 'put', effect: 'write', idempotent: true }, [{ output: 'done' }]);
  const given = { signal: scope.signal, clock: { now: () => 0 } as never, progress: () => {} };
  expect([await put.run({}, { ...given, key: 'a' }), await put.run({}, { ...given, key: 'a' })]).toEqual([
    'done',
    'done',
  ]);
  await expect(put.run({}, { ...given, key: 'b' })).rejects.toMatchObject({ kind: 'invalid' });
});
