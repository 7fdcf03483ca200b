import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { recordsIn } from './recordsIn.ts';
import { flow, offlineModel, openRuntime, run, type FlowContext, type Runtime } from '../../src/index.ts';
import { scriptedModel } from 'troupe/testing';

const inMemory = { db: 'memory' } as const;

/** The metadata of the calls of a run, by invocation id. */
async function metadataIn(runtime: Runtime, exec: string) {
  return Object.fromEntries((await recordsIn(runtime, exec, 'call')).map(({ id, metadata }) => [id, metadata]));
}

test('a model call in a flow is a checkpoint of its own, which a later process does not repeat', async () => {
  using model = scriptedModel([{ text: 'a haiku' }]);
  const poet = flow('poet', { model }, async (ctx) => {
    const text = await ctx.llm('  Write a haiku. ', {
      name: 'draft',
      system: 'Be brief.',
      temperature: 0,
      maxTokens: 50,
    });
    await ctx.wait({ name: 'ok' });
    return text;
  });
  await using runtime = await openRuntime({ db: 'memory' });
  const handle = await runtime.start(poet, null, { key: 'p' });
  const waiting = await handle.outcome({ returnWhenWaiting: true });
  if (waiting.status !== 'waiting') throw new Error(JSON.stringify(waiting));
  await handle.park();
  const again = await runtime.resume('p', poet);
  await runtime.answer(waiting.tickets[0]!.id, null);
  expect(await again.outcome()).toMatchObject({ status: 'done', output: 'a haiku' });
  expect(model.requests).toMatchObject([
    {
      instructions: 'Be brief.',
      messages: [{ role: 'user', text: 'Write a haiku.' }],
      temperature: 0,
      maxOutputTokens: 50,
    },
  ]);
  expect(await recordsIn(runtime, 'p', 'artifact')).toMatchObject([
    {
      id: 'draft/draft_prompt',
      type: 'prompt',
      value: [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: 'Write a haiku.' },
      ],
    },
    { id: 'draft/draft_response', type: 'response', value: 'a haiku' },
  ]);
  model.assertDone();
});

test('model calls in a checkpoint are parts of it, and are counted in it', async () => {
  const model = scriptedModel([{ text: 'one' }, { text: 'two' }, { text: 'three' }]);
  const writer = flow('writer', { model }, (ctx) =>
    ctx.checkpoint('write', async () => [
      await ctx.llm('a'),
      await ctx.llm('b'),
      await ctx.llm('c', { name: '2nd try!' }),
    ]),
  );
  await using runtime = await openRuntime({ db: 'memory' });
  expect(await (await runtime.start(writer, null, { key: 'w' })).outcome()).toMatchObject({
    output: ['one', 'two', 'three'],
  });
  const { write } = await metadataIn(runtime, 'w');
  expect(write).toMatchObject({
    llm_calls: {
      llm_1: {
        requested_model: 'scripted:model',
        resolved_model: 'scripted:model',
        tokens_input: 10,
        tokens_output: 5,
      },
      llm_2: { total_tokens: 15, latency_ms: expect.any(Number) as unknown },
      llm_2nd_try_: { finish_reason: 'stop' },
    },
  });
  expect((await recordsIn(runtime, 'w', 'artifact')).map(({ id }) => id)).toContain('write/llm_1_prompt');
});

test('model calls of a flow without a name are numbered in the order of the calls', async () => {
  const model = scriptedModel([{ text: 'one' }, { text: 'two' }]);
  const writer = flow('writer', { model }, async (ctx) => [await ctx.llm('a'), await ctx.llm('b')]);
  await using runtime = await openRuntime({ db: 'memory' });
  await (await runtime.start(writer, null, { key: 'w' })).outcome();
  expect(Object.keys(await metadataIn(runtime, 'w'))).toEqual(['llm', 'llm_2']);
});

const asking = (prompt: unknown, options: object = {}) =>
  flow('asking', { model: scriptedModel(() => ({ text: 'yes' })) }, (ctx: FlowContext) =>
    ctx.llm(prompt as string, options),
  );

test.each([
  ['an empty prompt', '  ', {}, 'the prompt must be a text'],
  ['a prompt that is no text', 5, {}, 'a text or a list of messages; got'],
  ['no messages', [], {}, 'the list of messages is empty'],
  ['a message without content', [{ role: 'user' }], {}, 'message 1 must be'],
  ['a message of an unknown role', [{ role: 'robot', content: 'a' }], {}, 'message 1 must be'],
  [
    'a system text after another message',
    [
      { role: 'user', content: 'a' },
      { role: 'system', content: 'b' },
    ],
    {},
    'System texts come first',
  ],
  ['only a system text', [{ role: 'system', content: 'a' }], {}, 'Give a message of the user'],
  ['an empty system text', 'a', { system: ' ' }, 'the system text must be a text'],
  ['a limit of no tokens', 'a', { maxTokens: 0 }, 'maxTokens must be a whole number'],
  ['a temperature below zero', 'a', { temperature: -1 }, 'temperature must be a number'],
  ['an empty name', 'a', { name: ' ' }, 'name of a model call is empty'],
  ['an empty name of a model', 'a', { model: '' }, 'empty name of a model'],
])('%s is refused before a model is asked', async (_, prompt, options, message) => {
  await expect(run(asking(prompt, options), null, inMemory)).rejects.toMatchObject({
    kind: 'invalid',
    message: expect.stringContaining(message) as unknown,
  });
});

