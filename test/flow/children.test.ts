/** Agents, teams, orchestrators, machines and workflows as children of a flow: their results, and how they are stopped, held and gone on with. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { setup } from 'xstate';
import * as z from 'zod';
import {
  agent,
  flow,
  guarded,
  guardrails,
  machine,
  orchestrator,
  pipeline,
  protocol,
  run,
  tool,
  workflow,
  type Runnable,
} from '../../src/index.ts';
import { crashEverywhere, expectSurvival, scriptedModel, testRuntime, type ScriptedModel } from 'troupe/testing';
import { memory } from '../../src/journal/memory/memory.ts';
import type { Journal } from '../../src/journal/journal.ts';
import { seeing, type Seen } from '../runtime/seeing.ts';
import { journalOf, onDisk, untilRest } from './processes.ts';

const saying = (...texts: string[]): ScriptedModel => scriptedModel(texts.map((text) => ({ text })));
const named = (name: string, ...texts: string[]) => agent({ name, instructions: 'Work.', model: saying(...texts) });

/** A flow that runs a child and gives its result. */
const around = (child: Runnable, input: unknown) =>
  flow('around', { uses: [child] }, async (ctx) => ctx.run(child, input));

const Sums = protocol({
  ask: { body: z.object({ a: z.number(), b: z.number() }), replies: ['sum'] },
  sum: { body: z.object({ value: z.number() }) },
});
const calculator = () =>
  agent({
    name: 'calculator',
    instructions: 'Add.',
    protocol: Sums,
    handles: ['ask'],
    model: scriptedModel([{ calls: [{ name: 'answer_sum', input: { value: 5 } }] }]),
  });
const echo = machine(
  setup({ types: {} as { context: { given: unknown }; input: unknown; output: object } }).createMachine({
    id: 'echo',
    context: ({ input }) => ({ given: input }),
    initial: 'done',
    states: { done: { type: 'final' } },
    // A status of its own is nobody else's business.
    output: ({ context }) => ({ status: 'failed', given: context.given }),
  }),
);

test.each<[string, () => Runnable, unknown, unknown]>([
  ['an agent', () => named('clerk', 'Hello.'), 'Hi', 'Hello.'],
  ['an agent with messages', calculator, { type: 'ask', body: { a: 2, b: 3 } }, { type: 'sum', body: { value: 5 } }],
  ['a guarded agent', () => guarded(named('clerk', 'Hello.'), [guardrails.timeout({ max: '1m' })]), 'Hi', 'Hello.'],
  ['a team', () => pipeline({ name: 'desk', stages: [named('a', 'draft'), named('b', 'final')] }), 'Go', 'final'],
  ['an orchestrator', () => orchestrator({ name: 'pool', members: [named('a', 'x')] }), 'Go', { output: 'x' }],
  [
    'an orchestrator of several tasks',
    () => orchestrator({ name: 'pool', members: [named('a', 'x', 'y')], mode: 'sequential' }),
    { tasks: ['1', '2'] },
    [{ output: 'x' }, { output: 'y' }],
  ],
  ['a machine', () => echo, { a: 1 }, { status: 'failed', given: { a: 1 } }],
])('%s gives a flow what it gives by itself', async (_, make, input, output) => {
  const child = make();
  const result = await run(around(child, input), null, { db: 'memory' });
  if (typeof output === 'object') expect(result).toMatchObject(output as object);
  else expect(result).toBe(output);
});

test('a workflow is a child: its question is one of the run, and its result is given', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'troupe-flow-children-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'publish.workflow.yaml');
  writeFileSync(
    file,
    `kind: workflow
name: publish
params: { schema: { type: object, properties: { text: { type: string } } } }
pipeline:
  - id: ask
    wait: { question: 'Publish {{ params.text }}?', schema: { type: object, properties: { ok: { type: boolean } } } }
output: { map: { ok: '{{ step.ask.ok }}' } }
`,
  );
  const publishing = around(await workflow(file), { text: 'Tea' });
  const open = onDisk();
  {
    await using first = await open();
    expect(await untilRest(first, publishing, null)).toMatchObject({
      status: 'waiting',
      tickets: [{ question: 'Publish Tea?' }],
    });
  }
  await using second = await open();
  await second.answer((await second.tickets('r'))[0]!.id, { ok: true });
  expect(await untilRest(second, publishing, null)).toMatchObject({ status: 'done', output: { ok: true } });
});

