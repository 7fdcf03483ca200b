/** Agents of the AI SDK in flows: what is recorded is not asked of the model or the tool again, whatever process goes on. */
import { stepCountIs, tool } from 'ai';
import { MockLanguageModelV4 } from 'ai/test';
import { expect, test } from 'vitest';
import * as z from 'zod';
import { virtualClock } from 'troupe/testing';
import { flow, openRuntime } from '../../src/index.ts';
import { recordsIn } from '../flow/recordsIn.ts';
import { aiSdkAgent, hitlTool, type AiSdkAgentOptions } from '../../src/adapters/ai-sdk/index.ts';
import { answerNamed, artifactsOf, callsOf, openDisk, outputOf, recordsOf, ticketsOf, untilRest } from './openDisk.ts';

type Answer = Awaited<ReturnType<MockLanguageModelV4['doGenerate']>>;

type StreamPart =
  Awaited<ReturnType<MockLanguageModelV4['doStream']>>['stream'] extends ReadableStream<infer Part> ? Part : never;

const usage: Answer['usage'] = {
  inputTokens: { total: 3, noCache: 3, cacheRead: undefined, cacheWrite: undefined },
  outputTokens: { total: 2, text: 2, reasoning: undefined },
};
const says = (text: string): Answer => ({
  content: [{ type: 'text', text }],
  finishReason: { unified: 'stop', raw: 'stop' },
  usage,
  warnings: [],
  request: { body: 'the body of HTTP' },
});
const calls = (...tools: readonly (readonly [name: string, input: object])[]): Answer => ({
  ...says(''),
  content: tools.map(([toolName, input], n) => ({
    type: 'tool-call',
    toolCallId: `call-${toolName}-${n}`,
    toolName,
    input: JSON.stringify(input),
  })),
  finishReason: { unified: 'tool-calls', raw: 'tool_calls' },
});

/** A model that gives these answers, one a call, in whatever process it is called. */
function scripted(...answers: readonly Answer[]) {
  let asked = 0;
  const next = () => {
    const answer = answers[asked++];
    if (!answer) throw new Error('The model was asked once too often.');
    return answer;
  };
  const model = new MockLanguageModelV4({
    modelId: 'scripted',
    doGenerate: async () => next(),
    doStream: async () => {
      const { content, finishReason } = next();
      const parts = content.flatMap((part, n): StreamPart[] =>
        part.type === 'text'
          ? [
              { type: 'text-start' as const, id: `${n}` },
              ...part.text.split('').map((delta) => ({ type: 'text-delta' as const, id: `${n}`, delta })),
              { type: 'text-end' as const, id: `${n}` },
            ]
          : part.type === 'tool-call'
            ? [part]
            : [],
      );
      return {
        stream: new ReadableStream<StreamPart>({
          start(controller) {
            controller.enqueue({ type: 'stream-start', warnings: [] });
            for (const part of parts) controller.enqueue(part);
            controller.enqueue({ type: 'finish', finishReason, usage });
            controller.close();
          },
        }),
      };
    },
  });
  return {
    model,
    get asked() {
      return asked;
    },
  };
}

const weather = (done: string[]) =>
  tool({
    description: 'The weather of a city.',
    inputSchema: z.object({ city: z.string() }),
    execute: async ({ city }) => {
      done.push(city);
      if (city === 'Atlantis') throw new Error('no such city');
      return { city, sunny: true };
    },
  });

/** A flow in which an agent works, and then a person is waited for. */
const withPause = (options: AiSdkAgentOptions) => {
  const agent = aiSdkAgent('guide', options);
  return flow('trip', async (ctx) => {
    const { text, usage: tokens, steps } = await agent.generate(ctx, { prompt: 'Where is it sunny?' });
    await ctx.wait({ name: 'go' });
    return { text, tokens, steps };
  });
};
const settings = { stopWhen: stepCountIs(5) };

