/** A mutant that takes every end event for the end of the effect that is pending now: the crash test must report it. */
import { expect, test, vi } from 'vitest';
import { crashEverywhere } from '../../src/testing/crash/crashEverywhere.ts';
import type { ProcessParts } from '../../src/testing/world/crashPoints.ts';
import { stepByStep } from './journals.ts';
import { rounds } from './scenarios.ts';

vi.mock('../../src/core/stale.ts', () => ({ isStale: () => false }));

test('the crash test finds: no check for stale events', async () => {
  // Messages that travel by themselves: within one commit nothing can become stale.
  const fault = (parts: ProcessParts) => ({ ...parts, journal: stepByStep(parts.journal) });
  const { violations } = await crashEverywhere(rounds, { patience: 80, fault });
  expect(violations.length).toBeGreaterThan(0);
});
