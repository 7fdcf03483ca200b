/**
 * What may be used up for work that came with a lease: a share for each attempt, and more when whoever lends it agrees.
 * Words about a lease go up and down by its name; to its lender it is what all attempts use together, to a member what its own attempt does.
 */
import type { Budget } from '../../src/contracts/agent.ts';
import type { TreasuryAnswer, TreasuryLease } from '../../src/contracts/treasury.ts';
import { leftOf } from '../agent/money.ts';
import { failure } from '../failure.ts';
import { plus, spendingOf } from '../treasury/books.ts';
import type { Job } from './context.ts';
import { idOf, put, type Desk } from './desk.ts';
import { tellOfMoney } from './hand.ts';
import { free, wanted } from './steps.ts';

/** What this attempt may use up: what is left of the lease, and no more steps than were granted it. */
export function attemptBudget({ settings }: Desk, { allowance = {}, used, granted, member }: Job): Budget {
  const left = leftOf(allowance, used, 1);
  // Nothing is said of steps where a member's own limit says it.
  return granted < settings.members[member!]!.steps ? { ...left, steps: granted } : left;
}

/** One of several who answer the same task has its share; for more than that nobody can be asked, who would not know for whom. */
export function shareOf({ lease: _, ...job }: Job, among: number): Job {
  const { allowance } = job;
  return allowance === undefined ? job : { ...job, allowance: leftOf(allowance, job.used, among) };
}

const placeOfLease = ({ facts }: Desk, id: string): number =>
  facts.jobs.findIndex((job) => job?.lease === id && job.stage === 'working');

/** Steps that the attempt could come to as far as this router is concerned. */
const mostSteps = (desk: Desk, { allowance: _, ...job }: Job): number =>
  Math.min(wanted(desk, job, job.member!), job.granted + Math.max(0, free(desk.facts)));

/** Somebody at work asks for more. What this router's own limits rule out need not be asked above. */
export function askAbove(desk: Desk, request: TreasuryLease): void {
  const place = placeOfLease(desk, request.id);
  const job = desk.facts.jobs[place];
  if (!job) return;
  const most = mostSteps(desk, job);
  const { wants, used = {} } = request;
  if ((wants.steps ?? 0) > most) {
    const reason = failure('budget', `"${idOf(job)}" may take ${most} steps here, and needs more.`, {
      what: 'steps',
      used: used.steps ?? 0,
      limit: most,
    });
    return tellOfMoney(desk, job, place, { type: 'treasury.refused', id: request.id, failure: reason });
  }
  const before = spendingOf(job.used);
  desk.deeds.askAbove({ ...request, wants: plus(wants, before), used: plus(before, used) });
}

export function takeAnswer(desk: Desk, word: TreasuryAnswer): void {
  const place = placeOfLease(desk, word.id);
  const job = desk.facts.jobs[place];
  if (!job) return;
  if (word.type === 'treasury.refused') return tellOfMoney(desk, job, place, word);
  const steps = Math.min(mostSteps(desk, job), (word.budget.steps ?? Infinity) - job.used.steps);
  const next: Job = { ...job, allowance: word.budget, granted: Math.max(job.granted, steps) };
  put(desk, place, next);
  tellOfMoney(desk, next, place, { ...word, budget: attemptBudget(desk, next) });
}