test('each call of the model and of a tool is a checkpoint, and none is performed again by another process', async () => {
  const done: string[] = [];
  const { model } = scripted(calls(['weather', { city: 'Rome' }]), says('Rome is sunny.'));
  const trip = withPause({ model, tools: { weather: weather(done) }, settings });
  const open = openDisk();
  {
    await using first = await open();
    expect(await untilRest(first, trip)).toMatchObject({ status: 'waiting' });
    expect(await callsOf(first)).toEqual(['guide_model', 'weather_tool', 'guide_model_2']);
  }
  await answerNamed(open, 'go', null);
  await using second = await open();
  expect(outputOf(await untilRest(second, trip))).toEqual({
    text: 'Rome is sunny.',
    tokens: { inputTokens: 6, outputTokens: 4, totalTokens: 10 },
    steps: 2,
  });
  expect(model.doGenerateCalls).toHaveLength(2);
  expect(done).toEqual(['Rome']);
});

test('what is recorded of a model is its answer and its tokens, and not what was sent over HTTP', async () => {
  const { model } = scripted(says('Hello.'));
  const open = openDisk();
  await using runtime = await open();
  await untilRest(runtime, withPause({ model }));
  const [record] = await recordsOf(runtime);
  expect(record).toMatchObject({
    id: 'guide_model',
    type: 'llm_call',
    metadata: { llm_calls: { guide_model: { resolved_model: 'scripted', tokens_input: 3, total_tokens: 5 } } },
  });
  expect(JSON.stringify(record)).not.toContain('the body of HTTP');
});

test('a process that ends while a tool is at work is followed by one that calls the tool again, and not the model', async () => {
  let isStuck = true;
  const started: string[] = [];
  const { model } = scripted(calls(['slow', {}]), says('Done.'));
  const slow = tool({
    inputSchema: z.object({}),
    execute: async (_, { abortSignal, toolCallId }) => {
      started.push(toolCallId);
      if (isStuck) await new Promise((next) => abortSignal?.addEventListener('abort', next));
      abortSignal?.throwIfAborted();
      return 'slowly';
    },
  });
  const trip = withPause({ model, tools: { slow }, settings });
  const open = openDisk();
  {
    await using first = await open();
    const handle = await first.start(trip, null, { key: 'r' });
    await expect.poll(() => started).toHaveLength(1);
    await handle.park();
  }
  isStuck = false;
  await using second = await open();
  expect(await untilRest(second, trip)).toMatchObject({ status: 'waiting' });
  expect(await callsOf(second)).toEqual(['guide_model', 'slow_tool', 'guide_model_2']);
  expect(started).toEqual(['call-slow-0', 'call-slow-0']);
  expect(model.doGenerateCalls).toHaveLength(2);
});

test('tools that are called at once are checkpoints of their own, and one that fails is told to the model', async () => {
  const done: string[] = [];
  const cities = ['Rome', 'Atlantis', 'Oslo'];
  const { model } = scripted(
    calls(...cities.map((city) => ['weather', { city }] as const)),
    says('Rome and Oslo are sunny.'),
  );
  const trip = withPause({ model, tools: { weather: weather(done) }, settings });
  const open = openDisk();
  {
    await using first = await open();
    await untilRest(first, trip);
    const recorded = await callsOf(first);
    expect(recorded.toSorted()).toEqual(
      ['guide_model', 'guide_model_2', 'weather_tool', 'weather_tool_2 (failed)', 'weather_tool_3'].toSorted(),
    );
  }
  expect(JSON.stringify(model.doGenerateCalls[1]?.prompt)).toContain('no such city');
  await answerNamed(open, 'go', null);
  await using second = await open();
  expect(outputOf(await untilRest(second, trip))).toMatchObject({ text: 'Rome and Oslo are sunny.' });
  expect(done.toSorted()).toEqual(cities.toSorted());
});

