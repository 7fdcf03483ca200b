/** The mutant that takes every end for the end of what is pending now: the proof must complain. */
import { expect, test, vi } from 'vitest';
import { crashEverywhere } from '../../src/testing/crash/crashEverywhere.ts';
import { rounds } from './scenarios.ts';

vi.mock('../../src/core/stale.ts', () => ({ isStale: () => false }));

test('the proof catches: no stale check', async () => {
  const { violations } = await crashEverywhere(rounds, { patience: 80 });
  expect(violations.length).toBeGreaterThan(0);
});
