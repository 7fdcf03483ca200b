/** A flow that is begun again after each call is the same flow; one that depends on chance is found out. */
import { expect, test } from 'vitest';
import { replayed } from 'troupe/testing';
import { checkpoint, flow, run } from '../../src/index.ts';
import { journalOf } from './processes.ts';

test('a body that is begun again after each call gives the same, and performs nothing twice', async () => {
  const { done, does } = journalOf();
  const item = checkpoint('item', (n: number) => does(`item ${n}`));
  let begun = 0;
  const steps = flow('steps', async (ctx) => {
    begun++;
    const draft = await ctx.checkpoint('draft', () => does('draft'));
    const items = await ctx.map(item, [1, 2, 3]);
    await ctx.sleep('1ms');
    return [draft, ...items, await ctx.checkpoint('last', () => does('last'))];
  });
  const expected = ['draft', 'item 1', 'item 2', 'item 3', 'last'];
  expect(await run(replayed(steps), null, { db: 'memory' })).toEqual(expected);
  expect(done).toEqual(expected);
  expect(begun).toBeGreaterThan(4);
});

test('a body that decides by chance what it calls is found', async () => {
  const dice = flow('dice', async (ctx) => {
    for (let i = 0; i < 40; i++) await ctx.checkpoint(Math.random() < 0.5 ? 'heads' : 'tails', () => i);
  });
  await expect(run(replayed(dice), null, { db: 'memory' })).rejects.toMatchObject({ kind: 'diverged' });
});
