/** Flows on a journal that many processes share: what is rare on one disk goes the same way after a take-over. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import * as z from 'zod';
import { simulate, type SimulationScenario } from 'troupe/testing';
import { agent, asTool, checkpoint, flow } from '../../src/index.ts';
import { built } from '../built.ts';
import { workspace } from '../cli/troupe.ts';
import { callingModel } from '../define/presets/participants.ts';
import { seedsOf } from '../dose.ts';
import { limits } from '../limits.ts';
import { natsServer } from '../nats/server.ts';

const { seeds, timeout } = seedsOf(15, 1_000);

const square = checkpoint('square', (n: number) => {
  if (n < 0) throw new Error('no root');
  return n * n;
});
const even = z.number().refine((n) => n % 2 === 0, 'must be even');

/** A question whose first answer only code can refuse, and futures that nobody takes. */
const refused = flow('refused', async (ctx) => {
  ctx.submit(square, 3);
  const number = await ctx.wait({ name: 'number', schema: even, question: 'Which one?' });
  ctx.submit(square, 4);
  await ctx.sleep('10s');
  return number;
});
/** A future that fails, and that nobody takes. */
const forgetful = flow('forgetful', async (ctx) => {
  ctx.submit(square, -1);
  await ctx.wait({ name: 'ok', schema: z.boolean() });
  for (let step = 0; step < 3; step++) await ctx.checkpoint('step', () => step);
  return 'done';
});
/** A checkpoint that loses a race, and fails when the body has what it needs. */
const races = flow('races', async (ctx) => {
  const late = ctx.checkpoint('late', async () => {
    await Promise.resolve();
    throw new Error('too late');
  });
  const first = await Promise.race([ctx.checkpoint('early', () => 'early'), late.catch(() => 'late')]);
  await ctx.wait({ name: 'ok', schema: z.boolean() });
  return ['early', 'late'].includes(first);
});
/** A flow as a tool of an agent: it asks, sleeps, and gives what it was told. */
const order = flow('order', { input: z.object({ item: z.string() }) }, async (ctx, { item }) => {
  const reserved = await ctx.checkpoint('reserve', () => `reserved ${item}`);
  const number = await ctx.wait({ name: 'number', schema: even, question: 'How many?' });
  await ctx.sleep('10s');
  return ctx.checkpoint('buy', () => `${reserved}, ${number}`);
});
const buyer = agent({
  name: 'buyer',
  deadline: '30d',
  tools: [asTool(order, { description: 'Orders something.' })],
  model: callingModel({ name: 'order', input: { item: 'tea' } }),
});

const outputOf = (row: { readonly snapshot: unknown } | undefined) =>
  (row?.snapshot as { state?: { output?: unknown } } | undefined)?.state?.output;

const scenarios: Readonly<Record<string, () => SimulationScenario>> = {
  'a question that was asked again because code refused its answer': () => ({
    subject: refused,
    input: null,
    answer: ({ question }) => (question.includes('was not taken') ? 4 : 3),
    invariants: {
      'the answer that fits is the result': ({ root }) =>
        JSON.stringify(outputOf(root)) === '{"status":"completed","output":4}' || root?.status !== 'done'
          ? undefined
          : `It came to ${JSON.stringify(outputOf(root))}.`,
    },
  }),
  'a future that failed and that nobody took': () => ({
    subject: forgetful,
    input: null,
    answer: () => true,
    invariants: {
      'the flow has failed with it': ({ root }) =>
        root?.status !== 'done' || JSON.stringify(outputOf(root)).includes('no root')
          ? undefined
          : `It came to ${JSON.stringify(outputOf(root))}.`,
    },
  }),
  'a checkpoint that lost a race': () => ({
    subject: races,
    input: null,
    answer: () => true,
    invariants: {
      'its failure fails nothing': ({ root }) =>
        root?.status !== 'done' || JSON.stringify(outputOf(root)) === '{"status":"completed","output":true}'
          ? undefined
          : `It came to ${JSON.stringify(outputOf(root))}.`,
    },
  }),
  'a flow that is a tool of an agent, whose first answer was refused': () => ({
    subject: buyer,
    input: 'Buy.',
    answer: ({ question }) => (question.includes('was not taken') ? 4 : 3),
    invariants: {
      // A model that fails each time that it is asked fails the agent.
      'its result is the result of the call': ({ root }) =>
        root?.status !== 'done' || /reserved tea, 4|"kind":"transient"/.test(JSON.stringify(outputOf(root)))
          ? undefined
          : `It came to ${JSON.stringify(outputOf(root))}.`,
    },
  }),
};

