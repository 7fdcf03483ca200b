/** A branch of a flow that nobody awaits throws while the flow is simulated or crashed: it fails the flow, as in a runtime, and not the process of the test. */
import { expect, test } from 'vitest';
import { checkpoint, flow } from 'troupe';
import { crashEverywhere, simulate } from 'troupe/testing';

const look = checkpoint('look', () => 'nothing');

const scenario = (after: 'a checkpoint' | 'a timer') => () => ({
  subject: flow('order', async (ctx) => {
    await ctx.checkpoint('reserve', () => 'reserved');
    const branch = () => {
      throw new RangeError('sold out');
    };
    if (after === 'a checkpoint') void look.call(ctx, null).then(branch);
    else await ctx.checkpoint('wait', () => void setImmediate(branch));
    await ctx.sleep('1m');
    return ctx.checkpoint('buy', () => 'bought');
  }),
  input: null,
});

// What a timer throws is gone with the process that had it, so that only without faults it fails each time.
test.each([
  ['a checkpoint', {}],
  ['a timer', { faults: [] }],
] as const)('after %s, simulated', async (after, faults) => {
  const { results, failures } = await simulate(scenario(after), { seeds: 5, ...faults });
  expect(failures).toEqual([]);
  for (const { end } of results) expect(end).toContain('sold out');
});

test('after a checkpoint, crashed everywhere', async () => {
  const { violations, points } = await crashEverywhere(scenario('a checkpoint'));
  expect(violations).toEqual([]);
  expect(points).toBeGreaterThan(2);
});
