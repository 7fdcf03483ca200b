/** Stops everything, one piece of work, or a task whose deadline has passed. */
import { makeFailure } from '../failure.ts';
import { stopJob } from './attempt.ts';
import { openJobs, type RouterHalt, type QueuedTask } from './context.ts';
import type { RouterDraft } from './draft.ts';
import { refuseTask } from './finish.ts';
import { overdueFailure } from './rotation.ts';

/** Begins nothing more: tasks that wait are over, attempts under way are told to stop and have a grace period. */
export function haltRouter(draft: RouterDraft, because: RouterHalt): void {
  const { context } = draft;
  context.halt = because;
  const waiting = context.queue;
  context.queue = [];
  for (const entry of waiting) refuseTask(draft, entry, because.failure);
  const why = because.kind === 'deadlineExceeded' ? 'deadline' : 'cancelled';
  for (const { slotIndex } of openJobs(context)) stopJob(draft, slotIndex, why, because.failure.message);
}

/** The deadline of one task has passed. */
export function taskOverdue(draft: RouterDraft, seq: number): void {
  const { context } = draft;
  const entry = context.queue.find((each) => each.seq === seq);
  context.queue = context.queue.filter((each) => each !== entry);
  if (entry) refuseTask(draft, entry, overdueFailure(draft, entry));
  for (const job of openJobs(context)) if (job.seq === seq) stopJob(draft, job.slotIndex, 'deadline', '');
}

/** Cancels one piece of work. */
export function cancelWork(draft: RouterDraft, id: string, reason: string): void {
  const { context } = draft;
  const entry = context.queue.find(({ work }) => work === id);
  context.queue = context.queue.filter((each) => each !== entry);
  if (entry) refuseTask(draft, entry, makeFailure('cancelled', reason));
  for (const job of openJobs(context)) if (job.work === id) stopJob(draft, job.slotIndex, 'cancelled', reason);
}

/** The sender of work is paused, or resumes: work that has not begun waits meanwhile. */
export function holdWork({ context }: RouterDraft, isMeant: (entry: QueuedTask) => boolean, held: boolean): void {
  context.queue = context.queue.map((entry) => (isMeant(entry) ? { ...entry, held } : entry));
  context.jobs = context.jobs.map((job) => (job !== null && isMeant(job) ? { ...job, held } : job));
}
