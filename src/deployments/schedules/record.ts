/** A schedule as it is stored: what is run when, and what has been decided so far. */
import * as z from 'zod';
import { anyJson } from '../../values/anyJson.ts';
import { describeMismatch } from '../../values/explain.ts';
import { TroupeError } from '../../values/failure.ts';
import type { Json } from '../../values/json.ts';

/** What happens when a run is due while the one before is still at work. */
export const overlapPolicies = ['skip', 'queue', 'allow', 'cancel-previous'] as const;
/** Which of the runs are made up for that were due while no process looked. */
export const backfillPolicies = ['none', 'last', 'all'] as const;

/** A run of a schedule that has not ended, as far as is known. It is written before the run is started. */
export const ScheduledRun = z.object({
  /** Its key, made of the schedule's name and the due time. */
  run: z.string(),
  /** When it was due; milliseconds since the epoch. */
  due: z.number(),
  /** The version of the deployment that it is a run of. */
  version: z.int(),
});
export type ScheduledRun = z.infer<typeof ScheduledRun>;

/** A schedule. */
export const Schedule = z.object({
  /** Its name, an id. */
  name: z.string(),
  /** Five fields, or six with seconds first. */
  cron: z.string(),
  /** The IANA name of the time zone in which `cron` is read. */
  timezone: z.string(),
  /** `desk`, `desk@canary` or `desk@3`: a tag is looked up whenever a run is due. */
  deployment: z.string(),
  /** The input of each run, over the default input of the version; absent for that alone. */
  input: anyJson().optional(),
  /** See `overlapPolicies`. */
  overlap: z.enum(overlapPolicies),
  /** See `backfillPolicies`. */
  backfill: z.enum(backfillPolicies),
  /** Whether nothing is started. */
  paused: z.boolean(),
  /** Milliseconds since the epoch. */
  createdAt: z.number(),
  /** Everything that was due until then is decided; milliseconds since the epoch. */
  decidedUntil: z.number(),
  /** Due times that wait until the run before has ended, oldest first. */
  queue: z.array(z.number()),
  /** The runs that have not ended, oldest first. */
  runs: z.array(ScheduledRun),
  /** The run that was started last; absent before the first one. */
  last: ScheduledRun.optional(),
  /** What was decided against last, and why; absent before. */
  skipped: z.object({ due: z.number(), why: z.string() }).optional(),
});
export type Schedule = z.infer<typeof Schedule>;

/** The record of a schedule; undefined where there is none. Throws `corrupt` for something else. */
export function readSchedule(name: string, value: Json): Schedule | undefined {
  if (value === null) return undefined;
  const parsed = Schedule.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new TroupeError(
    'corrupt',
    `The record of the schedule "${name}" cannot be read: ${describeMismatch(parsed.error, value)}.`,
  );
}

/** The record as it is written. */
export const scheduleJson = (schedule: Schedule): Json => JSON.parse(JSON.stringify(schedule)) as Json;

/** The key of the run that is due then: the same in every process, so that one is started. */
export const scheduledKey = (name: string, due: number): string => `schedule.${name}.${timeText(due).slice(0, 15)}z`;

/** The key of a run that a person starts now. */
export const manualKey = (name: string, now: number): string => `schedule.${name}.${timeText(now)}z`;

/** `20261129t090000` and three digits of milliseconds, in UTC. */
const timeText = (at: number): string =>
  new Date(at)
    .toISOString()
    .replaceAll(/[-:.Z]/g, '')
    .toLowerCase();
