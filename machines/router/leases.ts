/**
 * The budget of work that came with a lease: a share for each attempt, and more if the lender agrees.
 * Messages about a lease go up and down by its id. Towards the lender they mean all attempts together, towards a member its own attempt.
 */
import type { Budget } from '../../src/contracts/agent.ts';
import type { TreasuryAnswer, TreasuryLease } from '../../src/contracts/treasury.ts';
import { leftOf } from '../agent/budget.ts';
import { failure } from '../failure.ts';
import { plus, spendingOf } from '../treasury/ledger.ts';
import { openJobs, type ActiveJob, type Job } from './context.ts';
import { idOf, profileOf, put, type Desk } from './draft.ts';
import { tellOfMoney } from './assign.ts';
import { free, wanted } from './stepBudget.ts';

/** What this attempt may use up: what is left of the allowance, and no more steps than it was granted. */
export function attemptBudget(draft: Desk, { allowance = {}, used, granted, member }: ActiveJob): Budget {
  const left = leftOf(allowance, used, 1);
  // Steps are named only if the member's own limit is higher.
  return granted < profileOf(draft, member).steps ? { ...left, steps: granted } : left;
}

/** The share of one of several members that answer the same task. It has no lease: the lender could not tell which of them asks for more. */
export function shareOf({ lease: _, ...job }: Job, among: number): Job {
  const { allowance } = job;
  return allowance === undefined ? job : { ...job, allowance: leftOf(allowance, job.used, among) };
}

/** The attempt under way that has the lease. */
function holderOf({ facts }: Desk, id: string): (ActiveJob & { readonly place: number }) | undefined {
  for (const job of openJobs(facts)) if (job.lease === id && job.stage === 'working') return job;
  return undefined;
}

/** The most steps that this router's own limits allow the attempt. */
const mostSteps = (draft: Desk, { allowance: _, ...job }: ActiveJob): number =>
  Math.min(wanted(draft, job, job.member), job.granted + Math.max(0, free(draft.facts)));

/** Forwards a member's request for a larger lease to the parent, unless this router's own limits rule it out. */
export function askAbove(draft: Desk, request: TreasuryLease): void {
  const job = holderOf(draft, request.id);
  if (!job) return;
  const { place } = job;
  const most = mostSteps(draft, job);
  const { wants, used = {} } = request;
  if ((wants.steps ?? 0) > most) {
    const reason = failure('budget', `"${idOf(job)}" may take ${most} steps here, and needs more.`, {
      what: 'steps',
      used: used.steps ?? 0,
      limit: most,
    });
    return tellOfMoney(draft, job, place, { type: 'treasury.refused', id: request.id, failure: reason });
  }
  const before = spendingOf(job.used);
  draft.deeds.askAbove({ ...request, wants: plus(wants, before), used: plus(before, used) });
}

/** Forwards the answer to such a request; a grant is limited to what this router allows the attempt. */
export function takeAnswer(draft: Desk, answer: TreasuryAnswer): void {
  const holder = holderOf(draft, answer.id);
  if (!holder) return;
  const { place, ...job } = holder;
  if (answer.type === 'treasury.refused') return tellOfMoney(draft, job, place, answer);
  const steps = Math.min(mostSteps(draft, job), (answer.budget.steps ?? Infinity) - job.used.steps);
  const next: ActiveJob = { ...job, allowance: answer.budget, granted: Math.max(job.granted, steps) };
  put(draft, place, next);
  tellOfMoney(draft, next, place, { ...answer, budget: attemptBudget(draft, next) });
}