test('a tool that needs an approval waits for a person, and is called once the answer has come in another process', async () => {
  const done: string[] = [];
  const { model } = scripted(
    calls(['weather', { city: 'Rome' }], ['weather', { city: 'Oslo' }]),
    says('It is sunny in Rome.'),
  );
  const agent = aiSdkAgent('guide', {
    model,
    tools: { weather: weather(done) },
    settings: { ...settings, toolApproval: { weather: 'user-approval' } },
  });
  const trip = flow('trip', async (ctx) => (await agent.generate(ctx, { prompt: 'Where?' })).text);
  const open = openDisk();
  {
    await using first = await open();
    const outcome = await untilRest(first, trip);
    expect(ticketsOf(outcome)).toMatchObject([
      {
        name: 'approve_weather',
        question: 'May the tool "weather" be called?',
        metadata: { adapter: 'ai-sdk', tool_name: 'weather', arguments: { city: 'Rome' } },
      },
      { name: 'approve_weather_2', metadata: { arguments: { city: 'Oslo' } } },
    ]);
    expect(done).toEqual([]);
  }
  await answerNamed(open, 'approve_weather', { approved: true });
  await answerNamed(open, 'approve_weather_2', { approved: false, reason: 'too cold' });
  await using second = await open();
  expect(outputOf(await untilRest(second, trip))).toBe('It is sunny in Rome.');
  expect(done).toEqual(['Rome']);
  expect(model.doGenerateCalls).toHaveLength(2);
  expect(JSON.stringify(model.doGenerateCalls[1]?.prompt)).toContain('too cold');
});

test('a tool that asks a person gives the model the answer', async () => {
  const { model } = scripted(calls(['ask', { question: 'Sea or hills?' }]), says('To the sea.'));
  const ask = hitlTool({ question: 'What do you prefer?', schema: z.object({ choice: z.string() }) });
  const agent = aiSdkAgent('guide', { model, tools: { ask }, settings });
  const trip = flow('trip', async (ctx) => (await agent.generate(ctx, { prompt: 'Where?' })).text);
  const open = openDisk();
  {
    await using first = await open();
    expect(await untilRest(first, trip)).toMatchObject({
      status: 'waiting',
      tickets: [{ name: 'ask', question: 'Sea or hills?', schema: { required: ['choice'] } }],
    });
  }
  await answerNamed(open, 'ask', { choice: 'sea' });
  await using second = await open();
  expect(outputOf(await untilRest(second, trip))).toBe('To the sea.');
  expect(JSON.stringify(model.doGenerateCalls[1]?.prompt)).toContain('"choice":"sea"');
});

test('a tool that is no checkpoint may wait itself, and one with options of its own has them', async () => {
  const { model } = scripted(calls(['careful', {}]), says('Done.'));
  const agent = (tools: AiSdkAgentOptions['tools'] & object) =>
    aiSdkAgent('guide', { model, tools, settings, checkpoints: { toolsByName: { careful: false } } });
  const trip = flow('trip', async (ctx) => {
    const careful = tool({ inputSchema: z.object({}), execute: () => ctx.wait({ name: 'sure' }) });
    return (await agent({ careful }).generate(ctx, { prompt: 'Go.' })).text;
  });
  const open = openDisk();
  {
    await using first = await open();
    expect(await untilRest(first, trip)).toMatchObject({ status: 'waiting', tickets: [{ name: 'sure' }] });
  }
  await answerNamed(open, 'sure', null);
  await using second = await open();
  expect(outputOf(await untilRest(second, trip))).toBe('Done.');
  expect(await callsOf(second)).toEqual(['guide_model', 'sure', 'guide_model_2']);
});

