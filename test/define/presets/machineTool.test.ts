/** `asTool(machine(…), …)`: a durable machine as a tool of an agent. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { assign, setup } from 'xstate';
import { z } from 'zod';
import { agent, asTool, effect, guarded, guardrails, machine, pipeline, run, supervisorTeam } from 'troupe';
import { crashEverywhere, expectSurvival, scriptedModel, testRuntime } from 'troupe/testing';
import { sqlite } from '../../../src/journal/sqlite/sqlite.ts';
import { callingModel, db, replyingAgent } from './participants.ts';

interface Order {
  readonly item: string;
  readonly count: number;
}
const description = 'Orders something.';
const input = z.object({ item: z.string(), count: z.number().int().positive() });

/** Reserves an item, waits an hour, and confirms it; `reserved` counts the first. */
function shop({ hangs = false } = {}) {
  const seen = { reserved: 0, stopped: 0 };
  const reserve = effect<string, Order>(async ({ item }, { signal }) => {
    seen.reserved++;
    if (item === 'nothing') throw new Error('It is sold out.');
    if (hangs)
      await new Promise((_, reject) =>
        signal.addEventListener('abort', () => {
          seen.stopped++;
          reject(new Error('stopped'));
        }),
      );
    return `R-${item}`;
  });
  const chart = setup({
    types: {} as { context: Order & { code: string }; input: Order; output: { code: string; count: number } },
    actors: { reserve },
    delays: { rest: 3_600_000 },
    actions: { keepCode: assign((_, code: string) => ({ code })) },
  }).createMachine({
    id: 'shop',
    context: ({ input: given }) => ({ ...given, code: '' }),
    initial: 'reserving',
    states: {
      reserving: {
        invoke: {
          src: 'reserve',
          id: 'reserve',
          input: ({ context: { item, count } }) => ({ item, count }),
          onDone: { target: 'resting', actions: { type: 'keepCode', params: ({ event }) => event.output } },
        },
      },
      resting: { after: { rest: 'confirmed' } },
      confirmed: { type: 'final' },
    },
    output: ({ context: { code, count } }) => ({ code, count }),
  });
  return { subject: machine(chart), seen };
}

const buyer = (subject: ReturnType<typeof shop>['subject'], item: unknown = 'tea', more: object = {}) =>
  agent({
    name: 'buyer',
    deadline: '1d',
    tools: [asTool(subject, { description, input, ...more })],
    model: callingModel({ name: 'shop', input: { item, count: 2 } as never }),
  });

