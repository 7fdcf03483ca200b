/**
 * Answers of a model as a budget: an attempt holds what it may take until it ends, and is then charged what it took.
 * What is used and what is held together are never more than the limit, however many attempts there are at once.
 */
import type { Job, Queued, RouterContext } from './context.ts';
import { openJobs } from './context.ts';
import type { Desk } from './desk.ts';

const isHolding = ({ stage }: Job): boolean => stage === 'working' || stage === 'stopping';

/** What nobody has used and nobody holds. */
function free(facts: RouterContext): number {
  const held = openJobs(facts).reduce((sum, job) => sum + (isHolding(job) ? job.granted : 0), 0);
  return (facts.limits.maxTotalSteps ?? Infinity) - facts.consumed - held;
}

/** What an attempt by this member may take when there is enough for all. A member's own limit holds whatever the task says. */
export function wanted({ settings }: Pick<Desk, 'settings'>, entry: Queued | Job, member: number): number {
  const { maxSteps, steps } = settings.members[member]!;
  const { task, allowance } = entry;
  const left = (task.budgetSteps ?? Infinity) - ('used' in entry ? entry.used.steps : 0);
  return Math.min(task.maxSteps ?? maxSteps ?? steps, steps, left, allowance?.steps ?? Infinity);
}

/** What it is given: less than wanted only when nobody else could bring something back. */
export const grant = (desk: Desk, entry: Queued | Job, member: number): number =>
  Math.max(1, Math.min(wanted(desk, entry, member), free(desk.facts)));

/** Is it better to wait until those at work have settled? */
export function isShort(desk: Desk, entry: Queued | Job, members: readonly number[]): boolean {
  const need = members.reduce((sum, member) => sum + wanted(desk, entry, member), 0);
  const left = free(desk.facts);
  return need > left && (left < members.length || openJobs(desk.facts).some(isHolding));
}

/** Why no further attempt is begun; undefined while there is something left. */
export function spentBudget({ limits, consumed, dispatched }: RouterContext, isNew: boolean): string | undefined {
  const { maxTotalSteps, maxTotalTasks } = limits;
  if (isNew && maxTotalTasks !== null && dispatched >= maxTotalTasks)
    return `The task budget is exhausted: ${dispatched} tasks were dispatched, and no more than ${maxTotalTasks} may be. Raise maxTotalTasks.`;
  if (maxTotalSteps !== null && consumed >= maxTotalSteps)
    return `The step budget is exhausted: ${consumed} of ${maxTotalSteps} steps are used. Raise maxTotalSteps.`;
  return undefined;
}
