/**
 * Answers of a model as a budget: an attempt holds what it may take until it ends, and is then charged what it took.
 * What is used and what is held together are never more than the limit, however many attempts there are at once.
 */
import type { AgentUsage } from '../../src/contracts/agent.ts';
import { together } from '../member.ts';
import type { Job, Queued, RouterContext } from './context.ts';
import type { Desk } from './desk.ts';

const isHolding = (job: Job | null): job is Job =>
  job?.stage === 'working' || job?.stage === 'stopping' || job?.stage === 'choosing';

/** What nobody has used and nobody holds. */
export function free({ limits, consumed, jobs }: RouterContext): number {
  if (limits.maxTotalSteps === null) return Infinity;
  const held = jobs.reduce((sum, job) => sum + (isHolding(job) ? job.granted : 0), 0);
  return limits.maxTotalSteps - consumed - held;
}

/** What an attempt by this member may take when there is enough for all. A member's own limit holds whatever the task says. */
export function wanted({ settings }: Pick<Desk, 'settings'>, entry: Queued | Job, member: number): number {
  const { maxSteps, steps } = settings.members[member]!;
  const { task, allowance } = entry;
  const left = Math.min(task.budgetSteps ?? Infinity, allowance?.steps ?? Infinity);
  return Math.min(task.maxSteps ?? maxSteps ?? steps, steps, left - ('used' in entry ? entry.used.steps : 0));
}

/** What it is given, when so many are begun one after the other: less than wanted only when nobody else could bring something back. */
export const grant = (desk: Desk, entry: Queued | Job, member: number, shares: number): number =>
  Math.min(wanted(desk, entry, member), Math.floor(free(desk.facts) / shares));

/** Is there something for each? `short`: it is better to wait until those at work have settled. */
export const supply = (desk: Desk, entry: Queued | Job, members: readonly number[]): Supply =>
  supplyOf(
    desk,
    members.map((member) => wanted(desk, entry, member)),
  );

/** The same for the one answer that may decide who has a task. */
export const supplyOfChoice = (desk: Desk): Supply => supplyOf(desk, [1]);

type Supply = 'enough' | 'short' | 'spent';
function supplyOf({ facts }: Desk, needs: readonly number[]): Supply {
  const left = free(facts);
  if (needs.some((need) => need < 1)) return 'spent';
  if (needs.reduce((sum, need) => sum + need, 0) <= left) return 'enough';
  if (facts.jobs.some(isHolding)) return 'short';
  return left < needs.length ? 'spent' : 'enough';
}

/** What was used beside the attempts. */
export function charge({ facts }: Desk, usage: AgentUsage | undefined): void {
  if (usage === undefined) return;
  facts.consumed += usage.steps;
  facts.used = together(facts.used, usage);
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
