/** Results of earlier runs: taken only for what is known to be the same. */
import { expect, test } from 'vitest';
import * as z from 'zod';
import { checkpoint, flow, openRuntime } from '../../../src/index.ts';
import { journalOf, untilRest } from '../processes.ts';

test('a flow that takes earlier results takes those for the same input, and never those of a function whose input is not known', async () => {
  const { done, does } = journalOf();
  const length = checkpoint('length', (text: string) => does(text).length);
  const greet = flow('greet', { input: z.object({ who: z.string() }), cache: true }, async (ctx, { who }) => {
    const text = await ctx.checkpoint('write', () => `Hello ${does(who)}`);
    return `${text}, ${await length.call(ctx, 'five5')}`;
  });
  await using runtime = await openRuntime({ db: 'memory' });
  expect(await untilRest(runtime, greet, { who: 'ada' }, 'one')).toMatchObject({ output: 'Hello ada, 5' });
  expect(await untilRest(runtime, greet, { who: 'grace' }, 'two')).toMatchObject({ output: 'Hello grace, 5' });
  expect(done).toEqual(['ada', 'five5', 'grace']);
});

test('a function without an input that says so itself is taken from an earlier run, until it is too old', async () => {
  const { done, does } = journalOf();
  const token = flow('token', async (ctx) => ctx.checkpoint('token', { cache: { maxAge: '1h' } }, () => does('asked')));
  await using runtime = await openRuntime({ db: 'memory' });
  for (const key of ['one', 'two'])
    expect(await untilRest(runtime, token, null, key)).toMatchObject({ output: 'asked' });
  expect(done).toEqual(['asked']);
});
