/** Graphs of LangGraph in flows: what is recorded is not performed again, whatever process goes on. */
import { Annotation, Command, END, interrupt, MemorySaver, START, StateGraph } from '@langchain/langgraph';
import {
  AIMessage,
  createAgent,
  type AgentMiddleware,
  fakeModel,
  humanInTheLoopMiddleware,
  tool,
  toolErrorMiddleware,
} from 'langchain';
import { expect, test } from 'vitest';
import * as z from 'zod';
import { flow } from '../../src/index.ts';
import {
  hitlTool,
  langGraph,
  langGraphCalls,
  waitForInterrupt,
  type LangGraphCallsOptions,
} from '../../src/adapters/langgraph/index.ts';
import { answerNamed, artifactsOf, callsOf, openDisk, outputOf, recordsOf, ticketsOf, untilRest } from './openDisk.ts';

/** A saver whose threads outlive the processes of a test, as those of a database do. */
class SharedSaver extends MemorySaver {}

const State = Annotation.Root({ topic: Annotation<string>(), draft: Annotation<string>(), ok: Annotation<boolean>() });

/** A graph that writes and then asks; what its nodes do is written down. */
const writing = (done: string[], stop: { at?: Promise<void> } = {}) =>
  new StateGraph(State)
    .addNode('write', ({ topic }) => {
      done.push('write');
      return { draft: `About ${topic}` };
    })
    .addNode('check', async ({ draft }, config) => {
      done.push('check');
      if (stop.at) {
        await stop.at;
        config.signal?.throwIfAborted();
      }
      const ok: boolean = interrupt(`Publish "${draft}"?`);
      return { ok };
    })
    .addEdge(START, 'write')
    .addEdge('write', 'check')
    .addEdge('check', END)
    .compile({ checkpointer: new SharedSaver() });

const publishing = (graph: ReturnType<typeof writing>) => {
  const durable = langGraph('writer', { graph });
  return flow('publishing', async (ctx) => {
    let run = await durable.invoke(ctx, { input: { topic: 'boats' }, threadId: 't' });
    if (run.status === 'interrupted')
      run = await durable.invoke(ctx, await waitForInterrupt(ctx, run, { schema: z.boolean() }));
    return { values: run.values, warnings: run.warnings };
  });
};

test('a graph is one checkpoint until it asks, and goes on with the answer in another process', async () => {
  const done: string[] = [];
  const graph = writing(done);
  const open = openDisk();
  {
    await using first = await open();
    expect(ticketsOf(await untilRest(first, publishing(graph)))).toMatchObject([
      { name: 'interrupt', question: 'Publish "About boats"?', metadata: { adapter: 'langgraph', thread_id: 't' } },
    ]);
    expect(await callsOf(first)).toEqual(['writer_thread', 'writer_graph']);
  }
  await answerNamed(open, 'interrupt', true);
  await using second = await open();
  expect(outputOf(await untilRest(second, publishing(graph)))).toEqual({
    values: { topic: 'boats', draft: 'About boats', ok: true },
    warnings: [],
  });
  // The node that has asked is run again by LangGraph itself.
  expect(done).toEqual(['write', 'check', 'check']);
});

test('a process that ends inside a graph is followed by one that goes on where the thread is', async () => {
  const done: string[] = [];
  const stop: { at?: Promise<void> } = {};
  let release = () => {};
  stop.at = new Promise((resolve) => (release = resolve));
  const graph = writing(done, stop);
  const open = openDisk();
  {
    await using first = await open();
    const handle = await first.start(publishing(graph), null, { key: 'r' });
    await expect.poll(() => done).toEqual(['write', 'check']);
    await handle.park();
    release();
  }
  delete stop.at;
  await using second = await open();
  expect(ticketsOf(await untilRest(second, publishing(graph)))).toHaveLength(1);
  expect(done).toEqual(['write', 'check', 'check']);
});

test('a graph in memory says that it does not survive a restart, or is refused', async () => {
  const graph = new StateGraph(State)
    .addNode('write', () => ({ draft: 'done' }))
    .addEdge(START, 'write')
    .compile({ checkpointer: new MemorySaver() });
  const invoke = (requireDurable: boolean) =>
    flow('one', async (ctx) => {
      const run = await langGraph('writer', { graph, requireDurable }).invoke(ctx, { input: {}, threadId: 't' });
      return run.warnings;
    });
  await using runtime = await openDisk()();
  expect(outputOf(await untilRest(runtime, invoke(false)))).toEqual([expect.stringContaining('MemorySaver')]);
  expect(await untilRest(runtime, invoke(true), 'r2')).toMatchObject({
    status: 'failed',
    failure: { kind: 'definition', message: expect.stringContaining('MemorySaver') as string },
  });
});

