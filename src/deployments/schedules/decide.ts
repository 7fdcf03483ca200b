/** What a schedule starts now: a pure function of its record, the time, and which of its runs have ended. */
import type { DueTimes } from './cron.ts';
import { scheduledKey, type Schedule, type ScheduledRun } from './record.ts';

/** What is known when it is decided. */
export interface SituationOfSchedule {
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** The due times of its expression. */
  readonly times: DueTimes;
  /** Those of its runs that have ended, by their keys. */
  readonly ended: ReadonlySet<string>;
  /** The version that is started. */
  readonly version: number;
}

/** What is done about a schedule. */
export interface ScheduleDecision {
  /** The record as it is to be written before anything is done. */
  readonly schedule: Schedule;
  /** Runs to start, oldest first. */
  readonly start: readonly ScheduledRun[];
  /** The keys of runs to cancel. */
  readonly cancel: readonly string[];
}

/** Milliseconds; what was due longer ago was missed: no process looked at the time. */
export const grace = 60_000;
/** A clock that was put back by more than this many milliseconds was wrong before: what is due again is decided again. */
const jumpBack = 5 * 60_000;
/** The most that is made up for in one decision, and that waits at once. */
const most = 1_000;

/** Decides. The same record comes back when there is nothing to change. */
export function decideDue(schedule: Schedule, { now, times, ended, version }: SituationOfSchedule): ScheduleDecision {
  const running = schedule.runs.filter(({ run }) => !ended.has(run));
  if (schedule.paused)
    return {
      schedule: running.length === schedule.runs.length ? schedule : { ...schedule, runs: running },
      start: [],
      cancel: [],
    };
  const since = schedule.decidedUntil > now + jumpBack ? now : schedule.decidedUntil;
  const { missed, onTime, until } = duesOf(schedule, since, now, times);
  const isNew = (due: number) => running.every(({ run }) => run !== scheduledKey(schedule.name, due));
  const chosen = choose(schedule, missed.filter(isNew), onTime.filter(isNew), running);
  const start = chosen.start.map((due) => ({ run: scheduledKey(schedule.name, due), due, version }));
  const last = start.at(-1);
  return {
    schedule: {
      ...schedule,
      decidedUntil: until,
      queue: [...chosen.queue],
      runs: [...running, ...start],
      ...(last ? { last } : {}),
      ...(chosen.skipped ? { skipped: chosen.skipped } : {}),
    },
    start,
    cancel: chosen.cancel,
  };
}

/** What has become due since: longer ago than the grace, as far as it is made up for, and just now. */
function duesOf(
  { backfill }: Schedule,
  since: number,
  now: number,
  times: DueTimes,
): { readonly missed: readonly number[]; readonly onTime: readonly number[]; readonly until: number } {
  const late = now - grace - 1;
  if (backfill === 'all') {
    const all = between(times, since, now);
    const until = all.length === most ? (all.at(-1) ?? now) : Math.max(since, now);
    return { missed: all.filter((due) => due <= late), onTime: all.filter((due) => due > late), until };
  }
  const onTime = between(times, Math.max(since, late), now);
  const before = backfill === 'last' && onTime.length === 0 ? times.atOrBefore(Math.min(now, late)) : undefined;
  return {
    missed: before !== undefined && before > since ? [before] : [],
    onTime,
    until: Math.max(since, now),
  };
}

function between(times: DueTimes, after: number, until: number): number[] {
  const found: number[] = [];
  for (let due = times.after(after); due !== undefined && due <= until && found.length < most; due = times.after(due))
    found.push(due);
  return found;
}

interface Choice {
  readonly start: readonly number[];
  readonly queue: readonly number[];
  readonly cancel: readonly string[];
  readonly skipped?: { readonly due: number; readonly why: string } | undefined;
}

/** By the policy for runs that overlap. */
function choose(
  { overlap, queue }: Schedule,
  missed: readonly number[],
  onTime: readonly number[],
  running: readonly ScheduledRun[],
): Choice {
  const all = [...queue, ...missed, ...onTime];
  switch (overlap) {
    case 'allow':
      return { start: all, queue: [], cancel: [] };
    case 'cancel-previous': {
      const newest = all.at(-1);
      if (newest === undefined) return { start: [], queue: [], cancel: [] };
      const skipped = all.length > 1 ? { due: all.at(-2) ?? newest, why: 'a newer one was due' } : undefined;
      return { start: [newest], queue: [], cancel: running.map(({ run }) => run), skipped };
    }
    case 'queue':
      return oneAfterAnother(all, running);
    case 'skip': {
      // What is made up for comes one after another; what is due now comes only when nothing is before it.
      const waiting = [...queue, ...missed];
      const [first, ...others] = onTime;
      if (first === undefined) return oneAfterAnother(waiting, running);
      const isFree = running.length + waiting.length === 0;
      const skipped = (isFree ? others : onTime).at(-1);
      const chosen = isFree ? { start: [first], queue: [], cancel: [] } : oneAfterAnother(waiting, running);
      return skipped === undefined
        ? chosen
        : { ...chosen, skipped: { due: skipped, why: 'the run before was still at work' } };
    }
  }
}

function oneAfterAnother(waiting: readonly number[], running: readonly ScheduledRun[]): Choice {
  const start = running.length === 0 ? waiting.slice(0, 1) : [];
  const queue = waiting.slice(start.length);
  const dropped = queue[most];
  return {
    start,
    queue: queue.slice(0, most),
    cancel: [],
    ...(dropped === undefined ? {} : { skipped: { due: dropped, why: `${most} others wait already` } }),
  };
}
