/** Agents of OpenAI Agents in flows: what is recorded is not asked of the model or the tool again, whatever process goes on. */
import { Agent, tool } from '@openai/agents-core';
import { assistantMessage, functionCall, ScriptedModel, type ScriptedModelInput } from '@openai/agents-core/testing';
import { expect, test } from 'vitest';
import * as z from 'zod';
import { flow } from '../../src/index.ts';
import {
  hitlTool,
  openAiAgent,
  waitForApproval,
  type OpenAiAgentOptions,
} from '../../src/adapters/openai-agents/index.ts';
import { answerNamed, artifactsOf, callsOf, openDisk, outputOf, recordsOf, ticketsOf, untilRest } from './openDisk.ts';

const says = (text: string) => [assistantMessage(text)];
const calls = (...tools: readonly (readonly [name: string, input: Record<string, unknown>])[]) =>
  tools.map(([name, input], n) => functionCall(name, input, { callId: `call-${name}-${n}` }));

const weather = (done: string[], needsApproval = false) =>
  tool({
    name: 'weather',
    description: 'The weather of a city.',
    parameters: z.object({ city: z.string() }),
    needsApproval,
    errorFunction: (_, error) => `It failed: ${error instanceof Error ? error.message : 'why is not known'}`,
    execute: async ({ city }) => {
      done.push(city);
      if (city === 'Atlantis') throw new Error('no such city');
      return `${city} is sunny`;
    },
  });

interface Guide extends Omit<OpenAiAgentOptions, 'agent'> {
  readonly script: readonly ScriptedModelInput[];
  readonly tools?: ConstructorParameters<typeof Agent>[0]['tools'];
}

/** An agent of a scripted model. */
function guide({ script, tools = [], ...options }: Guide) {
  const model = new ScriptedModel([...script]);
  const agent = new Agent({ name: 'Guide', instructions: 'You know the weather.', model, tools });
  const durable = openAiAgent('guide', { agent, runConfig: { tracingDisabled: true }, ...options });
  return { model, durable };
}

/** A flow in which the agent works, its approvals are asked for, and then a person is waited for. */
const trip = (durable: ReturnType<typeof guide>['durable']) =>
  flow('trip', async (ctx) => {
    let run = await durable.run(ctx, { input: 'Where is it sunny?' });
    while (run.status === 'interrupted') run = await durable.run(ctx, await waitForApproval(ctx, run));
    await ctx.wait({ name: 'go' });
    return { text: run.finalOutput, requests: run.usage.requests };
  });

test('each call of the model and of a tool is a checkpoint, and none is performed again by another process', async () => {
  const done: string[] = [];
  const { model, durable } = guide({
    script: [calls(['weather', { city: 'Rome' }]), says('Rome.')],
    tools: [weather(done)],
  });
  const open = openDisk();
  {
    await using first = await open();
    await untilRest(first, trip(durable));
    expect(await callsOf(first)).toEqual(['guide_model', 'weather_tool', 'guide_model_2']);
    expect((await recordsOf(first)).map(({ type }) => type)).toEqual(['llm_call', 'tool_call', 'llm_call']);
  }
  await answerNamed(open, 'go', null);
  await using second = await open();
  expect(outputOf(await untilRest(second, trip(durable)))).toEqual({ text: 'Rome.', requests: 2 });
  expect(model.calls).toHaveLength(2);
  expect(done).toEqual(['Rome']);
});

test('tools that are called at once are checkpoints of their own, and one that fails is told to the model', async () => {
  const done: string[] = [];
  const cities = ['Rome', 'Atlantis', 'Oslo'];
  const { model, durable } = guide({
    script: [calls(...cities.map((city) => ['weather', { city }] as const)), says('Rome and Oslo.')],
    tools: [weather(done)],
  });
  const open = openDisk();
  {
    await using first = await open();
    await untilRest(first, trip(durable));
    expect((await callsOf(first)).toSorted()).toEqual(
      ['guide_model', 'guide_model_2', 'weather_tool', 'weather_tool_2', 'weather_tool_3'].toSorted(),
    );
  }
  expect(JSON.stringify(model.calls[1]?.request.input)).toContain('no such city');
  await answerNamed(open, 'go', null);
  await using second = await open();
  expect(outputOf(await untilRest(second, trip(durable)))).toMatchObject({ text: 'Rome and Oslo.' });
  expect(done.toSorted()).toEqual(cities.toSorted());
});

test.each(['calls', 'runner_call'] as const)(
  'with %s a tool that needs an approval waits for a person, and the run goes on in another process',
  async (strategy) => {
    const done: string[] = [];
    const { model, durable } = guide({
      script: [calls(['weather', { city: 'Rome' }], ['weather', { city: 'Oslo' }]), says('Rome.')],
      tools: [weather(done, true)],
      strategy,
    });
    const open = openDisk();
    {
      await using first = await open();
      expect(ticketsOf(await untilRest(first, trip(durable)))).toMatchObject([
        { name: 'approve_weather', metadata: { tool_name: 'weather', arguments: { city: 'Rome' } } },
        { name: 'approve_weather_2', metadata: { arguments: { city: 'Oslo' } } },
      ]);
    }
    await answerNamed(open, 'approve_weather', { approved: true });
    await answerNamed(open, 'approve_weather_2', { approved: false, reason: 'too cold' });
    {
      await using second = await open();
      expect(ticketsOf(await untilRest(second, trip(durable)))).toMatchObject([{ name: 'go' }]);
    }
    await answerNamed(open, 'go', null);
    await using third = await open();
    expect(outputOf(await untilRest(third, trip(durable)))).toMatchObject({ text: 'Rome.' });
    expect(done).toEqual(['Rome']);
    expect(model.calls).toHaveLength(2);
    expect(JSON.stringify(model.calls[1]?.request.input)).toContain('too cold');
  },
);

