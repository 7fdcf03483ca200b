/** Stops: of everything, of one piece of work, of a task whose deadline has passed. */
import { failure } from '../failure.ts';
import { stop } from './attempt.ts';
import { openJobs, type Halt, type Queued } from './context.ts';
import { idOf, type Desk } from './desk.ts';
import { refuse } from './finish.ts';

/** Nothing more is begun: what waits is over, what is under way is told and has a grace. */
export function halt(desk: Desk, because: Halt): void {
  const { facts } = desk;
  facts.halt = because;
  const waiting = facts.queue;
  facts.queue = [];
  for (const entry of waiting) refuse(desk, entry, because.failure);
  const why = because.kind === 'deadlineExceeded' ? 'deadline' : 'cancelled';
  for (const { place } of openJobs(facts)) stop(desk, place, why, because.failure.message);
}

/** The deadline of one task. */
export function overdue(desk: Desk, seq: number): void {
  const { facts } = desk;
  const entry = facts.queue.find((each) => each.seq === seq);
  facts.queue = facts.queue.filter((each) => each !== entry);
  if (entry)
    refuse(desk, entry, failure('expired', `The deadline of the task "${idOf(entry)}" passed while it waited.`));
  for (const job of openJobs(facts)) if (job.seq === seq) stop(desk, job.place, 'deadline', '');
}

/** One piece of work is not wanted any more. */
export function cancelWork(desk: Desk, id: string, reason: string): void {
  const { facts } = desk;
  const entry = facts.queue.find(({ work }) => work === id);
  facts.queue = facts.queue.filter((each) => each !== entry);
  if (entry) refuse(desk, entry, failure('cancelled', reason));
  for (const job of openJobs(facts)) if (job.work === id) stop(desk, job.place, 'cancelled', reason);
}

/** Who hands on is paused, or goes on: what has not begun waits so long. */
export function hold({ facts }: Desk, isMeant: (entry: Queued) => boolean, held: boolean): void {
  facts.queue = facts.queue.map((entry) => (isMeant(entry) ? { ...entry, held } : entry));
  facts.jobs = facts.jobs.map((job) => (job !== null && isMeant(job) ? { ...job, held } : job));
}
