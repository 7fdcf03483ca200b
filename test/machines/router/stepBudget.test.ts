/** The steps that are left to an orchestration, while attempts and the choice of a member are under way. */
import { expect, test } from 'vitest';
import type { RouterContext } from '../../../machines/router/context.ts';
import { freeSteps, spentBudget } from '../../../machines/router/stepBudget.ts';

/** Of a job and of the context only the fields that count steps are given. */
const contextOf = (facts: {
  maxTotalSteps?: number | null;
  maxTotalTasks?: number | null;
  consumed?: number;
  dispatched?: number;
  jobs?: readonly ({ stage: string; granted: number } | null)[];
}) => {
  const { maxTotalSteps = 10, maxTotalTasks = null, consumed = 0, dispatched = 0, jobs = [] } = facts;
  return { limits: { maxTotalSteps, maxTotalTasks }, consumed, dispatched, jobs } as unknown as RouterContext;
};

test('steps are held by attempts under way, by those that are told to stop, and by the choice of a member; by nothing else', () => {
  const jobs = [
    { stage: 'working', granted: 3 },
    { stage: 'stopping', granted: 2 },
    { stage: 'choosing', granted: 1 },
    { stage: 'resting', granted: 0 },
    null,
  ];
  expect(freeSteps(contextOf({ jobs }))).toBe(4);
  expect(freeSteps(contextOf({ jobs, consumed: 4 }))).toBe(0);
  expect(freeSteps(contextOf({ jobs, consumed: 4, maxTotalSteps: null }))).toBe(Infinity);
});

test('a limit is reached by exactly as many steps and tasks as it says; a task that was begun is not a new one', () => {
  expect(spentBudget(contextOf({ consumed: 9 }), true)).toBeUndefined();
  expect(spentBudget(contextOf({ consumed: 10 }), true)).toMatch(/10 of 10 steps/);
  const full = contextOf({ maxTotalTasks: 2, dispatched: 2 });
  expect(spentBudget(full, true)).toMatch(/2 tasks were dispatched/);
  expect(spentBudget(full, false)).toBeUndefined();
  expect(spentBudget(contextOf({ maxTotalTasks: 2, dispatched: 1 }), true)).toBeUndefined();
});