test('a turn as one checkpoint has its calls as metadata, and streams while it is performed', async () => {
  const done: string[] = [];
  const { model } = scripted(calls(['weather', { city: 'Rome' }]), says('Sunny!'));
  const agent = aiSdkAgent('guide', { model, tools: { weather: weather(done) }, settings, strategy: 'turn' });
  let text = '';
  const trip = flow('trip', async (ctx) => {
    const turn = await agent.generate(ctx, {
      prompt: 'Where?',
      onPart: (part) => (text += part.type === 'text-delta' ? part.text : ''),
    });
    await ctx.wait({ name: 'go' });
    return turn.text;
  });
  const open = openDisk();
  {
    await using first = await open();
    await untilRest(first, trip);
    const [record, ...others] = await recordsOf(first);
    expect(others).toEqual([]);
    expect(record).toMatchObject({
      id: 'guide_turn',
      type: 'agent_turn',
      metadata: {
        llm_calls: { guide_model: { tokens_output: 2 }, guide_model_2: { tokens_output: 2 } },
        tool_calls: { weather_tool: { tool: 'weather', call_id: 'call-weather-0' } },
      },
    });
  }
  await answerNamed(open, 'go', null);
  await using second = await open();
  expect(outputOf(await untilRest(second, trip))).toBe('Sunny!');
  expect(text).toBe('Sunny!');
  expect(done).toEqual(['Rome']);
});

test('a stream of recorded calls has the parts that were recorded', async () => {
  const { model } = scripted(says('Sunny!'));
  const agent = aiSdkAgent('guide', { model, settings });
  const texts: string[] = [];
  const trip = flow('trip', async (ctx) => {
    let text = '';
    await agent.generate(ctx, {
      prompt: 'Where?',
      onPart: (part) => (text += part.type === 'text-delta' ? part.text : ''),
    });
    texts.push(text);
    await ctx.wait({ name: 'go' });
    return text;
  });
  const open = openDisk();
  {
    await using first = await open();
    await untilRest(first, trip);
  }
  await answerNamed(open, 'go', null);
  await using second = await open();
  expect(outputOf(await untilRest(second, trip))).toBe('Sunny!');
  expect(texts).toEqual(['Sunny!', 'Sunny!']);
  expect(model.doStreamCalls).toHaveLength(1);
});

test('inside a checkpoint of the user an agent is a part of it', async () => {
  const done: string[] = [];
  const { model } = scripted(calls(['weather', { city: 'Rome' }]), says('Sunny.'));
  const agent = aiSdkAgent('guide', { model, tools: { weather: weather(done) }, settings });
  const trip = flow('trip', (ctx) =>
    ctx.checkpoint('plan', async () => (await agent.generate(ctx, { prompt: 'Where?' })).text),
  );
  await using runtime = await openDisk()();
  expect(outputOf(await untilRest(runtime, trip))).toBe('Sunny.');
  expect(await recordsOf(runtime)).toMatchObject([
    { id: 'plan', metadata: { llm_calls: { guide_model: {}, guide_model_2: {} }, tool_calls: { weather_tool: {} } } },
  ]);
});

test('a model that fails is asked again as its checkpoint says, but not when it refuses what it was asked', async () => {
  const refused = Object.assign(new Error('bad request'), { statusCode: 400 });
  const busy = Object.assign(new Error('busy'), { statusCode: 503 });
  for (const [error, times] of [
    [busy, 2],
    [refused, 1],
  ] as const) {
    let asked = 0;
    const model = new MockLanguageModelV4({
      doGenerate: async () => {
        asked++;
        throw error;
      },
    });
    const agent = aiSdkAgent('guide', { model, checkpoints: { model: { retries: { times: 1, backoff: 1 } } } });
    const trip = flow('trip', (ctx) => agent.generate(ctx, { prompt: 'Where?' }));
    await using runtime = await openDisk()();
    expect(await untilRest(runtime, trip)).toMatchObject({ status: 'failed', failure: { message: error.message } });
    expect(asked).toBe(times);
  }
});

