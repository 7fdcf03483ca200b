/** A future whose result nobody takes is part of its flow all the same. */
import { expect, test } from 'vitest';
import { checkpoint, flow, run } from '../../src/index.ts';

const square = checkpoint('square', (n: number) => {
  if (n < 0) throw new Error('no root');
  return n * n;
});

test.each([
  ['when the body ends at once', 0],
  ['when the body was told of it long before', 5],
])('a future that fails fails the flow, although nobody takes its result: %s', async (_, steps) => {
  const forgetful = flow('forgetful', async (ctx) => {
    ctx.submit(square, -1);
    for (let step = 0; step < steps; step++) await ctx.checkpoint('step', () => step);
    return 'done';
  });
  await expect(run(forgetful, null, { db: 'memory' })).rejects.toThrow('no root');
});

test('one whose failure was taken does not', async () => {
  const careful = flow('careful', async (ctx) => {
    const future = ctx.submit(square, -1);
    return future.result().catch(() => 'negative');
  });
  expect(await run(careful, null, { db: 'memory' })).toBe('negative');
});

test('what is no list cannot be mapped over, and the error says what was given', async () => {
  const wrong = flow('wrong', async (ctx) => ctx.map(square, 5 as never));
  await expect(run(wrong, null, { db: 'memory' })).rejects.toThrow(
    'ctx.map("square") takes a list of items, such as an array, and was given number 5',
  );
});
