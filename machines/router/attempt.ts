/** One attempt of a member at a task: how it begins, how it is stopped, and what follows from its end. */
import type { AgentOutput, AgentUsage } from '../../src/contracts/agent.ts';
import type { Failure } from '../../src/values/failure.ts';
import { makeFailure } from '../failure.ts';
import { addUsage } from '../usage.ts';
import { isActiveJob, isPipeline, type ActiveTaskJob, type TaskJob, type StopReason } from './context.ts';
import {
  graceTimerId,
  attemptTimerId,
  retryTimerId,
  putJob,
  updateRotationEntry,
  rotationEntryAt,
  selectorChildId,
  workIdOf,
  type RouterDraft,
} from './draft.ts';
import { attemptFailure, mayRetryTask, retryPauseAfter } from './failures.ts';
import { finishTask, refuseTask } from './finish.ts';
import { assignWork, endChild, commandMember } from './assign.ts';
import { attemptBudget } from './leases.ts';
import { stageMessage } from './pipeline.ts';
import { overdueFailure, recordAttempt } from './rotation.ts';
import { grantedSteps } from './stepBudget.ts';

/** A failure as the output of a member. */
export const failedAttempt = (reason: Failure, usage: AgentUsage): AgentOutput => ({
  status: 'failed',
  failure: reason,
  phase: 'errorHandling',
  evidence: [],
  usage,
});

/** Begins an attempt. `shares`: how many attempts, this one included, divide the steps that are left. */
export function beginAttempt(
  draft: RouterDraft,
  given: TaskJob,
  { member, slotIndex, shares }: { readonly member: number; readonly slotIndex: number; readonly shares: number },
): void {
  const { context, settings, actions, eventContext } = draft;
  const { task } = given;
  const granted = grantedSteps(draft, given, member, shares);
  const attempts = given.attempts + 1;
  const { stopping: _, ...rest } = given;
  const job: ActiveTaskJob = {
    ...rest,
    stage: 'working',
    began: given.began ?? eventContext.at,
    attempts,
    member,
    granted,
  };
  const { busy, taken } = rotationEntryAt(draft, member);
  updateRotationEntry(draft, member, { busy: busy + 1, taken: taken + 1 });
  context.turn = (member + 1) % settings.members.length;

  const message = isPipeline(context)
    ? stageMessage(task, context.previous, context.previousParts)
    : stageMessage(task, undefined);
  const { lease, degrade, depth = 0 } = job;
  assignWork(draft, job, slotIndex, {
    ...message,
    left: attemptBudget(draft, job),
    depth: depth + 1,
    ...(lease === undefined ? {} : { lease }),
    ...(degrade ? { degrade } : {}),
  });
  if (task.timeout !== undefined)
    actions.startTimer(attemptTimerId(slotIndex), { type: 'attempt.late', place: slotIndex }, task.timeout);
  // The text of the task is kept only if there may be another attempt.
  const kept =
    attempts > (task.retry?.maxRetries ?? 0) && typeof task.input === 'string' ? { ...task, input: '' } : task;
  putJob(draft, slotIndex, { ...job, task: kept });
}

const reasons: Readonly<Record<Exclude<StopReason, 'cancelled'>, string>> = {
  timeout: 'the attempt took too long',
  deadline: 'the deadline of the task has passed',
};

/** Stops a job: an attempt under way is told to stop and has a grace period; a job that only waits is over at once. */
export function stopJob(draft: RouterDraft, slotIndex: number, why: StopReason, reason: string): void {
  const { actions, settings } = draft;
  const job = draft.context.jobs[slotIndex];
  if (!job) return;
  if (job.stage === 'stopping') return putJob(draft, slotIndex, { ...job, stopping: why });
  if (job.stage === 'working') {
    putJob(draft, slotIndex, { ...job, stage: 'stopping', stopping: why });
    actions.cancelTimer(attemptTimerId(slotIndex));
    actions.startTimer(graceTimerId(slotIndex), { type: 'grace.over', place: slotIndex }, settings.grace);
    commandMember(draft, job, slotIndex, 'cancel', why === 'cancelled' ? reason : reasons[why]);
    return;
  }
  if (job.stage === 'choosing') actions.stop(selectorChildId(slotIndex));
  if (job.stage === 'resting') actions.cancelTimer(retryTimerId(slotIndex));
  putJob(draft, slotIndex, null);
  refuseTask(draft, job, why === 'cancelled' ? makeFailure('cancelled', reason) : overdueFailure(draft, job));
}

/** Takes the end of an attempt. If it ended without an output, all steps that were reserved for it count as used, because nothing says how many were. */
export function endAttempt(draft: RouterDraft, slotIndex: number, ended: AgentOutput | Failure): void {
  const job = draft.context.jobs[slotIndex];
  if (!isActiveJob(job)) return;
  const { context, actions } = draft;
  endChild(draft, job, slotIndex);
  actions.cancelTimer(attemptTimerId(slotIndex));
  actions.cancelTimer(graceTimerId(slotIndex));
  const usage = 'status' in ended ? ended.usage : reservedFor(job);
  const output = 'status' in ended ? ended : failedAttempt(ended, usage);
  context.consumed += usage.steps;
  context.used = addUsage(context.used, usage);
  context.due = true;
  const reason = output.status === 'completed' ? undefined : attemptFailure(output, job.stopping);
  recordAttempt(draft, job.member, reason);
  retryOrFinish(draft, slotIndex, { ...job, granted: 0, used: addUsage(job.used, usage) }, output, reason);
}

const reservedFor = ({ granted }: TaskJob): AgentUsage => ({
  steps: granted,
  inputTokens: 0,
  outputTokens: 0,
  cachedTokens: 0,
  toolCalls: 0,
  usd: null,
});

/** Decides what follows: another attempt, now or after a pause, or the end. */
export function retryOrFinish(
  draft: RouterDraft,
  slotIndex: number,
  job: TaskJob,
  output: AgentOutput,
  reason: Failure | undefined,
): void {
  const { context, eventContext, settings, actions } = draft;
  const end = (last: AgentOutput) => {
    putJob(draft, slotIndex, null);
    finishTask(draft, job, { ...last, usage: job.used });
  };
  if (!reason || context.halt || !mayRetryTask(job, reason)) return end(output);
  const pause = retryPauseAfter(job, reason, eventContext.chance(), settings.maxBackoff);
  if (job.task.deadline !== undefined && eventContext.at + pause >= job.task.deadline)
    return end(
      failedAttempt(
        makeFailure('expired', `${reason.message} The deadline leaves no time for another attempt.`),
        job.used,
      ),
    );
  const { stopping: _, ...rest } = job;
  putJob(draft, slotIndex, { ...rest, fixed: job.part, stage: pause > 0 ? 'resting' : 'waiting' });
  context.due = true;
  if (pause > 0) actions.startTimer(retryTimerId(slotIndex), { type: 'task.again', place: slotIndex }, pause);
}

/** The slot of the attempt with this work id; -1 when it is over. */
export const slotOfWork = ({ context }: RouterDraft, id: string): number =>
  context.jobs.findIndex((job) => job !== null && workIdOf(job) === id);
