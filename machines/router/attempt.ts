/** One attempt of a member at a task: how it begins, how it is stopped, and what follows from its end. */
import type { AgentOutput, AgentUsage } from '../../src/contracts/agent.ts';
import type { Failure } from '../../src/contracts/failure.ts';
import { failure } from '../failure.ts';
import { together } from '../member.ts';
import { isPipeline, type Job, type Stopping } from './context.ts';
import { graceAt, idOf, lateAt, pauseAt, put, seat, selectorAt, workOf, type Desk } from './desk.ts';
import { failureIn, mayRetry, pauseAfter } from './failures.ts';
import { finish, refuse } from './finish.ts';
import { hand, letGo, tellMember } from './hand.ts';
import { attemptBudget } from './money.ts';
import { messageOf } from './pipeline.ts';
import { judge } from './rotation.ts';
import { grant } from './steps.ts';

/** As a member would say it. */
export const failedBy = (reason: Failure, usage: AgentUsage): AgentOutput => ({
  status: 'failed',
  failure: reason,
  phase: 'errorHandling',
  evidence: [],
  usage,
});

/** `shares`: how many attempts, this one included, divide what is left of the steps. */
export function begin(
  desk: Desk,
  given: Job,
  { member, place, shares }: { readonly member: number; readonly place: number; readonly shares: number },
): void {
  const { facts, settings, deeds, moment } = desk;
  const { task } = given;
  const granted = grant(desk, given, member, shares);
  const attempts = given.attempts + 1;
  const { stopping: _, ...rest } = given;
  const job: Job = { ...rest, stage: 'working', began: given.began ?? moment.at, attempts, member, granted };
  const { busy, taken } = facts.seats[member]!;
  seat(desk, member, { busy: busy + 1, taken: taken + 1 });
  facts.turn = (member + 1) % settings.members.length;

  const message = messageOf(task, isPipeline(facts) ? facts.previous : undefined);
  const { lease, degrade, depth = 0 } = job;
  hand(desk, job, place, {
    ...message,
    left: attemptBudget(desk, job),
    depth: depth + 1,
    ...(lease === undefined ? {} : { lease }),
    ...(degrade ? { degrade } : {}),
  });
  if (task.timeout !== undefined) deeds.alarm(lateAt(place), { type: 'attempt.late', place }, task.timeout);
  // What was said is needed once more only where there may be another attempt.
  const spoken =
    attempts > (task.retry?.maxRetries ?? 0) && typeof task.input === 'string' ? { ...task, input: '' } : task;
  put(desk, place, { ...job, task: spoken });
}

const reasons: Readonly<Record<Exclude<Stopping, 'cancelled'>, string>> = {
  timeout: 'the attempt took too long',
  deadline: 'the deadline of the task has passed',
};

/** What is at work is told, and has a grace; what only waits is over at once. */
export function stop(desk: Desk, place: number, why: Stopping, reason: string): void {
  const { deeds, settings } = desk;
  const job = desk.facts.jobs[place];
  if (!job) return;
  if (job.stage === 'stopping') return put(desk, place, { ...job, stopping: why });
  if (job.stage === 'working') {
    put(desk, place, { ...job, stage: 'stopping', stopping: why });
    deeds.calm(lateAt(place));
    deeds.alarm(graceAt(place), { type: 'grace.over', place }, settings.grace);
    const word = why === 'cancelled' ? reason : reasons[why];
    tellMember(desk, job, place, 'cancel', word);
    return;
  }
  if (job.stage === 'choosing') deeds.stop(selectorAt(place));
  if (job.stage === 'resting') deeds.calm(pauseAt(place));
  put(desk, place, null);
  refuse(
    desk,
    job,
    why === 'cancelled'
      ? failure('cancelled', reason)
      : failure('expired', `The deadline of the task "${idOf(job)}" passed while it waited.`),
  );
}

/** The end of an attempt. One that ended without a word is charged with all that it held: nobody can tell what it used. */
export function land(desk: Desk, place: number, ended: AgentOutput | Failure): void {
  const job = desk.facts.jobs[place];
  if (!job || (job.stage !== 'working' && job.stage !== 'stopping')) return;
  const { facts, deeds } = desk;
  letGo(desk, job, place);
  deeds.calm(lateAt(place));
  deeds.calm(graceAt(place));
  const usage = 'status' in ended ? ended.usage : unheard(job);
  const output = 'status' in ended ? ended : failedBy(ended, usage);
  facts.consumed += usage.steps;
  facts.used = together(facts.used, usage);
  facts.due = true;
  const reason = output.status === 'completed' ? undefined : failureIn(output, job.stopping);
  judge(desk, job.member!, reason);
  conclude(desk, place, { ...job, granted: 0, used: together(job.used, usage) }, output, reason);
}

const unheard = ({ granted }: Job): AgentUsage => ({
  steps: granted,
  inputTokens: 0,
  outputTokens: 0,
  cachedTokens: 0,
  toolCalls: 0,
  usd: null,
});

/** Another attempt, now or after a pause; or the end. */
export function conclude(desk: Desk, place: number, job: Job, output: AgentOutput, reason: Failure | undefined): void {
  const { facts, moment, settings, deeds } = desk;
  const end = (last: AgentOutput) => {
    put(desk, place, null);
    finish(desk, job, { ...last, usage: job.used });
  };
  if (!reason || facts.halt || !mayRetry(job, reason)) return end(output);
  const pause = pauseAfter(job, reason, moment.chance(), settings.maxBackoff);
  if (job.task.deadline !== undefined && moment.at + pause >= job.task.deadline)
    return end(
      failedBy(failure('expired', `${reason.message} The deadline leaves no time for another attempt.`), job.used),
    );
  const { stopping: _, ...rest } = job;
  put(desk, place, { ...rest, fixed: job.part, stage: pause > 0 ? 'resting' : 'waiting' });
  facts.due = true;
  if (pause > 0) deeds.alarm(pauseAt(place), { type: 'task.again', place }, pause);
}

/** The place of the attempt that is called so; -1 when it is over. */
export const placeOfWork = ({ facts }: Desk, id: string): number =>
  facts.jobs.findIndex((job) => job !== null && workOf(job) === id);
