/** Questions that are answered together: none is asked again, and each has one answer. */
import { expect, test } from 'vitest';
import * as z from 'zod';
import { flow, openRuntime, type Runtime } from '../../src/index.ts';
import { onDisk, resultIn, untilRest } from './processes.ts';

test('two questions that were answered while no process ran the flow are not asked a second time', async () => {
  const ask = flow('ask', async (ctx) => {
    await Promise.all([ctx.wait({ name: 'first' }), ctx.wait({ name: 'second' })]);
    await ctx.wait({ name: 'last' });
  });
  const open = onDisk();
  {
    await using first = await open();
    await untilRest(first, ask, null);
  }
  {
    await using person = await open();
    for (const { id } of await person.tickets('r')) await person.answer(id, null);
  }
  await using second = await open();
  expect(await untilRest(second, ask, null)).toMatchObject({ status: 'waiting', tickets: [{ name: 'last' }] });
  expect(await second.tickets('r')).toHaveLength(1);
});

const name = flow('name', async (ctx) => ctx.wait({ name: 'name', schema: z.string() }));

test.each([
  ['two processes, while no process has the run', async (open: () => Promise<Runtime>) => [await open(), await open()]],
  ['two requests of one process', async (open: () => Promise<Runtime>) => Array.from({ length: 2 }, await same(open))],
])('of two answers at once one is taken, also when both say the same: %s', async (_, people) => {
  const open = onDisk();
  {
    await using first = await open();
    await untilRest(first, name, null);
  }
  const both = await people(open);
  const [ticket] = await both[0]!.tickets('r');
  const told = await Promise.allSettled(both.map((one) => one.answer(ticket!.id, 'ada', 'a person')));
  expect(told.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  expect(told.find(({ status }) => status === 'rejected')).toMatchObject({ reason: { kind: 'conflict' } });
  for (const one of new Set(both)) await one[Symbol.asyncDispose]();
  await using second = await open();
  expect(resultIn(await untilRest(second, name, null))).toBe('ada');
});

test('of two answers at once one is taken where the run is at work, also when both say the same', async () => {
  await using runtime = await openRuntime({ db: 'memory' });
  const handle = await runtime.start(name, null, { key: 'r' });
  await handle.outcome({ returnWhenWaiting: true });
  const [ticket] = await runtime.tickets('r');
  const told = await Promise.allSettled([1, 2].map(() => runtime.answer(ticket!.id, 'ada', 'a person')));
  expect(told.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  expect(resultIn(await handle.outcome())).toBe('ada');
});

/** The same runtime each time. */
async function same(open: () => Promise<Runtime>): Promise<() => Runtime> {
  const runtime = await open();
  return () => runtime;
}
