import { expect, test } from 'vitest';
import * as z from 'zod';
import type { AgentDefinition } from '../../src/contracts/agent.ts';
import { protocol } from '../../src/contracts/protocol.ts';
import type { ToolCall } from '../../src/contracts/model.ts';
import { defaultAgentLimits } from '../../machines/agent/settings.ts';
import { callModel } from '../../actors/callModel.ts';
import { answer, definition, gateway, info, scope, thinking, tools, transcript, type AgentDeps } from './fixtures.ts';

const notesSchema = z.object({ facts: z.array(z.string()) });
const replyProtocol = protocol({ notes: { body: notesSchema }, count: { body: z.number() } });
const replies = {
  notes: { schema: z.toJSONSchema(notesSchema) as never, parse: (body: unknown) => replyProtocol.parse('notes', body) },
  count: { schema: { type: 'integer' }, parse: (body: unknown) => replyProtocol.parse('count', body) },
};
const offered = tools([
  info('read'),
  info('send', { effect: 'write' }),
  info('pay', { approval: true }),
  info('lint', { tier: 'toolchain' }),
]);
const toolCall = (name: string, input: unknown = {}, id = name): ToolCall => ({ id, name, input: input as never });

async function parseWith(
  modelAnswer: ReturnType<typeof answer>,
  change: Partial<AgentDefinition> = {},
  deps: Partial<AgentDeps> = {},
  input: object = {},
) {
  const modelGateway = gateway(modelAnswer);
  const { effect } = callModel(
    () => definition(change),
    { ...defaultAgentLimits, maxCallsPerTurn: 3 },
    { gateway: modelGateway, tools: offered, ...deps },
  );
  const read = await effect.perform({ ...thinking, ...input }, scope(transcript({ role: 'user', text: 'hi' })));
  return { read, request: modelGateway.asked[0]!.request, choice: modelGateway.asked[0]!.choice };
}

test('the model gets the tools of its tier, one tool for each reply of the protocol, and one to ask for more tools', async () => {
  const { request } = await parseWith(answer('x'), { replies });
  expect(request.tools.map(({ name }) => name)).toEqual([
    'read',
    'send',
    'pay',
    'answer_notes',
    'answer_count',
    'request_tools',
  ]);
  expect((await parseWith(answer('x'), {}, {}, { tier: 'toolchain' })).request.tools.map(({ name }) => name)).toContain(
    'lint',
  );
});

test('a typed answer counts; the text beside it does not', async () => {
  const { read } = await parseWith(answer('Here you are.', toolCall('answer_notes', { facts: ['a'] })), { replies });
  expect(read.means).toEqual({ kind: 'answer', answer: { type: 'notes', body: { facts: ['a'] } } });
  const { read: counted } = await parseWith(answer('', toolCall('answer_count', { value: 3 })), { replies });
  expect(counted.means).toMatchObject({ answer: { type: 'count', body: 3 } });
});

test('an answer that does not fit its schema is refused with what is wrong', async () => {
  const { read } = await parseWith(answer('', toolCall('answer_notes', { facts: 'a' })), { replies });
  expect(read.means.kind).toBe('unusable');
  expect(read.calls).toMatchObject([{ how: 'refused', why: expect.stringContaining('facts') as string }]);
});

test.each([
  ['no value', {}, 'it has no "value"'],
  ['another kind of value', { value: 'three' }, 'at "value": expected number'],
])(
  'an answer that is not an object is given as "value"; with %s the model gets an error that says so',
  async (_, input, why) => {
    const { read } = await parseWith(answer('', toolCall('answer_count', input)), { replies });
    expect(read.means).toMatchObject({ kind: 'unusable', problem: expect.stringContaining(why) as string });
  },
);

test('an error in the schema itself is not reported to the model', async () => {
  const wrong = {
    ...replies,
    count: {
      schema: {},
      parse: (body: unknown) => protocol({ map: { body: z.any().transform(() => new Map()) } }).parse('map', body),
    },
  };
  await expect(
    parseWith(answer('', toolCall('answer_count', { value: 1 })), { replies: wrong as never }),
  ).rejects.toMatchObject({ kind: 'definition', message: expect.stringContaining('is a Map') as string });
});

test('text counts as an answer only for an agent without replies', async () => {
  expect((await parseWith(answer('Done.'))).read.means).toEqual({
    kind: 'answer',
    answer: { type: 'text', body: 'Done.' },
  });
  expect((await parseWith(answer('task complete; submit'), { replies })).read.means).toMatchObject({
    kind: 'unusable',
    problem: expect.stringContaining('answer_notes') as string,
  });
});