test('a model that says when it may be asked again is not asked before', async () => {
  const clock = virtualClock();
  let asked = 0;
  const model = new MockLanguageModelV4({
    doGenerate: async () => {
      if (asked++ > 0) return says('Rome.');
      throw Object.assign(new Error('busy'), { statusCode: 429, responseHeaders: { 'retry-after': '120' } });
    },
  });
  const agent = aiSdkAgent('guide', { model, checkpoints: { model: { retries: { times: 1, backoff: 1 } } } });
  const trip = flow('trip', (ctx) => agent.generate(ctx, { prompt: 'Where?' }));
  await using runtime = await openRuntime({ db: 'memory', clock });
  const handle = await runtime.start(trip, null, { key: 'r' });
  await expect.poll(() => recordsIn(runtime, 'r', 'attempt')).toHaveLength(1);
  clock.advance(119_000);
  for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
  expect(asked).toBe(1);
  clock.advance(1_000);
  expect(await handle.result()).toMatchObject({ text: 'Rome.' });
});

test('what cannot be is refused where the agent is made', () => {
  const { model } = scripted();
  expect(() => aiSdkAgent(' ', { model })).toThrow(/needs a name/);
  expect(() => aiSdkAgent('guide', { model, checkpoints: { model: { retries: { tries: 2 } as never } } })).toThrow(
    /has no option "tries"/,
  );
  expect(() => aiSdkAgent('guide', { model, checkpoints: { tools: { timeout: 'soon' as '1s' } } })).toThrow(/"soon"/);
  const ask = hitlTool({ question: 'What?', schema: z.string() });
  expect(() => aiSdkAgent('guide', { model, tools: { ask }, strategy: 'turn' })).toThrow(
    /its tool "ask" asks a person/,
  );
  expect(() => aiSdkAgent('guide', { model, checkpoints: { tools: { retires: 1 } as never } })).toThrow(
    /did you mean "retries"/,
  );
  expect(() => hitlTool({ question: 'What?' } as never)).toThrow(/needs a question and a schema/);
});

test('prompts and arguments are saved as artifacts, as the policy says, and one that cannot be saved changes nothing', async () => {
  const long = 'x'.repeat(193);
  const cases = [
    { capture: {}, names: ['guide_model_2_prompt', 'guide_model_prompt', 'weather_tool_args'], failed: false },
    { capture: { prompts: false, toolsByName: { weather: 'metadata' } }, names: [], failed: false },
    { capture: { prompts: false, tools: 'off' }, names: [], failed: false },
    // The name of its artifact is too long.
    { capture: { prompts: false }, names: [], failed: true },
  ] as const;
  for (const { capture, names, failed } of cases) {
    const done: string[] = [];
    const name = failed ? long : 'weather';
    const { model } = scripted(calls([name, { city: 'Rome' }]), says('Rome.'));
    const trip = withPause({ model, tools: { [name]: weather(done) }, settings, capture });
    await using runtime = await openDisk()();
    expect(await untilRest(runtime, trip)).toMatchObject({ status: 'waiting' });
    const artifacts = await artifactsOf(runtime);
    expect(artifacts.toSorted()).toEqual(names);
    const about = JSON.stringify((await recordsOf(runtime)).map(({ metadata }) => metadata));
    expect(about.includes('capture_failed')).toBe(failed);
    expect(about.includes('tool_calls')).toBe(!('tools' in capture));
    expect(done).toEqual(['Rome']);
  }
});

test('a result that is no plain data is recorded in the nearest form, and the model is told that', async () => {
  class Place {
    readonly city = 'Rome';
    readonly near = () => 'the sea';
  }
  const { model } = scripted(calls(['place', {}]), says('Rome.'));
  const place = tool({ inputSchema: z.object({}), execute: () => new Place() });
  await using runtime = await openDisk()();
  await untilRest(runtime, withPause({ model, tools: { place }, settings }));
  const record = (await recordsOf(runtime)).find(({ id }) => id === 'place_tool');
  expect(record).toMatchObject({ outcome: { ok: true, output: { city: 'Rome' } }, metadata: { stored_as: 'json' } });
});
