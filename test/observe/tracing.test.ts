/** Runs as traces: what somebody sees in the tracing tool that their program has set up. */
import { context, SpanStatusCode, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest';
import * as z from 'zod';
import {
  agent,
  flow,
  guarded,
  guardrails,
  openRuntime,
  pipeline,
  tool,
  type Runtime,
  type RuntimeOptions,
} from '../../src/index.ts';
import { memory } from '../../src/journal/memory/memory.ts';
import { scriptedModel } from '../../src/testing/index.ts';

const exporter = new InMemorySpanExporter();
const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
const manager = new AsyncLocalStorageContextManager();

function register(): void {
  trace.setGlobalTracerProvider(provider);
  context.setGlobalContextManager(manager.enable());
}
function unregister(): void {
  trace.disable();
  context.disable();
}
beforeAll(register);
afterAll(unregister);
beforeEach(() => exporter.reset());

const open = (options: RuntimeOptions = {}): Promise<Runtime> =>
  openRuntime({ db: 'memory', project: false, ...options });

/** The finished spans as a tree of names, in the order in which they began. */
function tree(): string[] {
  const spans = exporter.getFinishedSpans().toSorted((a, b) => order(a.startTime) - order(b.startTime));
  const ids = new Set(spans.map((span) => span.spanContext().spanId));
  const below = (parent: string | undefined, depth: number): string[] =>
    spans
      .filter(({ parentSpanContext: above }) =>
        parent === undefined ? !above || !ids.has(above.spanId) : above?.spanId === parent,
      )
      .flatMap((span) => [`${'  '.repeat(depth)}${span.name}`, ...below(span.spanContext().spanId, depth + 1)]);
  return below(undefined, 0);
}
const order = ([seconds, nanos]: [number, number]) => seconds * 1e9 + nanos;
const spanNamed = (name: string) => {
  const span = exporter.getFinishedSpans().find((each) => each.name === name);
  if (!span) throw new Error(`There is no span "${name}" among:\n${tree().join('\n')}`);
  return span;
};

const raise = (error: Error): never => {
  throw error;
};
const countOptions = {
  name: 'count',
  description: 'Counts.',
  effect: 'read',
  input: z.object({ item: z.string() }),
  output: z.object({ left: z.number() }),
} as const;
const count = tool({
  ...countOptions,
  run: () => trace.getTracer('user').startActiveSpan('a query of the tool', (span) => (span.end(), { left: 1 })),
});
const clerk = () =>
  agent({
    name: 'clerk',
    tools: [count],
    model: scriptedModel([{ calls: [{ name: 'count', input: { item: 'pears and plums' } }] }, { text: 'one' }]),
  });
const greeting = (name = 'greet') =>
  flow(name, { input: z.object({ who: z.string() }) }, async (ctx, { who }) => {
    const { ok } = await ctx.wait({ name: 'ok', schema: z.object({ ok: z.boolean() }) });
    return ok ? `Hello ${who}` : 'no';
  });

test('an agent is a trace: its model calls and tool calls in their order, and what a tool traces itself within its call', async () => {
  await using runtime = await open();
  expect(await (await runtime.start(clerk(), 'How many?')).outcome()).toMatchObject({ status: 'done' });
  expect(tree()).toEqual([
    'invoke_agent clerk',
    '  discover',
    '  chat model',
    '  execute_tool count',
    '    a query of the tool',
    '  chat model',
  ]);
  expect(spanNamed('chat model').attributes).toMatchObject({
    'gen_ai.operation.name': 'chat',
    'gen_ai.provider.name': 'scripted',
    'gen_ai.usage.input_tokens': 10,
    'gen_ai.response.finish_reasons': ['calls'],
  });
  expect(spanNamed('execute_tool count').attributes).toMatchObject({ 'gen_ai.tool.name': 'count' });
  expect(spanNamed('invoke_agent clerk').attributes).toMatchObject({
    'gen_ai.agent.name': 'clerk',
    'troupe.actor': expect.stringMatching(/^agent\//),
    'gen_ai.usage.output_tokens': 10,
    'troupe.status': 'done',
  });
});

test('what models and tools were told and said is in no span', async () => {
  await using runtime = await open();
  await (await runtime.start(clerk(), 'How many, please?')).outcome();
  const spans = exporter.getFinishedSpans();
  const text = JSON.stringify(spans.map(({ name, attributes, events }) => [name, attributes, events]));
  expect(text).toContain('execute_tool count');
  for (const said of ['pears', 'please', '"one"']) expect(text).not.toContain(said);
});

test('a run belongs to what its caller traces', async () => {
  await using runtime = await open();
  await trace.getTracer('user').startActiveSpan('a request', async (span) => {
    await (await runtime.start(clerk(), 'How many?')).outcome();
    span.end();
  });
  expect(tree().slice(0, 2)).toEqual(['a request', '  invoke_agent clerk']);
});

test('a failure marks the spans it went through, with its kind and its message', async () => {
  await using runtime = await open();
  const asked = agent({ name: 'asked', model: scriptedModel([]) });
  await (await runtime.start(asked, 'Well?')).outcome();
  const chat = spanNamed('chat');
  expect(chat.status).toMatchObject({ code: SpanStatusCode.ERROR, message: expect.stringContaining('not ready') });
  expect(chat.attributes).toMatchObject({ 'error.type': 'invalid' });
  expect(chat.events.map(({ name }) => name)).toEqual(['attempt failed']);
});

test('agents of a team are below their team, and the calls of each below it', async () => {
  await using runtime = await open();
  const writer = agent({ name: 'writer', model: scriptedModel([{ text: 'a text' }]) });
  const editor = agent({ name: 'editor', model: scriptedModel([{ text: 'a better text' }]) });
  await (await runtime.start(pipeline({ name: 'press', stages: [writer, editor] }), 'Write.')).outcome();
  expect(tree()).toEqual([
    'run press',
    '  route',
    '  invoke_agent writer',
    '    chat model',
    '  route',
    '  invoke_agent editor',
    '    chat model',
    '  route',
  ]);
});

test('each call of a flow that does something is a part of its body, and what it traces itself is below it', async () => {
  await using runtime = await open();
  const orders = flow('orders', async (ctx) => {
    await ctx.checkpoint('book', () =>
      trace.getTracer('user').startActiveSpan('a query', (span) => (span.end(), 'booked')),
    );
    await ctx.checkpoint('pay', async () => Promise.reject(new Error('no money'))).catch(() => undefined);
    return 'done';
  });
  expect(await (await runtime.start(orders, null)).outcome()).toMatchObject({ status: 'done' });
  expect(tree()).toEqual([
    'invoke_workflow orders',
    '  body',
    '    checkpoint book',
    '      a query',
    '    checkpoint pay',
  ]);
  expect(spanNamed('checkpoint pay').status).toEqual({ code: SpanStatusCode.ERROR, message: 'no money' });
});

test('a run that waits leaves with its process, and goes on as a trace of its own, found by the id of the run', async () => {
  const journal = memory();
  const flowOnce = greeting();
  {
    await using first = await open({ journal });
    const handle = await first.start(flowOnce, { who: 'Ada' }, { key: 'k' });
    await handle.outcome({ returnWhenWaiting: true });
  }
  expect(spanNamed('invoke_workflow greet').attributes).toMatchObject({ 'troupe.run': 'k', 'troupe.left': 'released' });
  exporter.reset();
  await using second = await open({ journal });
  const handle = await second.start(flowOnce, { who: 'Ada' }, { key: 'k' });
  const [ticket] = await second.tickets('k');
  await second.answer(ticket!.id, { ok: true });
  expect(await handle.outcome()).toMatchObject({ status: 'done', output: 'Hello Ada' });
  expect(spanNamed('invoke_workflow greet').attributes).toMatchObject({ 'troupe.run': 'k', 'troupe.left': 'ended' });
});

test('a run that is given back ends its spans at once', async () => {
  await using runtime = await open();
  const handle = await runtime.start(greeting(), { who: 'Ada' });
  await handle.outcome({ returnWhenWaiting: true });
  await handle.park();
  expect(spanNamed('invoke_workflow greet').attributes).toMatchObject({ 'troupe.left': 'released' });
});

test.each(['onStart', 'onEnd'])('an exporter that breaks in %s breaks no work', async (hook) => {
  const strays: unknown[] = [];
  const onStray = (thrown: unknown) => strays.push(thrown);
  process.on('unhandledRejection', onStray);
  onTestFinished(() => {
    process.off('unhandledRejection', onStray);
    unregister();
    register();
  });
  const broken = { onStart() {}, onEnd() {}, forceFlush: async () => {}, shutdown: async () => {} };
  const breaking = { ...broken, [hook]: () => raise(new Error('the exporter is broken')) };
  unregister();
  trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [breaking] }));
  await using runtime = await open();
  let charged = 0;
  const pay = flow('pay', async (ctx) => {
    await ctx.checkpoint('charge', { effect: 'write' }, () => ++charged);
    return ctx.checkpoint('receipt', async () => Promise.resolve(`paid ${charged}`));
  });
  expect(await (await runtime.start(pay, null)).outcome()).toMatchObject({ status: 'done', output: 'paid 1' });
  expect(await (await runtime.start(clerk(), 'How many?')).outcome()).toMatchObject({ status: 'done', output: 'one' });
  await new Promise((next) => setImmediate(next));
  expect(strays).toEqual([]);
});

