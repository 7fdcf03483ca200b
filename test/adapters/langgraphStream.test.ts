/** Graphs of LangGraph that are watched while they run in a flow: what a watcher is told the first time, and when the body is run again. */
import { Annotation, END, interrupt, MemorySaver, START, StateGraph } from '@langchain/langgraph';
import { AIMessage, createAgent, fakeModel, tool, type AgentMiddleware } from 'langchain';
import { expect, test } from 'vitest';
import * as z from 'zod';
import { flow } from '../../src/index.ts';
import {
  langGraph,
  langGraphCalls,
  waitForInterrupt,
  type LangGraphPart,
  type LangGraphWatcher,
} from '../../src/adapters/langgraph/index.ts';
import { answerNamed, callsOf, openDisk, outputOf, ticketsOf, untilRest } from './openDisk.ts';

const State = Annotation.Root({ draft: Annotation<string>(), ok: Annotation<boolean>() });

const writing = (fails = false) =>
  new StateGraph(State)
    .addNode('write', (_, config) => {
      config.writer?.('at work');
      if (fails) throw new Error('no ink');
      return { draft: 'Boats' };
    })
    .addNode('check', () => ({ ok: interrupt<string, boolean>('Publish?') }))
    .addEdge(START, 'write')
    .addEdge('write', 'check')
    .addEdge('check', END)
    .compile({ checkpointer: new MemorySaver() });

const publishing = (watcher: LangGraphWatcher, graph = writing()) => {
  const durable = langGraph('writer', { graph });
  return flow('publishing', async (ctx) => {
    let run = await durable.invoke(ctx, { input: {}, threadId: 't', ...watcher });
    while (run.status === 'interrupted')
      run = await durable.invoke(ctx, {
        ...(await waitForInterrupt(ctx, run, { schema: z.boolean() })),
        ...watcher,
      });
    return run.values;
  });
};

test('a graph that is one checkpoint is watched while it is performed, once, in whatever process', async () => {
  const parts: LangGraphPart[] = [];
  const graph = writing();
  const subject = publishing({ onPart: (part) => parts.push(part), streamMode: ['updates', 'custom'] }, graph);
  const open = openDisk();
  {
    await using first = await open();
    expect(ticketsOf(await untilRest(first, subject))).toMatchObject([{ question: 'Publish?' }]);
    expect(await callsOf(first)).toEqual(['writer_thread', 'writer_graph']);
  }
  expect(parts).toMatchObject([
    { mode: 'custom', chunk: 'at work' },
    { mode: 'updates', chunk: { write: { draft: 'Boats' } } },
    { mode: 'updates', chunk: { __interrupt__: [{ value: 'Publish?' }] } },
  ]);
  parts.length = 0;
  await answerNamed(open, 'interrupt', true);
  await using second = await open();
  expect(outputOf(await untilRest(second, subject))).toEqual({ draft: 'Boats', ok: true });
  // What is recorded has no parts.
  expect(parts).toEqual([{ mode: 'updates', chunk: { check: { ok: true } } }]);
});

test('a graph without a checkpointer that is watched gives its last state, with parts and with events', async () => {
  const graph = () =>
    new StateGraph(State)
      .addNode('write', () => ({ draft: 'Boats' }))
      .addEdge(START, 'write')
      .addEdge('write', END)
      .compile();
  const events: string[] = [];
  const both = flow('both', async (ctx) => {
    const parts: LangGraphPart[] = [];
    const run = (name: string, watcher: LangGraphWatcher) =>
      langGraph(name, { graph: graph() }).invoke(ctx, { input: {}, threadId: 't', ...watcher });
    const one = await run('one', { onPart: (part) => parts.push(part) });
    const two = await run('two', { onEvent: ({ event, name }) => events.push(`${event} ${name}`) });
    return [one.values, two.values, parts];
  });
  await using runtime = await openDisk()();
  expect(outputOf(await untilRest(runtime, both))).toEqual([
    { draft: 'Boats' },
    { draft: 'Boats' },
    [{ mode: 'updates', chunk: { write: { draft: 'Boats' } } }],
  ]);
  expect(events).toEqual(expect.arrayContaining(['on_chain_start write', 'on_chain_end write']));
});

test.each<[string, LangGraphWatcher]>([
  ['onPart', { onPart: () => {} }],
  ['onEvent', { onEvent: () => {} }],
])('with %s, a node that fails fails the checkpoint', async (_, watcher) => {
  await using runtime = await openDisk()();
  expect(await untilRest(runtime, publishing(watcher, writing(true)))).toMatchObject({
    status: 'failed',
    failure: { message: 'no ink' },
  });
});

test('in calls, the parts come again when the body is run again, and no model is asked for them', async () => {
  const model = fakeModel()
    .respondWithTools([{ name: 'weather', args: {}, id: 'w' }])
    .respond(new AIMessage('Sunny in Rome.'));
  const weather = tool(() => 'sunny', { name: 'weather', description: 'The weather.', schema: z.object({}) });
  const parts: string[] = [];
  const subject = async () => {
    const middleware = [await langGraphCalls('guide')] as AgentMiddleware[];
    const graph = createAgent({ model, tools: [weather], middleware, checkpointer: new MemorySaver() } as never);
    const durable = langGraph('guide', { graph, strategy: 'calls' });
    return flow('trip', async (ctx) => {
      const onPart = ({ mode, chunk }: LangGraphPart) =>
        void parts.push(mode === 'updates' ? Object.keys(chunk as object).join() : `${mode}: ${textIn(chunk)}`);
      const run = await durable.invoke(ctx, {
        input: { messages: [{ role: 'user', content: 'Where?' }] },
        threadId: 't',
        streamMode: ['updates', 'messages'],
        onPart,
      });
      await ctx.wait({ name: 'go' });
      return (run.values as { messages: { text: string }[] }).messages.at(-1)?.text;
    });
  };
  const open = openDisk();
  {
    await using first = await open();
    expect(ticketsOf(await untilRest(first, await subject()))).toMatchObject([{ name: 'go' }]);
  }
  const first = parts.splice(0);
  await answerNamed(open, 'go', null);
  await using second = await open();
  expect(outputOf(await untilRest(second, await subject()))).toBe('Sunny in Rome.');
  const steps = ['model_request', 'tools', 'model_request'];
  expect([first, parts].map((told) => told.filter((part) => steps.includes(part)))).toEqual([steps, steps]);
  expect(parts).toContain('messages: Sunny in Rome.');
  expect(model.callCount).toBe(2);
});

const textIn = (chunk: unknown): string => (chunk as [{ text: string }])[0].text;

test.each<[LangGraphWatcher, RegExp]>([
  [{ onPart: () => {}, onEvent: () => {} }, /either with onPart or with onEvent/],
  [{ streamMode: 'values' }, /nobody is told/],
])('a watcher that cannot be is refused: %o', async (watcher, message) => {
  await using runtime = await openDisk()();
  expect(await untilRest(runtime, publishing(watcher))).toMatchObject({
    status: 'failed',
    failure: { kind: 'invalid', message: expect.stringMatching(message) as string },
  });
});