test.each(Object.entries(scenarios))(
  '%s goes the same way whichever process takes the run over, and whatever goes wrong with the store',
  async (_, scenario) => {
    const { failures, faults } = await simulate(scenario, { seeds, shared: true });
    expect(failures).toEqual([]);
    expect(faults.crash).toBeGreaterThan(0);
  },
  timeout,
);

test(
  'on a real server: a process that is killed after an answer was refused is followed by one that asks the same, and repeats nothing',
  { timeout: limits.long },
  async () => {
    await using server = await natsServer();
    using dir = workspace();
    const file = built(join(import.meta.dirname, 'fixtures/refused.ts'));
    const onServer = ['--nats', server.url];
    const waits = async () =>
      JSON.parse((await dir.troupe('waits', 'list', '--json', ...onServer)).out) as { question: string }[];
    const first = dir.start('run', file, '--key', 'k', ...onServer);
    await first.until(/squared/);
    await expect.poll(async () => (await waits()).length, { timeout: limits.step }).toBe(1);
    expect((await dir.troupe('waits', 'answer', 'k', '--value', '3', ...onServer)).code).toBe(0);
    await expect
      .poll(async () => (await waits())[0]?.question, { timeout: limits.step })
      .toMatch(/Which one.*must be even/s);
    first.process.kill('SIGKILL');
    await first.ended;
    dir.file('go', '');
    expect((await dir.troupe('waits', 'answer', 'k', '--value', '4', ...onServer)).code).toBe(0);
    expect(await dir.troupe('run', file, '--key', 'k', '--quiet', ...onServer)).toMatchObject({ code: 0, out: '4\n' });
    expect(readFileSync(join(dir.folder, 'done.txt'), 'utf8')).toBe('9\n16\n');
  },
);

test(
  'on a real server: a flow that is a tool of an agent goes on in the next process, wherever the one before was killed, and of two answers that nobody was there to take one counts',
  { timeout: limits.long },
  async () => {
    await using server = await natsServer();
    using dir = workspace();
    const file = built(join(import.meta.dirname, 'fixtures/shop.ts'));
    const onServer = ['--nats', server.url];
    const run = ['run', file, '--key', 'k', '--input', '"Buy."', '--quiet', ...onServer];
    const killed = async (says: RegExp, ...args: string[]) => {
      const running = dir.start(...args);
      await running.until(says);
      return async () => {
        running.process.kill('SIGKILL');
        await running.ended;
      };
    };
    const kill = await killed(/reserve tea/, ...run);
    const waits = async () =>
      JSON.parse((await dir.troupe('waits', 'list', '--json', ...onServer)).out) as { name: string }[];
    await expect.poll(async () => (await waits()).map(({ name }) => name), { timeout: limits.step }).toEqual(['ok']);
    await kill();
    const answer = () => dir.troupe('waits', 'answer', 'k', '--value', 'true', ...onServer);
    const told = await Promise.all([answer(), answer()]);
    expect(told.filter(({ code }) => code === 0)).toHaveLength(1);
    expect(told.find(({ code }) => code !== 0)?.err).toMatch(/answered already/);
    await (
      await killed(/buy tea/, ...run)
    )();
    dir.file('go', '');
    expect(await dir.troupe(...run)).toMatchObject({ code: 0, out: 'early tea\n' });
    const done = readFileSync(join(dir.folder, 'done.txt'), 'utf8').trim().split('\n');
    expect(done.map((line) => line.split(' ')[0])).toEqual(['reserve', 'buy', 'buy']);
    // What was under way is repeated under its key.
    expect(done[1]).toBe(done[2]);
  },
);
