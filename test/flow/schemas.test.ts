/** Schemas that wait for something, or give another value than they take. */
import { expect, test } from 'vitest';
import * as z from 'zod';
import { flow, run } from '../../src/index.ts';

const slow = z.string().refine(async (text) => text.length > 1);

test('the schema of a result may wait for something, and may give another value', async () => {
  const steps = flow('steps', { output: slow.transform((text) => text.length) }, async (ctx) => {
    const length = await ctx.checkpoint(
      'write',
      { output: slow.transform((text) => text.length) },
      () => 'abc' as never,
    );
    return 'x'.repeat(length as unknown as number) as never;
  });
  expect(await run(steps, null, { db: 'memory' })).toBe(3);
});

test('a result that does not fit a schema that waits fails the call', async () => {
  const steps = flow('steps', async (ctx) => ctx.checkpoint('write', { output: slow }, () => 'a'));
  await expect(run(steps, null, { db: 'memory' })).rejects.toMatchObject({ kind: 'invalid' });
});

test('the schema of an input that waits is refused, with what to do', async () => {
  const steps = flow('steps', { input: slow }, async () => 'done');
  await expect(run(steps, 'abc', { db: 'memory' })).rejects.toMatchObject({
    kind: 'definition',
    message: expect.stringContaining('Check that in a checkpoint') as string,
  });
});

test.each([
  ['undefined', undefined],
  ['null', null],
])('of a flow whose input may be left out, %s is none, also for a child', async (_, nothing) => {
  const greet = flow('greet', { input: z.object({ who: z.string() }).default({ who: 'you' }) }, (ctx, { who }) => who);
  const maybe = flow('maybe', { input: z.string().optional() }, (ctx, who) => who ?? 'nobody');
  const both = flow('both', { uses: [greet, maybe] }, async (ctx) => [
    await ctx.run(greet, nothing as undefined),
    await ctx.run(maybe, nothing as undefined),
  ]);
  expect(await run(greet, nothing as undefined, { db: 'memory' })).toBe('you');
  expect(await run(both, null, { db: 'memory' })).toEqual(['you', 'nobody']);
  const needed = flow('needed', { input: z.string() }, (ctx, who) => who);
  await expect(run(needed, nothing as never, { db: 'memory' })).rejects.toMatchObject({ kind: 'invalid' });
});