const weather = (done: string[]) =>
  tool(
    ({ city }) => {
      done.push(city);
      if (city === 'Atlantis') throw new Error('no such city');
      return `${city} is sunny`;
    },
    { name: 'weather', description: 'The weather of a city.', schema: z.object({ city: z.string() }) },
  );
const asks = (...cities: readonly string[]) =>
  cities.map((city, n) => ({ name: 'weather', args: { city }, id: `call-${n}` }));

const tokens = { input_tokens: 3, output_tokens: 2, total_tokens: 5 };

type Tools = readonly object[];

/** An agent of LangChain whose calls are recorded, in a flow that then waits for a person. */
async function guide(
  model: ReturnType<typeof fakeModel>,
  tools: Tools,
  {
    others = [],
    checkpointer = new MemorySaver(),
    ...options
  }: LangGraphCallsOptions & { readonly others?: readonly object[]; readonly checkpointer?: MemorySaver } = {},
) {
  // The types of middleware say which states and tools it adds, which no test reads.
  const middleware = [...others, await langGraphCalls('guide', options)] as AgentMiddleware[];
  const graph = createAgent({ model, tools: [...tools], middleware, checkpointer } as never);
  const durable = langGraph('guide', { graph, strategy: 'calls' });
  return flow('trip', async (ctx) => {
    let run = await durable.invoke(ctx, {
      input: { messages: [{ role: 'user', content: 'Where is it sunny?' }] },
      threadId: 't',
    });
    while (run.status === 'interrupted')
      run = await durable.invoke(
        ctx,
        await waitForInterrupt(ctx, run, {
          name: 'approve',
          question: 'May it be called?',
          schema: z.object({ decisions: z.array(z.object({ type: z.enum(['approve', 'reject']) })) }),
        }),
      );
    await ctx.wait({ name: 'go' });
    const { messages } = run.values as { messages: AIMessage[] };
    return messages.at(-1)?.text;
  });
}

test('each call of the model and of a tool is a checkpoint, also of tools that are called at once', async () => {
  const done: string[] = [];
  const model = fakeModel()
    .respondWithTools(asks('Rome', 'Oslo'))
    .respond(new AIMessage({ content: 'Rome.', usage_metadata: tokens as never }));
  const open = openDisk();
  {
    await using first = await open();
    await untilRest(first, await guide(model, [weather(done)]));
    expect((await callsOf(first)).toSorted()).toEqual(
      ['guide_model', 'guide_model_2', 'weather_tool', 'weather_tool_2'].toSorted(),
    );
    expect((await recordsOf(first)).at(-1)).toMatchObject({
      type: 'llm_call',
      metadata: { llm_calls: { guide_model_2: { tokens_input: 3, total_tokens: 5 } } },
    });
  }
  await answerNamed(open, 'go', null);
  await using second = await open();
  expect(outputOf(await untilRest(second, await guide(model, [weather(done)])))).toBe('Rome.');
  expect(model.callCount).toBe(2);
  expect(done.toSorted()).toEqual(['Oslo', 'Rome']);
});

test('a body that is run again begins its thread again, also where the threads were stored', async () => {
  const checkpointer = new SharedSaver();
  const done: string[] = [];
  const model = fakeModel().respondWithTools(asks('Rome')).respond(new AIMessage('Rome.'));
  const open = openDisk();
  {
    await using first = await open();
    await untilRest(first, await guide(model, [weather(done)], { checkpointer }));
  }
  await answerNamed(open, 'go', null);
  await using second = await open();
  expect(outputOf(await untilRest(second, await guide(model, [weather(done)], { checkpointer })))).toBe('Rome.');
  expect(done).toEqual(['Rome']);
});

test('a tool that fails is told to the model where the agent says so', async () => {
  const done: string[] = [];
  const model = fakeModel().respondWithTools(asks('Atlantis')).respond(new AIMessage('Not there.'));
  const others = () => [toolErrorMiddleware({ onError: String })];
  const open = openDisk();
  {
    await using first = await open();
    await untilRest(first, await guide(model, [weather(done)], { others: others() }));
    expect(await callsOf(first)).toEqual(['guide_model', 'weather_tool (failed)', 'guide_model_2']);
  }
  expect(JSON.stringify(model.calls[1]?.messages)).toContain('no such city');
  await answerNamed(open, 'go', null);
  await using second = await open();
  expect(outputOf(await untilRest(second, await guide(model, [weather(done)], { others: others() })))).toBe(
    'Not there.',
  );
  expect(done).toEqual(['Atlantis']);
});