test('a failed agent rejects the call; a retry goes on in it, and repeats nothing that is recorded', async () => {
  const { done, does } = journalOf();
  const clerk = agent({
    name: 'clerk',
    instructions: 'Work.',
    model: scriptedModel([{ error: { kind: 'auth', message: 'The key is wrong.' } }, { text: 'Hello.' }]),
  });
  const steps = flow('steps', { uses: [clerk] }, async (ctx) => {
    await ctx.checkpoint('before', () => does('before'));
    return ctx.run(clerk, 'Hi');
  });
  await using runtime = await testRuntime();
  expect(await untilRest(runtime, steps, null)).toMatchObject({
    status: 'failed',
    failure: { kind: 'auth', message: 'The key is wrong.' },
  });
  expect(await (await runtime.retry('r', steps)).outcome()).toMatchObject({ status: 'done', output: 'Hello.' });
  expect(done).toEqual(['before']);
});

/** An agent whose model never answers, and what became of its calls. */
function slow() {
  const { done, does } = journalOf();
  const model = {
    id: 'slow:model',
    async *stream(_: unknown, { signal }: { signal: AbortSignal }) {
      does('asked');
      yield await new Promise<never>((_resolve, reject) =>
        signal.addEventListener('abort', () => (does('stopped'), reject(signal.reason as Error))),
      );
    },
  };
  return { done, clerk: agent({ name: 'clerk', instructions: 'Work.', model }) };
}

test.each<[string, (clerk: ReturnType<typeof slow>['clerk']) => readonly [Runnable, unknown]]>([
  ['an agent', (clerk) => [clerk, 'Hi']],
  ['a guarded agent', (clerk) => [guarded(clerk, [guardrails.timeout({ max: '1h' })]), 'Hi']],
  ['a team', (clerk) => [pipeline({ name: 'desk', stages: [clerk, named('b', 'x')] }), 'Hi']],
  ['an orchestrator', (clerk) => [orchestrator({ name: 'pool', members: [clerk] }), 'Hi']],
])('a cancel of the flow reaches %s that is at work, before the flow ends', async (_, make) => {
  const { done, clerk } = slow();
  const [child, input] = make(clerk);
  await using runtime = await testRuntime();
  const handle = await runtime.start(around(child, input), null, { key: 'r' });
  await runtime.settle();
  expect(done).toEqual(['asked']);
  await runtime.signal(handle.root, { type: 'run.cancel', reason: 'enough' });
  await runtime.settle();
  expect(done).toEqual(['asked', 'stopped']);
  expect(await handle.outcome()).toMatchObject({ status: 'cancelled', reason: 'enough' });
  expect(await runtime.journal.find({ run: 'r', status: 'active' })).toEqual([]);
});

test('a machine that waits is stopped when its flow is cancelled', async () => {
  const waits = machine(setup({}).createMachine({ id: 'waits', initial: 'on', states: { on: {} } }));
  await using runtime = await testRuntime();
  const handle = await runtime.start(around(waits, null), null, { key: 'r' });
  await runtime.settle();
  await runtime.signal(handle.root, { type: 'run.cancel', reason: 'enough' });
  await runtime.settle();
  expect(await handle.outcome()).toMatchObject({ status: 'cancelled' });
  expect(await runtime.journal.find({ run: 'r', status: 'active' })).toEqual([]);
});

test('an agent of a paused flow asks its model nothing more, and goes on when the flow is resumed', async () => {
  const look = tool({
    name: 'look',
    description: 'Looks.',
    effect: 'read',
    approval: true,
    input: z.object({}),
    output: z.string(),
    run: async () => 'seen',
  });
  const model = scriptedModel([{ calls: [{ name: 'look', input: {} }] }, { text: 'Done.' }]);
  const clerk = agent({ name: 'clerk', instructions: 'Work.', tools: [look], model });
  await using runtime = await testRuntime();
  const handle = await runtime.start(around(clerk, 'Hi'), null, { key: 'r' });
  await runtime.settle();
  const [ticket] = await runtime.tickets('r');
  await runtime.signal(handle.root, { type: 'run.pause' });
  await runtime.answer(ticket!.id, { approved: true });
  await runtime.advance('1h');
  expect(model.requests).toHaveLength(1);
  await runtime.signal(handle.root, { type: 'run.resume' });
  await runtime.settle();
  expect(await handle.outcome()).toMatchObject({ status: 'done', output: 'Done.' });
});

