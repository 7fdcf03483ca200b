/** A mutant that takes every end event for the end of the effect that is pending now: the crash test must report it. */
import { expect, test, vi } from 'vitest';
import { crashEverywhere } from '../../src/testing/crash/crashEverywhere.ts';
import { rounds } from './scenarios.ts';

vi.mock('../../src/core/stale.ts', () => ({ isStale: () => false }));

test('the crash test finds: no check for stale events', async () => {
  const { violations } = await crashEverywhere(rounds, { patience: 80 });
  expect(violations.length).toBeGreaterThan(0);
});