test('a tool that must be approved waits for a person, and is called in another process', async () => {
  const done: string[] = [];
  const model = fakeModel().respondWithTools(asks('Rome')).respond(new AIMessage('Rome.'));
  const others = () => [humanInTheLoopMiddleware({ interruptOn: { weather: true } } as never)];
  const open = openDisk();
  {
    await using first = await open();
    expect(ticketsOf(await untilRest(first, await guide(model, [weather(done)], { others: others() })))).toMatchObject([
      { name: 'approve' },
    ]);
    expect(done).toEqual([]);
  }
  await answerNamed(open, 'approve', { decisions: [{ type: 'approve' }] });
  {
    await using second = await open();
    const outcome = await untilRest(second, await guide(model, [weather(done)], { others: others() }));
    expect(ticketsOf(outcome)).toMatchObject([{ name: 'go' }]);
  }
  await answerNamed(open, 'go', null);
  await using third = await open();
  expect(outputOf(await untilRest(third, await guide(model, [weather(done)], { others: others() })))).toBe('Rome.');
  expect(done).toEqual(['Rome']);
  expect(model.callCount).toBe(2);
});

test('a tool that interrupts its graph is called again when the graph goes on, and one that gives a command is kept', async () => {
  const done: string[] = [];
  const careful = tool(
    () => {
      const { decisions }: { decisions: { type: string }[] } = interrupt('Sure?');
      done.push(String(decisions[0]?.type));
      return 'It is done.';
    },
    { name: 'careful', description: 'Asks first.', schema: z.object({}) },
  );
  const note = tool(
    (_, { toolCall }) =>
      new Command({
        update: { messages: [{ role: 'tool', content: 'noted', tool_call_id: toolCall?.id ?? '', name: 'note' }] },
      }),
    { name: 'note', description: 'Takes a note.', schema: z.object({}) },
  );
  const model = fakeModel()
    .respondWithTools([{ name: 'note', args: {}, id: 'n' }])
    .respondWithTools([{ name: 'careful', args: {}, id: 'c' }])
    .respond(new AIMessage('Done.'));
  const open = openDisk();
  {
    await using first = await open();
    await untilRest(first, await guide(model, [careful, note]));
  }
  await answerNamed(open, 'approve', { decisions: [{ type: 'approve' }] });
  {
    await using second = await open();
    await untilRest(second, await guide(model, [careful, note]));
    expect(await callsOf(second)).toEqual([
      'guide_model',
      'note_tool',
      'guide_model_2',
      'careful_tool',
      'approve',
      'careful_tool_2',
      'guide_model_3',
    ]);
  }
  await answerNamed(open, 'go', null);
  await using third = await open();
  expect(outputOf(await untilRest(third, await guide(model, [careful, note])))).toBe('Done.');
  expect(done).toEqual(['approve']);
  expect(model.callCount).toBe(3);
});

test('a tool that asks a person gives the model the answer', async () => {
  const ask = hitlTool({ name: 'ask', question: 'What?', schema: z.object({ choice: z.string() }) });
  const model = fakeModel()
    .respondWithTools([{ name: 'ask', args: { question: 'Sea or hills?' }, id: 'a' }])
    .respond(new AIMessage('To the sea.'));
  const open = openDisk();
  {
    await using first = await open();
    const outcome = await untilRest(first, await guide(model, [], { asks: [ask] }));
    expect(ticketsOf(outcome)).toMatchObject([{ name: 'ask', question: 'Sea or hills?' }]);
  }
  await answerNamed(open, 'ask', { choice: 'sea' });
  await using second = await open();
  const outcome = await untilRest(second, await guide(model, [], { asks: [ask] }));
  expect(ticketsOf(outcome)).toMatchObject([{ name: 'go' }]);
  expect(JSON.stringify(model.calls[1]?.messages)).toContain('sea');
});

test.each([
  [{}, ['guide_model_prompt', 'weather_tool_args', 'guide_model_2_prompt']],
  [{ prompts: false, tools: 'off' as const }, []],
])('what the middleware saves beside the calls is as the policy %o says', async (capture, names) => {
  const model = fakeModel().respondWithTools(asks('Rome')).respond(new AIMessage('Rome.'));
  await using runtime = await openDisk()();
  await untilRest(runtime, await guide(model, [weather([])], { capture }));
  expect(new Set(await artifactsOf(runtime))).toEqual(new Set<string>(names));
});
