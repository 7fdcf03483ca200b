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
