/** Schedules as a client sees them: when runs of a deployed version are started. */
import * as z from 'zod';
import { anyJson } from '../../values/anyJson.ts';
import type { Json } from '../../values/json.ts';
import type { Execution } from './execution.ts';

/** What happens when a run is due while the one before is still at work. */
export const ScheduleOverlap = z.enum(['skip', 'queue', 'allow', 'cancel-previous']);
export type ScheduleOverlap = z.infer<typeof ScheduleOverlap>;

/** Which of the runs are made up for that were due while no process looked. */
export const ScheduleBackfill = z.enum(['none', 'last', 'all']);
export type ScheduleBackfill = z.infer<typeof ScheduleBackfill>;

/** A run that a schedule has started. */
const StartedRun = z.object({
  /** The id of the run. */
  exec_id: z.string(),
  /** When it was due, in milliseconds since the epoch. */
  due: z.number(),
  /** The version of the deployment. */
  version: z.number(),
});

/** A schedule. */
export const ScheduleInfo = z.object({
  /** Its name. */
  name: z.string(),
  /** Five fields, or six with seconds first. */
  cron: z.string(),
  /** The time zone in which `cron` is read. */
  timezone: z.string(),
  /** `desk`, `desk@canary` or `desk@3`. */
  deployment: z.string(),
  /** The input of each run; absent for the default input of the version. */
  input: anyJson().exactOptional(),
  /** What happens when a run is due while the one before is still at work. */
  overlap: ScheduleOverlap,
  /** Which of the runs are made up for that were due while no process looked. */
  backfill: ScheduleBackfill,
  /** Is nothing started? */
  paused: z.boolean(),
  /** When it was made, in milliseconds since the epoch. */
  created_at: z.number(),
  /** When it is due next, in milliseconds since the epoch; absent while it is paused, and for one that is never due again. */
  next: z.number().exactOptional(),
  /** Its runs that have not ended, as far as is known, the oldest first. */
  runs: z.array(StartedRun),
  /** How many due times wait until the run before has ended. */
  queued: z.number(),
  /** The run that was started last; absent before the first one. */
  last: StartedRun.exactOptional(),
  /** What was decided against last, and why; absent before. */
  skipped: z
    .object({
      /** When it was due, in milliseconds since the epoch. */
      due: z.number(),
      /** Why it was not started, for people. */
      why: z.string(),
    })
    .exactOptional(),
});
export type ScheduleInfo = z.infer<typeof ScheduleInfo>;

/** What a schedule is made of. */
export interface NewScheduleOptions {
  /** Five fields, or six with seconds first, such as `0 9 * * 1-5`. */
  readonly cron: string;
  /** The deployment: `desk` for the tag `default`, `desk@canary` for another tag, `desk@3` for a version. A tag is looked up whenever a run is due. */
  readonly deployment: string;
  /** The IANA name of the time zone in which `cron` is read; `UTC` by default. */
  readonly timezone?: string;
  /** The input of each run, over the default input of the version; that alone by default. */
  readonly input?: Json;
  /** `skip` by default. */
  readonly overlap?: ScheduleOverlap;
  /** `none` by default. */
  readonly backfill?: ScheduleBackfill;
}

/** Schedules. A process that carries them starts their runs: `troupe schedules run`, or `troupe serve --schedules`. Each rejects with `unknown_recipient` when there is no such schedule. */
export interface SchedulesClient {
  /** All of them, by name. */
  list(): Promise<readonly ScheduleInfo[]>;
  /** One of them. */
  get(name: string): Promise<ScheduleInfo>;
  /** Makes one, which is due from now on. Rejects with `conflict` when there is one of its name, and with `invalid` for an expression or a time zone that is none. */
  create(name: string, options: NewScheduleOptions): Promise<ScheduleInfo>;
  /** Starts nothing until it is resumed. */
  pause(name: string): Promise<ScheduleInfo>;
  /** Goes on. What was due while it was paused is not made up for. */
  resume(name: string): Promise<ScheduleInfo>;
  /** Starts a run of it now, whatever else is at work. */
  start(name: string): Promise<Execution>;
  /** Removes it. Its runs go on. */
  delete(name: string): Promise<void>;
}