test('a tool that asks a person gives the model the answer', async () => {
  const asked = hitlTool({ name: 'ask', question: 'What?', schema: z.object({ choice: z.string() }) });
  const { model, durable } = guide({
    script: [calls(['ask', { question: 'Sea or hills?' }]), says('To the sea.')],
    asks: [asked],
  });
  const open = openDisk();
  {
    await using first = await open();
    expect(ticketsOf(await untilRest(first, trip(durable)))).toMatchObject([
      { name: 'ask', question: 'Sea or hills?' },
    ]);
  }
  await answerNamed(open, 'ask', { choice: 'sea' });
  await using second = await open();
  expect(ticketsOf(await untilRest(second, trip(durable)))).toMatchObject([{ name: 'go' }]);
  expect(JSON.stringify(model.calls[1]?.request.input)).toContain('sea');
  expect(model.calls).toHaveLength(2);
});

test('the calls of an agent that was handed over to are recorded too', async () => {
  const model = new ScriptedModel([calls(['transfer_to_Local', {}]), says('Ciao.')]);
  const local = new Agent({ name: 'Local', model });
  const agent = new Agent({ name: 'Guide', model, handoffs: [local] });
  local.handoffs = [agent];
  const durable = openAiAgent('guide', { agent, runConfig: { tracingDisabled: true } });
  const open = openDisk();
  {
    await using first = await open();
    await untilRest(first, trip(durable));
    expect(await callsOf(first)).toEqual(['guide_model', 'guide_model_2']);
  }
  await answerNamed(open, 'go', null);
  await using second = await open();
  expect(outputOf(await untilRest(second, trip(durable)))).toMatchObject({ text: 'Ciao.' });
  expect(model.calls).toHaveLength(2);
});

test('a model that is named comes from the provider, and its calls are recorded', async () => {
  const model = new ScriptedModel([says('Hello.')]);
  const names: (string | undefined)[] = [];
  const modelProvider = { getModel: (name?: string) => (names.push(name), model) };
  const agent = new Agent({ name: 'Guide', model: 'some-model' });
  const durable = openAiAgent('guide', { agent, runConfig: { tracingDisabled: true, modelProvider } });
  await using runtime = await openDisk()();
  await untilRest(runtime, trip(durable));
  expect(await callsOf(runtime)).toEqual(['guide_model']);
  expect(names).toContain('some-model');
});

test('a run as one checkpoint streams while it is performed, and has its calls as metadata', async () => {
  const done: string[] = [];
  const { model, durable } = guide({
    script: [calls(['weather', { city: 'Rome' }]), says('Sunny!')],
    tools: [weather(done)],
    strategy: 'runner_call',
  });
  const events: string[] = [];
  const streamed = flow('trip', async (ctx) => {
    const run = await durable.run(ctx, { input: 'Where?', onEvent: ({ type }) => void events.push(type) });
    await ctx.wait({ name: 'go' });
    return run.finalOutput;
  });
  const open = openDisk();
  {
    await using first = await open();
    await untilRest(first, streamed);
    expect(await recordsOf(first)).toMatchObject([
      {
        id: 'guide_run',
        metadata: { llm_calls: { guide_model: {}, guide_model_2: {} }, tool_calls: { weather_tool: {} } },
      },
    ]);
  }
  const seen = events.length;
  expect(seen).toBeGreaterThan(2);
  await answerNamed(open, 'go', null);
  await using second = await open();
  expect(outputOf(await untilRest(second, streamed))).toBe('Sunny!');
  expect(model.calls).toHaveLength(2);
  expect(events).toHaveLength(seen);
});

test.each([
  [{}, ['guide_model_prompt', 'weather_tool_args', 'guide_model_2_prompt'], true],
  [{ prompts: false, toolsByName: { weather: 'metadata' } }, [], true],
  [{ prompts: false, tools: 'off' }, [], false],
] as const)('what is saved beside the calls is as the policy %o says', async (capture, names, areToolsNoted) => {
  const { durable } = guide({
    script: [calls(['weather', { city: 'Rome' }]), says('Rome.')],
    tools: [weather([])],
    capture,
  });
  await using runtime = await openDisk()();
  await untilRest(runtime, trip(durable));
  expect((await artifactsOf(runtime)).toSorted()).toEqual(names.toSorted());
  expect(JSON.stringify(await recordsOf(runtime)).includes('tool_calls')).toBe(areToolsNoted);
});

test('what cannot be is refused', async () => {
  const asked = hitlTool({ question: 'What?', schema: z.string() });
  expect(() => guide({ script: [], asks: [asked], strategy: 'runner_call' })).toThrow(
    /its tool "ask_person" asks a person/,
  );
  const { durable } = guide({ script: [says('Hello.')] });
  const eager = flow('eager', async (ctx) => waitForApproval(ctx, await durable.run(ctx, { input: 'Hello' })));
  await using runtime = await openDisk()();
  expect(await untilRest(runtime, eager)).toMatchObject({ status: 'failed', failure: { kind: 'invalid' } });
});