test.each([
  ['nothing at all', answer('  '), 'empty'],
  ['half an answer', { ...answer('It is'), reason: 'length' as const }, 'cut off at the limit'],
])('%s cannot be used', async (_, replyProtocol, problem) => {
  expect((await parseWith(replyProtocol)).read.means).toMatchObject({
    kind: 'unusable',
    problem: expect.stringContaining(problem) as string,
  });
});

test('a refusal is a refusal', async () => {
  expect((await parseWith({ ...answer('I must not.'), reason: 'refused' })).read.means).toEqual({
    kind: 'refusal',
    says: 'I must not.',
  });
});

test('reads run directly; writes and calls that need approval run in an actor of their own', async () => {
  const { read } = await parseWith(answer('', toolCall('read'), toolCall('send'), toolCall('pay')));
  expect(read.calls.map((call) => [call.how, call.how === 'guarded' && call.ask])).toEqual([
    ['run', false],
    ['guarded', false],
    ['guarded', true],
  ]);
  const { read: asked } = await parseWith(answer('', toolCall('read'), toolCall('send')), { approve: 'writes' });
  expect(asked.calls.map((call) => call.how === 'guarded' && call.ask)).toEqual([false, true]);
});

test.each([
  ['an unknown tool', toolCall('raed'), 'there is no tool "raed"'],
  ['a tool of a higher tier', toolCall('lint'), 'there is no tool'],
  ['a name like a property of every object', toolCall('__proto__'), 'there is no tool'],
  ['arguments that are not JSON', { ...toolCall('read'), unreadable: '{"a":' }, 'not JSON'],
])('%s is refused with a reason', async (_, call, why) => {
  expect((await parseWith(answer('', call))).read.calls).toMatchObject([
    { how: 'refused', why: expect.stringContaining(why) as string },
  ]);
});

test('of a thousand calls the first few are made, the others refused', async () => {
  const { read } = await parseWith(
    answer('', ...Array.from({ length: 1_000 }, (_, i) => toolCall('read', { i }, `c${i}`))),
  );
  expect(read.calls.filter(({ how }) => how === 'run')).toHaveLength(3);
  expect(read.calls.filter(({ how }) => how === 'refused')).toHaveLength(997);
});

test('calls beyond the budget are refused', async () => {
  const { read } = await parseWith(answer('', toolCall('read', 1, 'a'), toolCall('read', 2, 'b')), {
    budget: { toolCalls: 1 },
  });
  expect(read.calls.map(({ how }) => how)).toEqual(['run', 'refused']);
});

test('an answer given beside other calls is refused until their results are there', async () => {
  const { read } = await parseWith(answer('', toolCall('read'), toolCall('answer_notes', { facts: [] })), { replies });
  expect(read.means.kind).toBe('calls');
  expect(read.calls.map(({ how }) => how)).toEqual(['run', 'refused']);
});

test('two calls with the same id get different ids', async () => {
  const { read } = await parseWith(
    answer('', toolCall('read', 1, 'x'), toolCall('read', 2, 'x'), toolCall('read', 3, '')),
  );
  expect(new Set(read.calls.map(({ id }) => id)).size).toBe(3);
});

test('the same call has the same hash in any order of its keys', async () => {
  const { read } = await parseWith(
    answer(
      '',
      toolCall('read', { a: 1, b: [{ c: 1, d: 2 }] }, 'x'),
      toolCall('read', { b: [{ d: 2, c: 1 }], a: 1 }, 'y'),
      toolCall('read', { a: 2 }, 'z'),
    ),
  );
  const [first, second, third] = read.calls.map(({ hash }) => hash);
  expect(first).toBe(second);
  expect(third).not.toBe(first);
});

test('the model can ask for more tools only of an existing tier', async () => {
  const { read } = await parseWith(answer('', toolCall('request_tools', { tier: 'toolchain', reason: 'lint' })));
  expect(read).toMatchObject({ wants: 'toolchain', calls: [{ how: 'settled' }] });
  const { read: none } = await parseWith(answer('', toolCall('request_tools', { tier: 'toolbelt', reason: 'mail' })));
  expect(none.wants).toBeUndefined();
});

test('the output limit is never more than the tokens left in the budget', async () => {
  const used = { ...thinking.used, inputTokens: 600, outputTokens: 100 };
  const { request } = await parseWith(
    answer('x'),
    { budget: { tokens: 1_000 }, maxOutputTokens: 4_000 },
    {},
    { used, expected: 100 },
  );
  expect(request.maxOutputTokens).toBe(200);
});

test('after a fallback the request goes to the next model', async () => {
  expect((await parseWith(answer('x'), { fallbacks: ['other:model'] }, {}, { fallbacks: 1 })).choice).toBe(
    'other:model',
  );
});
