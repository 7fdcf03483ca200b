/** What the model of an agent step is asked, and what becomes of its answers. */
import { describe, expect, test } from 'vitest';
import * as fc from 'fast-check';
import { jsonObjectIn } from '../../../actors/workflow/agentStep/readReply.ts';
import { answer } from '../fixtures.ts';
import { calling, runStep, schema, scriptedGateway, task } from './agentStepWorld.ts';

const lastTurn =
  'You have reached the maximum number of tool calls. Provide your final answer now without requesting any additional tools.';
const correction = 'Your response was not valid JSON. Please respond with only a valid JSON object and nothing else.';
const good = '{"ok":true}';
const user = (text: string) => ({ role: 'user', text });
const assistant = (text: string) => ({ role: 'assistant', text, calls: [] });

test('a model is asked once when it answers at once, with the schema under the system prompt', async () => {
  const gateway = scriptedGateway(good);
  expect(await runStep(task(), { gateway })).toEqual({
    status: 'complete',
    output: { ok: true },
    reflected: false,
    metrics: {
      duration_ms: 0,
      tokens_in: 10,
      tokens_out: 5,
      cost_usd: 0.001,
      llm_calls: 1,
      tool_calls: 0,
      reflect_calls: 0,
      model_resolved: 'test/model',
    },
  });
  expect(gateway.asked).toEqual([
    {
      group: 'standard',
      request: {
        instructions:
          'You read.\n\nYour output MUST conform to this JSON schema:\n{\n  "properties": {\n    "ok": {\n      "type": "boolean"\n    }\n  },\n  "required": [\n    "ok"\n  ],\n  "type": "object"\n}',
        messages: [user('Read it.')],
        tools: [],
        maxOutputTokens: 1024,
      },
    },
  ]);
});

describe('turns', () => {
  test('every text that is no JSON object takes a turn, and one further call is free', async () => {
    const gateway = scriptedGateway('[1,2]');
    expect(await runStep(task({ maxTurns: 2 }), { gateway })).toMatchObject({
      status: 'failed',
      code: 'max_turns_exceeded',
      raw_output: '[1,2]',
      metrics: { llm_calls: 3 },
    });
    expect(gateway.asked[2]?.request.messages).toEqual([
      user('Read it.'),
      assistant('[1,2]'),
      user(correction),
      user(lastTurn),
      assistant('[1,2]'),
      user(correction),
    ]);
  });

  test('the free correction counts when it is good', async () => {
    const gateway = scriptedGateway('no', 'no', 'no', good);
    expect(await runStep(task(), { gateway })).toMatchObject({ status: 'complete', metrics: { llm_calls: 4 } });
  });

  test('an agent with one turn is told at once that it is the last one', async () => {
    const gateway = scriptedGateway(good);
    await runStep(task({ maxTurns: 1 }), { gateway });
    expect(gateway.asked[0]?.request.messages).toEqual([user('Read it.'), user(lastTurn)]);
  });

  test('calls that are returned in the last turn are not made, and without a text the turns are used up', async () => {
    const gateway = scriptedGateway(calling(['read']));
    expect(await runStep(task({ maxTurns: 1 }), { gateway })).toMatchObject({
      code: 'max_turns_exceeded',
      metrics: { llm_calls: 1, tool_calls: 0 },
    });
  });

  test('a text beside calls in the last turn is the answer', async () => {
    const gateway = scriptedGateway({ ...calling(['read']), text: good });
    expect(await runStep(task({ maxTurns: 1 }), { gateway })).toMatchObject({ status: 'complete' });
  });
});

describe('one JSON object is read', () => {
  test.each([
    ['alone', '  {"a":1}\n'],
    ['in a fence with a language', '```json\n{"a":1}\n```'],
    ['in a fence without one', '```\n{"a":1}\n```'],
    ['in a fence on one line', '```json {"a":1}```'],
  ])('%s', (_, text) => expect(jsonObjectIn(text)).toEqual({ a: 1 }));

  test.each([
    'null',
    '[1]',
    '1',
    '"a"',
    '',
    'Here: {"a":1}',
    '{"a":1} so it is',
    '{"a":1}{"b":2}',
    '```json\n{"a":1}\n``` Done.',
    '``````',
    '```',
  ])('and nothing else: %j', (text) => expect(jsonObjectIn(text)).toBeUndefined());

  test('whatever an object holds, it is read as it is, in a fence and without', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
        const text = JSON.stringify(value);
        for (const form of [text, `\`\`\`json\n${text}\n\`\`\``])
          expect(JSON.stringify(jsonObjectIn(form))).toBe(JSON.stringify(JSON.parse(text)));
      }),
      { seed: 11 },
    );
  });
});

