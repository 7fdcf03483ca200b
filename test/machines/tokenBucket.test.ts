/** Token buckets: what was not used is not saved up beyond a full bucket, and a clock that is set back gives nothing. */
import { expect, test } from 'vitest';
import { bucketWait, takeFromBucket, type TokenBuckets } from '../../machines/guardrail/tokenBucket.ts';

const rates = { tasks: 2, tokens: 100, per: 1_000 };
const take = (buckets: TokenBuckets, at: number, what: { tasks?: number; tokens?: number } = { tasks: 1 }) =>
  takeFromBucket(buckets, 'ada', what, rates, at);
const waitAt = (buckets: TokenBuckets, at: number) => bucketWait(buckets, 'ada', rates, at);

test('after any rest a bucket allows what a full one allows, and no more', () => {
  const empty = take(take({}, 0), 0);
  expect([waitAt(empty, 0), waitAt(empty, 250), waitAt(empty, 500)]).toEqual([500, 250, 0]);
  for (const rest of [1_000, 100_000]) {
    const once = take(empty, rest);
    expect(waitAt(once, rest)).toBe(0);
    expect(waitAt(take(once, rest), rest)).toBe(500);
  }
  const inDebt = take({}, 0, { tokens: 150 });
  expect(waitAt(inDebt, 100_000)).toBe(0);
  expect(waitAt(take(inDebt, 100_000, { tokens: 101 }), 100_000)).toBeGreaterThan(0);
});

test('a clock that is set back refills nothing, and nothing is refilled twice for the same time', () => {
  const empty = take(take({}, 10_000), 10_000);
  expect(waitAt(empty, 0)).toBe(500);
  const back = take(empty, 5_000, { tasks: 0 });
  expect(waitAt(back, 10_000)).toBe(500);
});