test('a conversation is given to the model as it is, its system texts together', async () => {
  const model = scriptedModel([{ text: 'yes' }]);
  const talk = flow('talk', { model }, (ctx) =>
    ctx.llm([
      { role: 'system', content: 'One.' },
      { role: 'system', content: 'Two.' },
      { role: 'user', content: 'Hi' },
      { role: 'assistant', content: 'Hello' },
      { role: 'user', content: 'And?' },
    ]),
  );
  expect(await run(talk, null, inMemory)).toBe('yes');
  expect(model.requests).toMatchObject([
    {
      instructions: 'One.\n\nTwo.',
      messages: [{ role: 'user' }, { role: 'assistant', text: 'Hello' }, { text: 'And?' }],
    },
  ]);
});

test('the model of a call comes before that of its flow', async () => {
  const other = scriptedModel([{ text: 'other' }], { id: 'scripted:other' });
  const own = flow('own', { model: offlineModel() }, (ctx) => ctx.llm('a', { model: other, name: 'ask' }));
  await using runtime = await openRuntime({ db: 'memory' });
  expect(await (await runtime.start(own, null, { key: 'o' })).outcome()).toMatchObject({ output: 'other' });
  expect((await metadataIn(runtime, 'o'))['ask']).toMatchObject({
    llm_calls: { ask: { resolved_model: 'scripted:other' } },
  });
});

test('without a model a call says how to name one; a name without a provider, or of an unknown one, is refused', async () => {
  const ask = (model?: string) => flow('ask', (ctx) => ctx.llm('a', model === undefined ? {} : { model }));
  const env = {};
  await expect(run(ask(), null, { ...inMemory, env })).rejects.toMatchObject({
    kind: 'invalid',
    message: expect.stringContaining('TROUPE_MODEL') as unknown,
  });
  for (const model of ['gpt-5-mini', 'nobody:model', 'openai:'])
    await expect(run(ask(model), null, { ...inMemory, env })).rejects.toMatchObject({ kind: 'invalid' });
});

test('an answer without text fails the call', async () => {
  const silent = flow('silent', { model: scriptedModel([{ text: '', reason: 'refused' }]) }, (ctx) => ctx.llm('a'));
  await expect(run(silent, null, inMemory)).rejects.toMatchObject({
    kind: 'model',
    message: expect.stringContaining('gave no text') as unknown,
  });
});

test('an answer that a filter broke off, or a refusal, fails the call: half a text is no result', async () => {
  const model = scriptedModel([{ text: 'You must NOT ', reason: 'refused' }]);
  const broken = flow('broken', { model }, (ctx) => ctx.llm('a'));
  await expect(run(broken, null, inMemory)).rejects.toMatchObject({
    kind: 'model',
    message: expect.stringContaining('broke its answer off (refused)') as unknown,
  });
});

test('a model that is busy is asked again by the gateway, within one call', async () => {
  const model = scriptedModel([{ error: { status: 503 } }, { text: 'yes' }]);
  const patient = flow('patient', { model }, (ctx) => ctx.llm('a', { name: 'ask' }));
  await using runtime = await openRuntime({ db: 'memory', gateway: { retry: { backoff: 1 } } });
  expect(await (await runtime.start(patient, null, { key: 'p' })).outcome()).toMatchObject({ output: 'yes' });
  expect((await metadataIn(runtime, 'p'))['ask']).toMatchObject({ llm_calls: { ask: { failed_attempts: 1 } } });
});

test('a prompt that cannot be saved does not fail the work: its beginning is kept as a blob', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'troupe-llm-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const db = join(folder, 'troupe.db');
  writeFileSync(`${db}.blobs`, 'in the way');
  const model = scriptedModel([{ text: 'short' }]);
  const long = flow('long', { model }, (ctx) => ctx.llm('long '.repeat(50_000), { name: 'ask' }));
  await using runtime = await openRuntime({ db });
  expect(await (await runtime.start(long, null, { key: 'l' })).outcome()).toMatchObject({ output: 'short' });
  expect(await recordsIn(runtime, 'l', 'artifact')).toMatchObject([
    { name: 'ask_prompt', type: 'blob', bytes: 10_000 },
    { name: 'ask_response', type: 'response' },
  ]);
});

test('model calls of one name are told apart, in a flow and in a checkpoint', async () => {
  const model = scriptedModel(({ messages }) => ({ text: `re ${JSON.stringify(messages).length}` }));
  const writer = flow('writer', { model }, async (ctx) => {
    for (const prompt of ['a', 'b']) await ctx.llm(prompt, { name: 'ask' });
    await ctx.checkpoint('both', async () => {
      await Promise.all(['a', 'b', 'c'].map((prompt) => ctx.llm(prompt, { name: 'draft' })));
    });
  });
  await using runtime = await openRuntime({ db: 'memory' });
  expect(await (await runtime.start(writer, null, { key: 'w' })).outcome()).toMatchObject({ status: 'done' });
  const { ask, ask_2, both } = await metadataIn(runtime, 'w');
  expect([ask, ask_2]).toMatchObject([{ llm_calls: { ask: {} } }, { llm_calls: { ask_2: {} } }]);
  expect(Object.keys((both as { llm_calls: object }).llm_calls)).toEqual(['draft', 'draft_2', 'draft_3']);
  expect((await recordsIn(runtime, 'w', 'artifact')).map(({ id }) => id)).toEqual(
    expect.arrayContaining(['both/draft_prompt', 'both/draft_2_prompt', 'both/draft_3_response']),
  );
});