describe('what breaks the schema', () => {
  test('is corrected in one round, whose prompt says what is wrong', async () => {
    const gateway = scriptedGateway('{"no":1}', good);
    expect(await runStep(task(), { gateway })).toMatchObject({ status: 'complete', metrics: { llm_calls: 2 } });
    expect(gateway.asked[1]?.request.messages.at(-1)).toMatchObject({
      text: expect.stringContaining('- the value is missing required field "ok"') as string,
    });
  });

  test('twice, fails the step', async () => {
    const gateway = scriptedGateway('{"no":1}');
    expect(await runStep(task(), { gateway })).toMatchObject({ code: 'output_invalid', metrics: { llm_calls: 2 } });
  });

  test('in the last turn uses the free correction', async () => {
    const gateway = scriptedGateway('{"no":1}', good);
    expect(await runStep(task({ maxTurns: 1 }), { gateway })).toMatchObject({ status: 'complete' });
    expect(gateway.asked[1]?.request.tools).toEqual([]);
  });

  test('before a text that cannot be read, leaves no free correction', async () => {
    const gateway = scriptedGateway('{"no":1}', 'no', good);
    expect(await runStep(task({ maxTurns: 2 }), { gateway })).toMatchObject({
      code: 'max_turns_exceeded',
      raw_output: 'no',
      metrics: { llm_calls: 2 },
    });
  });

  test('is not asked about when the answer says why the step is skipped', async () => {
    const gateway = scriptedGateway('{"ktsu_skip_reason":"empty"}');
    expect(await runStep(task(), { gateway })).toMatchObject({ status: 'skipped', reason: 'empty' });
  });

  test('is not a reserved output that the schema requires', async () => {
    const output = { ...schema, required: ['ok', 'ktsu_confidence'] };
    expect(await runStep(task({ output }), { gateway: scriptedGateway(good) })).toMatchObject({ status: 'complete' });
  });
});

