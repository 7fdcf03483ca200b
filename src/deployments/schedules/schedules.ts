/** The schedules of a store: made, listed, paused, resumed and deleted. */
import { TroupeError } from '../../values/failure.ts';
import type { Json } from '../../values/json.ts';
import { changeRecord, type DeploymentStore } from '../store/store.ts';
import { readSchedule, scheduleJson, type Schedule, type ScheduledRun } from './record.ts';

/** What a new schedule is made of. */
export type NewSchedule = Pick<
  Schedule,
  'name' | 'cron' | 'timezone' | 'deployment' | 'input' | 'overlap' | 'backfill'
>;

/** What is done with the schedules of a store. Each rejects with `unknown_recipient` when there is no such schedule. */
export interface Schedules {
  /** All of them, by name. */
  list(): Promise<Schedule[]>;
  /** One of them. */
  get(name: string): Promise<Schedule>;
  /** Makes one, which is due from now on. Rejects with `conflict` when there is one of its name. */
  add(schedule: NewSchedule, now: number): Promise<Schedule>;
  /** Pauses it, or resumes it. What was due while it was paused is not made up for. */
  setPaused(name: string, paused: boolean, now: number): Promise<Schedule>;
  /** Notes a run that a person has started, before it is started. */
  note(name: string, run: ScheduledRun): Promise<Schedule>;
  /** Notes that a run cannot be started, and why. */
  giveUp(name: string, run: ScheduledRun, why: string): Promise<Schedule>;
  /** Deletes it. Its runs go on. */
  delete(name: string): Promise<void>;
}

/** The schedules of a store. */
export function schedulesIn(store: DeploymentStore): Schedules {
  const read = async (name: string): Promise<Schedule | undefined> =>
    readSchedule(name, (await store.get(`schedules/${name}`))?.value ?? null);
  const change = (name: string, to: (before: Schedule) => Schedule): Promise<Schedule> =>
    changeRecord(store, `schedules/${name}`, (value) => {
      const result = to(requireSchedule(name, readSchedule(name, value)));
      return { value: scheduleJson(result), result };
    });

  return {
    async list() {
      const all = await Promise.all((await store.ids('schedules')).map(read));
      return all.filter((schedule) => schedule !== undefined);
    },
    get: async (name) => requireSchedule(name, await read(name)),
    add: (schedule, now) =>
      changeRecord(store, `schedules/${schedule.name}`, (value) => {
        if (readSchedule(schedule.name, value))
          throw new TroupeError(
            'conflict',
            `There is a schedule "${schedule.name}" already. Delete it first, or choose another name.`,
          );
        const result = { ...schedule, paused: false, createdAt: now, decidedUntil: now, queue: [], runs: [] };
        return { value: scheduleJson(result), result };
      }),
    setPaused: (name, paused, now) =>
      change(name, (before) =>
        before.paused === paused
          ? before
          : { ...before, paused, ...(paused ? { queue: [] } : { decidedUntil: Math.max(before.decidedUntil, now) }) },
      ),
    note: (name, run) => change(name, (before) => ({ ...before, runs: [...before.runs, run], last: run })),
    giveUp: (name, { run, due }, why) =>
      change(name, (before) => ({
        ...before,
        runs: before.runs.filter((each) => each.run !== run),
        skipped: { due, why },
      })),
    async delete(name) {
      await changeRecord(store, `schedules/${name}`, (value: Json) => {
        requireSchedule(name, readSchedule(name, value));
        return { value: null, result: undefined };
      });
    },
  };
}

function requireSchedule(name: string, schedule: Schedule | undefined): Schedule {
  if (schedule) return schedule;
  throw new TroupeError(
    'unknown_recipient',
    `There is no schedule "${name}". "troupe schedules list" shows those there are; make one with: troupe schedules add ${name} --cron … --deployment …`,
  );
}