describe('a machine as a tool', () => {
  test('starts with the arguments of the call, and its output is the result', async () => {
    await using runtime = await testRuntime();
    const { subject, seen } = shop();
    const handle = await runtime.start(buyer(subject), 'Buy.');
    await runtime.advance('2h');
    expect(await handle.outcome()).toMatchObject({
      status: 'done',
      output: '{"code":"R-tea","count":2}',
      usage: { steps: 2, toolCalls: 1 },
    });
    expect(seen.reserved).toBe(1);
    const rows = await runtime.journal.find({ run: handle.id });
    expect(rows.map(({ actor }) => actor.slice(0, actor.indexOf('/')))).toContain('shop');
  });

  test('is offered with the schema of its input; a call that does not fit is told to the model and starts nothing', async () => {
    const tool = asTool(shop().subject, { description, input });
    expect(tool).toMatchObject({ kind: 'delegate', name: 'shop', effect: 'read', approval: false });
    expect(tool.schema).toMatchObject({ type: 'object', required: ['item', 'count'] });
    const { subject, seen } = shop();
    expect(await run(buyer(subject, 17), 'Buy.', db)).toMatch(/item/);
    expect(seen.reserved).toBe(0);
  });

  test('that fails is reported to the model with the reason', async () => {
    expect(await run(buyer(shop().subject, 'nothing'), 'Buy.', db)).toMatch(/^"shop" could not do it: .*sold out/);
  });

  test('goes on after a restart in the middle, and repeats nothing', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'machine-tool-'));
    try {
      const { subject, seen } = shop();
      const open = async () => await testRuntime({ journal: await sqlite(join(folder, 'runs.db')) });
      let id: string;
      {
        await using first = await open();
        id = (await first.start(buyer(subject), 'Buy.')).id;
        await first.advance('10m');
      }
      await using second = await open();
      const resumed = await second.resume(id, buyer(subject));
      await second.advance('2h');
      expect(await resumed.outcome()).toMatchObject({ status: 'done', output: '{"code":"R-tea","count":2}' });
      expect(seen.reserved).toBe(1);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  test('survives a crash at any moment', async () => {
    const report = await crashEverywhere(() => ({ subject: buyer(shop().subject), input: 'Buy.' }), { sample: 10 });
    expectSurvival(report);
  });

  test('is stopped with its caller, with the effect that it performs', async () => {
    await using runtime = await testRuntime();
    const { subject, seen } = shop({ hangs: true });
    const handle = await runtime.start(buyer(subject), 'Buy.');
    await runtime.settle();
    await runtime.signal(handle.root, { type: 'agent.cancel', reason: 'Enough.' });
    await runtime.advance('1m');
    expect(await handle.outcome()).toMatchObject({ status: 'cancelled', reason: 'Enough.' });
    expect(seen.stopped).toBe(1);
    const rows = await runtime.journal.find({ run: handle.id });
    expect(rows.filter(({ status }) => status === 'active')).toEqual([]);
  });

  test('can require an approval before it starts', async () => {
    await using runtime = await testRuntime();
    const { subject, seen } = shop();
    const handle = await runtime.start(buyer(subject, 'tea', { approval: true, effect: 'write' }), 'Buy.');
    await runtime.settle();
    const [ticket] = await runtime.tickets(handle.id);
    expect(seen.reserved).toBe(0);
    await runtime.answer(ticket!.id, { approved: true });
    await runtime.advance('2h');
    expect(await handle.outcome()).toMatchObject({ status: 'done' });
  });

  test.each([
    [
      'in a team',
      (subject: ReturnType<typeof buyer>) =>
        pipeline({ name: 'line', stages: [subject], budget: { steps: 9 }, deadline: '1d' }),
    ],
    ['behind guardrails', (subject: ReturnType<typeof buyer>) => guarded(subject, [guardrails.timeout({ max: '2d' })])],
    [
      'of an agent that another one calls',
      (subject: ReturnType<typeof buyer>) =>
        agent({
          name: 'boss',
          deadline: '1d',
          budget: { steps: 9, tokens: 9_000 },
          tools: [asTool(subject, { description: 'Buys.' })],
          model: callingModel({ name: 'buyer', input: { task: 'Buy.' } }),
        }),
    ],
  ])('works %s', async (_, wrap) => {
    await using runtime = await testRuntime();
    const handle = await runtime.start(wrap(buyer(shop().subject)) as never, 'Buy.' as never);
    await runtime.advance('3h');
    expect(await handle.outcome()).toMatchObject({ status: 'done', output: '{"code":"R-tea","count":2}' });
  });

  test('is a worker of a supervisor team beside agents', async () => {
    await using runtime = await testRuntime();
    const desk = supervisorTeam({
      name: 'desk',
      supervisor: agent({ name: 'lead', model: callingModel({ name: 'shop', input: { item: 'tea', count: 1 } }) }),
      workers: [replyingAgent('critic'), asTool(shop().subject, { description, input })],
      deadline: '1d',
    });
    const handle = await runtime.start(desk, 'Buy.');
    await runtime.advance('3h');
    expect(await handle.outcome()).toMatchObject({ status: 'done', output: '{"code":"R-tea","count":1}' });
  });

  test('with another input or another chart is another version of its agent', async () => {
    await using runtime = await testRuntime();
    const { subject } = shop();
    const [one, same, other] = [
      buyer(subject),
      buyer(subject),
      buyer(subject, 'tea', { input: z.object({ item: z.string(), count: z.number() }) }),
    ];
    expect(runtime.versionOf({ ...one, tools: one.tools })).toBe(runtime.versionOf({ ...one, tools: same.tools }));
    expect(runtime.versionOf({ ...one, tools: one.tools })).not.toBe(runtime.versionOf({ ...one, tools: other.tools }));
  });

  test.each([
    ['without a schema of its input', {}, /needs the schema of its input/],
    ['with an effect that is none', { input, effect: 'sometimes' }, /pure, read, write/],
    ['with an option that is none', { input, inputs: 1 }, /inputs/],
  ])('is refused %s', (_, options, message) => {
    expect(() => asTool(shop().subject, { description, ...options } as never)).toThrow(message);
  });

  test('has options that an agent has not', () => {
    const other = agent({ name: 'other', model: scriptedModel([]) });
    expect(() => asTool(other, { description, input } as never)).toThrow(/input/);
  });
});
