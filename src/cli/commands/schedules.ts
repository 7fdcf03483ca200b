/** `troupe schedules add`, `list`, `pause`, `resume` and `delete`. */
import { deploymentText, parseDeployment } from '../../deployments/names.ts';
import { dueTimes } from '../../deployments/schedules/cron.ts';
import type { Schedule } from '../../deployments/schedules/record.ts';
import { schedulesIn, type NewSchedule } from '../../deployments/schedules/schedules.ts';
import { asJson, type Json } from '../../values/json.ts';
import { slug } from '../../values/ids.ts';
import type { Cli } from '../cli.ts';
import { deploymentPlace } from '../deploymentPlace.ts';
import { exitCodes } from '../exit.ts';
import { readRunInput } from '../input.ts';
import { requireNoSecret } from '../secretInput.ts';
import { journalOption } from '../output/shellWord.ts';
import { formatTime, writeJson, writeMessage, writeTable } from '../output/write.ts';
import type { DeploymentOptions } from './deployments.ts';

/** The options of `troupe schedules add`. */
export interface AddScheduleOptions
  extends DeploymentOptions, Pick<NewSchedule, 'cron' | 'timezone' | 'deployment' | 'overlap' | 'backfill'> {
  /** The input of each run, as `readRunInput` reads it. */
  readonly input?: string;
  /** Properties of that input, as `key=value`. */
  readonly set: readonly string[];
}

/** Makes a schedule. */
export async function addSchedule(cli: Cli, name: string, options: AddScheduleOptions): Promise<number> {
  const { cron, timezone, overlap, backfill } = options;
  const times = await dueTimes(cron, timezone);
  const { name: deployment, ...choice } = parseDeployment(options.deployment);
  const { input } = await readRunInput(cli, options.input, options.set);
  requireNoSecret(cli, input ?? null);
  const { store, deployments } = deploymentPlace(cli, options);
  await deployments.get(deployment, choice);
  const now = cli.clock.now();
  const made = await schedulesIn(store).add(
    {
      name: slug(name),
      cron,
      timezone,
      deployment: deploymentText(deployment, choice),
      overlap,
      backfill,
      ...(input === undefined ? {} : { input }),
    },
    now,
  );
  const next = times.after(now);
  if (options.json) writeJson(cli.out, scheduleView(made, next));
  else
    writeMessage(
      cli,
      `The schedule "${made.name}" starts ${made.deployment} next at ${timeOf(next)}, while a process runs: troupe schedules run${journalOption(options)}`,
    );
  return exitCodes.done;
}

/** Lists all schedules, with when each is due next. */
export async function listSchedules(cli: Cli, options: DeploymentOptions): Promise<number> {
  const { store } = deploymentPlace(cli, options);
  const now = cli.clock.now();
  const found = await Promise.all(
    (await schedulesIn(store).list()).map(async (schedule) => ({
      schedule,
      next: schedule.paused ? undefined : (await dueTimes(schedule.cron, schedule.timezone)).after(now),
    })),
  );
  if (options.json)
    writeJson(
      cli.out,
      found.map(({ schedule, next }) => scheduleView(schedule, next)),
    );
  else if (found.length === 0)
    writeMessage(cli, "No schedules. Make one with: troupe schedules add NAME --cron '0 9 * * 1-5' --deployment NAME");
  else
    writeTable(
      cli.out,
      ['SCHEDULE', 'CRON', 'TIMEZONE', 'DEPLOYMENT', 'NEXT', 'LAST RUN', 'AT WORK', 'WAITING', 'OVERLAP', 'BACKFILL'],
      found.map(({ schedule, next }) => [
        schedule.name,
        schedule.cron,
        schedule.timezone,
        schedule.deployment,
        schedule.paused ? 'paused' : timeOf(next),
        schedule.last?.run ?? '-',
        String(schedule.runs.length),
        String(schedule.queue.length),
        schedule.overlap,
        schedule.backfill,
      ]),
    );
  return exitCodes.done;
}

/** Pauses a schedule, or resumes it. */
export async function pauseSchedule(
  cli: Cli,
  name: string,
  paused: boolean,
  options: DeploymentOptions,
): Promise<number> {
  const { store } = deploymentPlace(cli, options);
  const found = await schedulesIn(store).setPaused(slug(name), paused, cli.clock.now());
  const says = paused
    ? `is paused: it starts nothing until "troupe schedules resume ${found.name}"`
    : 'goes on; what was due while it was paused is not made up for';
  return told(cli, options, found, `The schedule "${found.name}" ${says}.`);
}

/** Deletes a schedule. Its runs go on. */
export async function deleteSchedule(cli: Cli, name: string, options: DeploymentOptions): Promise<number> {
  const schedules = schedulesIn(deploymentPlace(cli, options).store);
  const found = await schedules.get(slug(name));
  await schedules.delete(found.name);
  return told(cli, options, found, `The schedule "${found.name}" is deleted. Its runs go on.`);
}

function told(cli: Cli, { json }: DeploymentOptions, schedule: Schedule, message: string): number {
  if (json) writeJson(cli.out, scheduleView(schedule, undefined));
  else writeMessage(cli, message);
  return exitCodes.done;
}

/** A schedule as programs read it; times as texts. */
function scheduleView(
  { createdAt, decidedUntil: _, queue, runs, last, skipped, ...more }: Schedule,
  next?: number,
): Json {
  const time = (at: number) => new Date(at).toISOString();
  const run = (each: NonNullable<Schedule['last']>) => ({ ...each, due: time(each.due) });
  return asJson({
    ...more,
    createdAt: time(createdAt),
    queue: queue.map(time),
    runs: runs.map(run),
    ...(last ? { last: run(last) } : {}),
    ...(skipped ? { skipped: { ...skipped, due: time(skipped.due) } } : {}),
    ...(next === undefined ? {} : { next: time(next) }),
  });
}

const timeOf = (at: number | undefined): string => (at === undefined ? 'never' : formatTime(at));