describe('a reflection', () => {
  const declares = { ...schema, properties: { ok: {}, ktsu_confidence: {} } };
  const reflect = 'Think again.';

  test('sees the user message and the draft, and replaces the draft', async () => {
    const gateway = scriptedGateway('{"ok":false,"a":1}', good);
    expect(await runStep(task({ reflect }), { gateway })).toMatchObject({
      output: { ok: true },
      reflected: true,
      metrics: { llm_calls: 2, reflect_calls: 1 },
    });
    expect(gateway.asked[1]?.request).toEqual({
      instructions: reflect,
      messages: [user('Read it.'), user('{"a":1,"ok":false}')],
      tools: [],
      maxOutputTokens: 1024,
    });
  });

  test.each([
    ['the schema declares no confidence', schema, 0.8, '{"ok":true,"ktsu_confidence":0.9}', true],
    ['there is no threshold', declares, undefined, '{"ok":true,"ktsu_confidence":0.9}', true],
    ['the confidence is missing', declares, 0.8, good, true],
    ['the confidence is no number', declares, 0.8, '{"ok":true,"ktsu_confidence":"high"}', true],
    ['the confidence is below the threshold', declares, 0.8, '{"ok":true,"ktsu_confidence":0.79}', true],
    ['the confidence equals the threshold', declares, 0.8, '{"ok":true,"ktsu_confidence":0.8}', false],
    ['the confidence is above the threshold', declares, 0.8, '{"ok":true,"ktsu_confidence":0.9}', false],
  ])('when %s', async (_, output, confidenceThreshold, draft, reflected) => {
    const given = { output, reflect, ...(confidenceThreshold === undefined ? {} : { confidenceThreshold }) };
    const gateway = scriptedGateway(draft, good);
    expect(await runStep(task(given), { gateway })).toMatchObject({ status: 'complete', reflected });
    expect(gateway.asked).toHaveLength(reflected ? 2 : 1);
  });

  test('is not made of a draft with a fatal flag', async () => {
    const gateway = scriptedGateway('{"ok":true,"ktsu_injection_attempt":true}');
    expect(await runStep(task({ reflect }), { gateway })).toMatchObject({
      code: 'injection_attempt',
      metrics: { llm_calls: 1 },
      reflected: false,
    });
  });

  test('is not made of a draft whose fatal flag is no boolean either', async () => {
    const gateway = scriptedGateway('{"ok":true,"ktsu_low_quality":"yes"}');
    expect(await runStep(task({ reflect }), { gateway })).toMatchObject({
      code: 'low_quality',
      metrics: { llm_calls: 1 },
    });
  });

  test('is made after the free correction, too', async () => {
    const gateway = scriptedGateway('no', '{"ok":false}', good);
    expect(await runStep(task({ reflect, maxTurns: 1 }), { gateway })).toMatchObject({
      output: { ok: true },
      metrics: { llm_calls: 3, reflect_calls: 1 },
    });
  });

  test('that cannot be read is corrected once', async () => {
    const gateway = scriptedGateway('{"ok":false}', 'no', good);
    expect(await runStep(task({ reflect }), { gateway })).toMatchObject({
      output: { ok: true },
      metrics: { llm_calls: 3, reflect_calls: 2 },
    });
    expect(gateway.asked[2]?.request.messages.slice(2)).toEqual([assistant('no'), user(correction)]);
  });

  test('that cannot be read twice fails the step', async () => {
    const gateway = scriptedGateway('{"ok":false}', 'no', 'never');
    expect(await runStep(task({ reflect }), { gateway })).toMatchObject({
      code: 'reflect_output_invalid',
      raw_output: 'never',
      reflected: true,
    });
  });

  test('that breaks the schema twice fails with what is wrong', async () => {
    const gateway = scriptedGateway('{"ok":false}', '{}');
    expect(await runStep(task({ reflect }), { gateway })).toMatchObject({ code: 'output_invalid', reflected: true });
  });
});

describe('without a reflection, the threshold', () => {
  test.each([
    ['0.5', 'failed'],
    ['0.8', 'complete'],
  ])('compared with a confidence of %s: %s', async (confidence, status) => {
    const gateway = scriptedGateway(`{"ok":true,"ktsu_confidence":${confidence}}`);
    expect(await runStep(task({ confidenceThreshold: 0.8 }), { gateway })).toMatchObject({ status });
  });
});

describe('money', () => {
  test('a failure of the gateway keeps its code, and what its attempts used', async () => {
    const usage = { inputTokens: 7, outputTokens: 0, cachedTokens: 0, reported: true, usd: 0.5 };
    const gateway = scriptedGateway({
      kind: 'transient',
      message: 'upstream returned 429: boom',
      retryable: true,
      data: { code: 'provider_error', usage, answers: 1 },
    });
    expect(await runStep(task(), { gateway })).toMatchObject({
      code: 'provider_error',
      failure: { message: 'gateway error provider_error: upstream returned 429: boom' },
      metrics: { llm_calls: 0, tokens_in: 7, cost_usd: 0.5 },
    });
  });

  test('no call is made once the budget is spent', async () => {
    const gateway = scriptedGateway('no');
    expect(await runStep(task({ budgetUsd: 0.002 }), { gateway })).toMatchObject({
      code: 'budget_exceeded',
      metrics: { llm_calls: 2 },
    });
  });

  test('no call is made that could cost more than is left', async () => {
    const gateway = scriptedGateway(good);
    gateway.estimate = () => ({ inputTokens: 1_000, maxOutputTokens: 1_000, price: { input: 1, output: 10 } });
    expect(await runStep(task({ budgetUsd: 0.01 }), { gateway })).toMatchObject({ code: 'budget_exceeded' });
    expect(gateway.asked).toEqual([]);
    expect(await runStep(task({ budgetUsd: 0.011 }), { gateway })).toMatchObject({ status: 'complete' });
  });

  test('an unknown price counts as nothing', async () => {
    const reply = answer(good);
    const gateway = scriptedGateway({ ...reply, usage: { ...reply.usage, usd: null } });
    expect(await runStep(task(), { gateway })).toMatchObject({ metrics: { cost_usd: 0 } });
  });
});