test('why a tool failed behind a guardrail that judges output is in no span', async () => {
  await using runtime = await open();
  const broken = tool({ ...countOptions, run: () => raise(new Error('the safe has 4111111111111111')) });
  const model = scriptedModel([{ calls: [{ name: 'count', input: { item: 'x' } }] }, { text: 'sorry' }]);
  const safe = guarded(agent({ name: 'teller', tools: [broken], model }), [guardrails.output([/\d{16}/])]);
  expect(await (await runtime.start(safe, 'Well?')).outcome()).toMatchObject({ status: 'done' });
  const spans = exporter.getFinishedSpans();
  const text = JSON.stringify(spans.map(({ name, attributes, events, status }) => [name, attributes, events, status]));
  expect(text).toContain('invoke_agent teller');
  expect(text).not.toContain('4111');
});

test('a runtime that is not to trace does not, and neither does one without a tracer provider', async () => {
  {
    await using runtime = await open({ tracing: false });
    await (await runtime.start(clerk(), 'How many?')).outcome();
  }
  expect(tree()).toEqual(['a query of the tool']);
  exporter.reset();
  unregister();
  try {
    await using runtime = await open();
    await (await runtime.start(clerk(), 'How many?')).outcome();
  } finally {
    register();
  }
  expect(tree()).toEqual([]);
});
