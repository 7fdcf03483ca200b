/**
 * Answers of a model (steps) as a budget: steps are reserved for an attempt until it ends, and then those that it took are charged.
 * Used and reserved steps together never exceed the limit, however many attempts are under way.
 */
import type { AgentUsage } from '../../src/contracts/agent.ts';
import { together } from '../member.ts';
import { isActive, type Job, type Queued, type RouterContext } from './context.ts';
import { profileOf, type Desk } from './draft.ts';

const isHolding = (job: Job | null): job is Job => isActive(job) || job?.stage === 'choosing';

/** The steps that are neither used nor reserved. */
export function free({ limits, consumed, jobs }: RouterContext): number {
  if (limits.maxTotalSteps === null) return Infinity;
  const held = jobs.reduce((sum, job) => sum + (isHolding(job) ? job.granted : 0), 0);
  return limits.maxTotalSteps - consumed - held;
}

/** The steps that an attempt by this member may take if there are enough. The member's own limit holds whatever the task says. */
export function wanted(draft: Pick<Desk, 'settings'>, entry: Queued | Job, member: number): number {
  const { maxSteps, steps } = profileOf(draft, member);
  const { task, allowance } = entry;
  const left = Math.min(task.budgetSteps ?? Infinity, allowance?.steps ?? Infinity);
  return Math.min(task.maxSteps ?? maxSteps ?? steps, steps, left - ('used' in entry ? entry.used.steps : 0));
}

/** The steps that an attempt is given when so many share what is left. */
export const grant = (draft: Desk, entry: Queued | Job, member: number, shares: number): number =>
  Math.min(wanted(draft, entry, member), Math.floor(free(draft.facts) / shares));

/** Whether there are steps for each of these members. `short`: attempts under way may give some back, so the task waits. */
export const supply = (draft: Desk, entry: Queued | Job, members: readonly number[]): Supply =>
  supplyOf(
    draft,
    members.map((member) => wanted(draft, entry, member)),
  );

/** The same for the one answer of a model that chooses the member. */
export const supplyOfChoice = (draft: Desk): Supply => supplyOf(draft, [1]);

type Supply = 'enough' | 'short' | 'spent';
function supplyOf({ facts }: Desk, needs: readonly number[]): Supply {
  const left = free(facts);
  if (needs.some((need) => need < 1)) return 'spent';
  if (needs.reduce((sum, need) => sum + need, 0) <= left) return 'enough';
  if (facts.jobs.some(isHolding)) return 'short';
  return left < needs.length ? 'spent' : 'enough';
}

/** Charges what was used outside of attempts. */
export function charge({ facts }: Desk, usage: AgentUsage | undefined): void {
  if (usage === undefined) return;
  facts.consumed += usage.steps;
  facts.used = together(facts.used, usage);
}

/** Why no further attempt is begun; undefined while there are steps and tasks left. */
export function spentBudget({ limits, consumed, dispatched }: RouterContext, isNew: boolean): string | undefined {
  const { maxTotalSteps, maxTotalTasks } = limits;
  if (isNew && maxTotalTasks !== null && dispatched >= maxTotalTasks)
    return `The task budget is exhausted: ${dispatched} tasks were dispatched, and no more than ${maxTotalTasks} may be. Raise maxTotalTasks.`;
  if (maxTotalSteps !== null && consumed >= maxTotalSteps)
    return `The step budget is exhausted: ${consumed} of ${maxTotalSteps} steps are used. Raise maxTotalSteps.`;
  return undefined;
}
