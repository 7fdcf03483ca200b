/**
 * Answers of a model (steps) as a budget: steps are reserved for an attempt until it ends, and then those that it took are charged.
 * Used and reserved steps together never exceed the limit, however many attempts are under way.
 */
import type { AgentUsage } from '../../src/contracts/agent.ts';
import { addUsage } from '../usage.ts';
import { isActiveJob, type TaskJob, type QueuedTask, type RouterContext } from './context.ts';
import { memberProfileAt, type RouterDraft } from './draft.ts';

const holdsSteps = (job: TaskJob | null): job is TaskJob => isActiveJob(job) || job?.stage === 'choosing';

/** The steps that are neither used nor reserved. */
export function freeSteps({ limits, consumed, jobs }: RouterContext): number {
  if (limits.maxTotalSteps === null) return Infinity;
  const held = jobs.reduce((sum, job) => sum + (holdsSteps(job) ? job.granted : 0), 0);
  return limits.maxTotalSteps - consumed - held;
}

/** The steps that an attempt by this member may take if there are enough. The member's own limit holds whatever the task says. */
export function wantedSteps(draft: Pick<RouterDraft, 'settings'>, entry: QueuedTask | TaskJob, member: number): number {
  const { maxSteps, steps } = memberProfileAt(draft, member);
  const { task, allowance } = entry;
  const left = Math.min(task.budgetSteps ?? Infinity, allowance?.steps ?? Infinity);
  return Math.min(task.maxSteps ?? maxSteps ?? steps, steps, left - ('used' in entry ? entry.used.steps : 0));
}

/** The steps that an attempt is given when so many share what is left. */
export const grantedSteps = (draft: RouterDraft, entry: QueuedTask | TaskJob, member: number, shares: number): number =>
  Math.min(wantedSteps(draft, entry, member), Math.floor(freeSteps(draft.context) / shares));

/** Whether there are steps for each of these members. `short`: attempts under way may give some back, so the task waits. */
export const stepSupply = (draft: RouterDraft, entry: QueuedTask | TaskJob, members: readonly number[]): Supply =>
  supplyOf(
    draft,
    members.map((member) => wantedSteps(draft, entry, member)),
  );

/** The same for the one answer of a model that chooses the member. */
export const stepSupplyOfChoice = (draft: RouterDraft): Supply => supplyOf(draft, [1]);

type Supply = 'enough' | 'short' | 'spent';
function supplyOf({ context }: RouterDraft, needs: readonly number[]): Supply {
  const left = freeSteps(context);
  if (needs.some((need) => need < 1)) return 'spent';
  if (needs.reduce((sum, need) => sum + need, 0) <= left) return 'enough';
  if (context.jobs.some(holdsSteps)) return 'short';
  return left < needs.length ? 'spent' : 'enough';
}

/** Charges what was used outside of attempts. */
export function chargeUsage({ context }: RouterDraft, usage: AgentUsage | undefined): void {
  if (usage === undefined) return;
  context.consumed += usage.steps;
  context.used = addUsage(context.used, usage);
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
