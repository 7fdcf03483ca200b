/** Whatever is pulled, whenever: the run goes on, ends the same, and does nothing twice (E5). */
import { expect, test } from 'vitest';
import { crashEverywhere } from '../../src/testing/crashEverywhere.ts';
import { reference } from './reference.ts';

test(
  'a run that is killed before and after every commit, message, result and acknowledgement ends as if nothing had happened',
  { timeout: 120_000 },
  async () => {
    const { points, crashes, violations } = await crashEverywhere({ scenario: reference });
    expect(violations).toEqual([]);
    expect(points).toBeGreaterThan(15);
    expect(crashes).toBe(points * 2);
  },
);
