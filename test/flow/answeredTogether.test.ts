/** Questions that were answered while no process ran the flow: none is asked again. */
import { expect, test } from 'vitest';
import { flow } from '../../src/index.ts';
import { onDisk, untilRest } from './processes.ts';

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