test('a flow as a member of a team is refused with how the two go together', () => {
  const child = flow('child', async () => 'x');
  expect(() => pipeline({ name: 'desk', stages: [named('a', 'x'), child as never] })).toThrow(
    /got the flow "child". A flow is no member: it runs agents and teams as its children, .* Or it is a tool of an agent/,
  );
});

describe('images and files for children', () => {
  const bytes = Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), Buffer.alloc(300, 7)]);
  const shown = `image picture.png ${bytes.toString('base64').length}`;
  const part = { type: 'image', data: bytes, name: 'picture.png' } as const;
  const reader = (seen: Seen[], name = 'reader') => agent({ name, instructions: '', model: seeing(seen, 'A cat.') });
  const parts = { parts: [{ type: 'text', text: 'What is on it?' }, part] };

  test('an agent, an orchestrator and something guarded are given them, by reference', async () => {
    const seen: Seen[] = [];
    const [one, two, three] = ['one', 'two', 'three'].map((name) => reader(seen, name));
    const desk = orchestrator({ name: 'desk', members: [two!] });
    const safe = guarded(three!, [guardrails.timeout({ max: '1m' })]);
    const look = flow('look', { uses: [one!, desk, safe] }, async (ctx) => {
      await ctx.run(one!, parts);
      await ctx.run(desk, { tasks: [{ input: 'What is on it?', parts: [part] }] });
      return ctx.run(safe, parts);
    });
    await using runtime = await testRuntime();
    const handle = await runtime.start(look, null, { key: 'r' });
    await runtime.settle();
    expect(await handle.outcome()).toMatchObject({ status: 'done', output: 'A cat.' });
    expect(seen.map(({ parts: given }) => given)).toEqual([[shown], [shown], [shown]]);
  });

  test('they are there in another process, where nothing is read again', async () => {
    const [journal, seen]: [Journal, Seen[]] = [memory(), []];
    let reads = 0;
    const make = () => {
      const eye = reader(seen);
      return flow('look', { uses: [eye] }, async (ctx) => {
        const data = await ctx.checkpoint('read', () => (reads++, bytes));
        await ctx.wait({ name: 'ok' });
        return ctx.run(eye, { parts: [{ ...part, data }] });
      });
    };
    const first = await testRuntime({ journal });
    await first.start(make(), null, { key: 'r' });
    await first.settle();
    await first.close();
    await using second = await testRuntime({ journal, seed: 2 });
    const handle = await second.resume('r', make());
    await second.settle();
    await second.answer((await second.tickets('r'))[0]!.id, null);
    await second.settle();
    expect(await handle.outcome()).toMatchObject({ status: 'done', output: 'A cat.' });
    expect([reads, seen.map(({ parts: given }) => given)]).toEqual([1, [[shown]]]);
  });

  test('a crash at any point changes nothing', async () => {
    const make = () => {
      const eye = reader([]);
      return { subject: flow('look', { uses: [eye] }, (ctx) => ctx.run(eye, parts)), input: null };
    };
    expectSurvival(await crashEverywhere(make));
  });

  test.each([
    ['a path', { type: 'image', path: '/tmp/a.png' }, /checkpoint.*`data`/s],
    ['no bytes', { type: 'image', data: new Uint8Array() }, /empty/],
    ['what is no image', { type: 'image', data: Buffer.from('text'), mediaType: 'text/plain' }, /is text\/plain/],
  ])('%s is refused, and the flow may go on', async (_, odd, says) => {
    const eye = reader([]);
    const look = flow('look', { uses: [eye] }, (ctx) =>
      ctx.run(eye, { parts: [odd] }).catch((error: Error & { kind?: string }) => `${error.kind}: ${error.message}`),
    );
    expect(await run(look, null, { db: 'memory' })).toMatch(says);
  });
});
