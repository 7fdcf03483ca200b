/**
 * The budget of work that came with a lease: a share for each attempt, and more if the lender agrees.
 * Messages about a lease go up and down by its id. Towards the lender they mean all attempts together, towards a member its own attempt.
 */
import type { Budget } from '../../src/contracts/agent.ts';
import type { TreasuryAnswer, TreasuryLease } from '../../src/contracts/treasury.ts';
import { remainingShare } from '../agent/budget.ts';
import { makeFailure } from '../failure.ts';
import { addBudget, budgetOfUsage } from '../treasury/ledger.ts';
import { openJobs, type ActiveTaskJob, type TaskJob } from './context.ts';
import { taskIdOf, memberProfileAt, putJob, type RouterDraft } from './draft.ts';
import { sendLeaseAnswer } from './assign.ts';
import { freeSteps, wantedSteps } from './stepBudget.ts';

/** What this attempt may use up: what is left of the allowance, and no more steps than it was granted. */
export function attemptBudget(draft: RouterDraft, { allowance = {}, used, granted, member }: ActiveTaskJob): Budget {
  const left = remainingShare(allowance, used, 1);
  // Steps are named only if the member's own limit is higher.
  return granted < memberProfileAt(draft, member).steps ? { ...left, steps: granted } : left;
}

/** The share of one of several members that answer the same task. It has no lease: the lender could not tell which of them asks for more. */
export function shareOfJob({ lease: _, ...job }: TaskJob, among: number): TaskJob {
  const { allowance } = job;
  return allowance === undefined ? job : { ...job, allowance: remainingShare(allowance, job.used, among) };
}

/** The attempt under way that has the lease. */
function holderOf({ context }: RouterDraft, id: string): (ActiveTaskJob & { readonly slotIndex: number }) | undefined {
  for (const job of openJobs(context)) if (job.lease === id && job.stage === 'working') return job;
  return undefined;
}

/** The most steps that this router's own limits allow the attempt. */
const mostSteps = (draft: RouterDraft, { allowance: _, ...job }: ActiveTaskJob): number =>
  Math.min(wantedSteps(draft, job, job.member), job.granted + Math.max(0, freeSteps(draft.context)));

/** Forwards a member's request for a larger lease to the parent, unless this router's own limits rule it out. */
export function requestLeaseForMember(draft: RouterDraft, request: TreasuryLease): void {
  const job = holderOf(draft, request.id);
  if (!job) return;
  const { slotIndex } = job;
  const most = mostSteps(draft, job);
  const { wants, used = {}, reserve } = request;
  if ((wants.steps ?? 0) > most) {
    const reason = makeFailure('budget', `"${taskIdOf(job)}" may take ${most} steps here, and needs more.`, {
      what: 'steps',
      used: used.steps ?? 0,
      limit: most,
    });
    return sendLeaseAnswer(draft, job, slotIndex, { type: 'treasury.refused', id: request.id, failure: reason });
  }
  const before = budgetOfUsage(job.used);
  draft.actions.requestLease({
    ...request,
    wants: addBudget(wants, before),
    used: addBudget(before, used),
    ...(reserve === undefined ? {} : { reserve: addBudget(reserve, before) }),
  });
}

/** Forwards the answer to such a request; a grant is limited to what this router allows the attempt. */
export function takeLeaseAnswer(draft: RouterDraft, answer: TreasuryAnswer): void {
  const holder = holderOf(draft, answer.id);
  if (!holder) return;
  const { slotIndex, ...job } = holder;
  if (answer.type === 'treasury.refused') {
    if (answer.budget === undefined) return sendLeaseAnswer(draft, job, slotIndex, answer);
    const left: ActiveTaskJob = { ...job, allowance: answer.budget };
    putJob(draft, slotIndex, left);
    return sendLeaseAnswer(draft, left, slotIndex, { ...answer, budget: attemptBudget(draft, left) });
  }
  const steps = Math.min(mostSteps(draft, job), (answer.budget.steps ?? Infinity) - job.used.steps);
  const next: ActiveTaskJob = { ...job, allowance: answer.budget, granted: Math.max(job.granted, steps) };
  putJob(draft, slotIndex, next);
  sendLeaseAnswer(draft, next, slotIndex, { ...answer, budget: attemptBudget(draft, next) });
}
