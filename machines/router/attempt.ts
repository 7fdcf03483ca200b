/** One attempt of a member at a task: how it begins, how it is stopped, and what follows from its end. */
import type { AgentOutput, AgentUsage } from '../../src/contracts/agent.ts';
import type { Failure } from '../../src/values/failure.ts';
import { failure } from '../failure.ts';
import { together } from '../member.ts';
import { isActive, isPipeline, type ActiveJob, type Job, type Stopping } from './context.ts';
import { graceAt, idOf, lateAt, pauseAt, put, seat, seatAt, selectorAt, workOf, type Desk } from './draft.ts';
import { failureIn, mayRetry, pauseAfter } from './failures.ts';
import { finish, refuse } from './finish.ts';
import { hand, letGo, tellMember } from './assign.ts';
import { attemptBudget } from './leases.ts';
import { messageOf } from './pipeline.ts';
import { judge } from './rotation.ts';
import { grant } from './stepBudget.ts';

/** A failure as the output of a member. */
export const failedBy = (reason: Failure, usage: AgentUsage): AgentOutput => ({
  status: 'failed',
  failure: reason,
  phase: 'errorHandling',
  evidence: [],
  usage,
});

/** Begins an attempt. `shares`: how many attempts, this one included, divide the steps that are left. */
export function begin(
  draft: Desk,
  given: Job,
  { member, place, shares }: { readonly member: number; readonly place: number; readonly shares: number },
): void {
  const { facts, settings, deeds, moment } = draft;
  const { task } = given;
  const granted = grant(draft, given, member, shares);
  const attempts = given.attempts + 1;
  const { stopping: _, ...rest } = given;
  const job: ActiveJob = { ...rest, stage: 'working', began: given.began ?? moment.at, attempts, member, granted };
  const { busy, taken } = seatAt(draft, member);
  seat(draft, member, { busy: busy + 1, taken: taken + 1 });
  facts.turn = (member + 1) % settings.members.length;

  const message = messageOf(task, isPipeline(facts) ? facts.previous : undefined);
  const { lease, degrade, depth = 0 } = job;
  hand(draft, job, place, {
    ...message,
    left: attemptBudget(draft, job),
    depth: depth + 1,
    ...(lease === undefined ? {} : { lease }),
    ...(degrade ? { degrade } : {}),
  });
  if (task.timeout !== undefined) deeds.alarm(lateAt(place), { type: 'attempt.late', place }, task.timeout);
  // The text of the task is kept only if there may be another attempt.
  const kept =
    attempts > (task.retry?.maxRetries ?? 0) && typeof task.input === 'string' ? { ...task, input: '' } : task;
  put(draft, place, { ...job, task: kept });
}

const reasons: Readonly<Record<Exclude<Stopping, 'cancelled'>, string>> = {
  timeout: 'the attempt took too long',
  deadline: 'the deadline of the task has passed',
};

/** Stops a job: an attempt under way is told to stop and has a grace period; a job that only waits is over at once. */
export function stop(draft: Desk, place: number, why: Stopping, reason: string): void {
  const { deeds, settings } = draft;
  const job = draft.facts.jobs[place];
  if (!job) return;
  if (job.stage === 'stopping') return put(draft, place, { ...job, stopping: why });
  if (job.stage === 'working') {
    put(draft, place, { ...job, stage: 'stopping', stopping: why });
    deeds.calm(lateAt(place));
    deeds.alarm(graceAt(place), { type: 'grace.over', place }, settings.grace);
    tellMember(draft, job, place, 'cancel', why === 'cancelled' ? reason : reasons[why]);
    return;
  }
  if (job.stage === 'choosing') deeds.stop(selectorAt(place));
  if (job.stage === 'resting') deeds.calm(pauseAt(place));
  put(draft, place, null);
  refuse(
    draft,
    job,
    why === 'cancelled'
      ? failure('cancelled', reason)
      : failure('expired', `The deadline of the task "${idOf(job)}" passed while it waited.`),
  );
}

/** Takes the end of an attempt. If it ended without an output, all steps that were reserved for it count as used, because nothing says how many were. */
export function land(draft: Desk, place: number, ended: AgentOutput | Failure): void {
  const job = draft.facts.jobs[place];
  if (!isActive(job)) return;
  const { facts, deeds } = draft;
  letGo(draft, job, place);
  deeds.calm(lateAt(place));
  deeds.calm(graceAt(place));
  const usage = 'status' in ended ? ended.usage : reservedFor(job);
  const output = 'status' in ended ? ended : failedBy(ended, usage);
  facts.consumed += usage.steps;
  facts.used = together(facts.used, usage);
  facts.due = true;
  const reason = output.status === 'completed' ? undefined : failureIn(output, job.stopping);
  judge(draft, job.member, reason);
  conclude(draft, place, { ...job, granted: 0, used: together(job.used, usage) }, output, reason);
}

const reservedFor = ({ granted }: Job): AgentUsage => ({
  steps: granted,
  inputTokens: 0,
  outputTokens: 0,
  cachedTokens: 0,
  toolCalls: 0,
  usd: null,
});

/** Decides what follows: another attempt, now or after a pause, or the end. */
export function conclude(draft: Desk, place: number, job: Job, output: AgentOutput, reason: Failure | undefined): void {
  const { facts, moment, settings, deeds } = draft;
  const end = (last: AgentOutput) => {
    put(draft, place, null);
    finish(draft, job, { ...last, usage: job.used });
  };
  if (!reason || facts.halt || !mayRetry(job, reason)) return end(output);
  const pause = pauseAfter(job, reason, moment.chance(), settings.maxBackoff);
  if (job.task.deadline !== undefined && moment.at + pause >= job.task.deadline)
    return end(
      failedBy(failure('expired', `${reason.message} The deadline leaves no time for another attempt.`), job.used),
    );
  const { stopping: _, ...rest } = job;
  put(draft, place, { ...rest, fixed: job.part, stage: pause > 0 ? 'resting' : 'waiting' });
  facts.due = true;
  if (pause > 0) deeds.alarm(pauseAt(place), { type: 'task.again', place }, pause);
}

/** The place of the attempt with this work id; -1 when it is over. */
export const placeOfWork = ({ facts }: Desk, id: string): number =>
  facts.jobs.findIndex((job) => job !== null && workOf(job) === id);
