/** Stops everything, one piece of work, or a task whose deadline has passed. */
import { failure } from '../failure.ts';
import { stop } from './attempt.ts';
import { openJobs, type Halt, type Queued } from './context.ts';
import { idOf, type Desk } from './draft.ts';
import { refuse } from './finish.ts';

/** Begins nothing more: tasks that wait are over, attempts under way are told to stop and have a grace period. */
export function halt(draft: Desk, because: Halt): void {
  const { facts } = draft;
  facts.halt = because;
  const waiting = facts.queue;
  facts.queue = [];
  for (const entry of waiting) refuse(draft, entry, because.failure);
  const why = because.kind === 'deadlineExceeded' ? 'deadline' : 'cancelled';
  for (const { place } of openJobs(facts)) stop(draft, place, why, because.failure.message);
}

/** The deadline of one task has passed. */
export function overdue(draft: Desk, seq: number): void {
  const { facts } = draft;
  const entry = facts.queue.find((each) => each.seq === seq);
  facts.queue = facts.queue.filter((each) => each !== entry);
  if (entry)
    refuse(draft, entry, failure('expired', `The deadline of the task "${idOf(entry)}" passed while it waited.`));
  for (const job of openJobs(facts)) if (job.seq === seq) stop(draft, job.place, 'deadline', '');
}

/** Cancels one piece of work. */
export function cancelWork(draft: Desk, id: string, reason: string): void {
  const { facts } = draft;
  const entry = facts.queue.find(({ work }) => work === id);
  facts.queue = facts.queue.filter((each) => each !== entry);
  if (entry) refuse(draft, entry, failure('cancelled', reason));
  for (const job of openJobs(facts)) if (job.work === id) stop(draft, job.place, 'cancelled', reason);
}

/** The sender of work is paused, or resumes: work that has not begun waits meanwhile. */
export function hold({ facts }: Desk, isMeant: (entry: Queued) => boolean, held: boolean): void {
  facts.queue = facts.queue.map((entry) => (isMeant(entry) ? { ...entry, held } : entry));
  facts.jobs = facts.jobs.map((job) => (job !== null && isMeant(job) ? { ...job, held } : job));
}
