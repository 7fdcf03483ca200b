/** The schedules beside a journal as a client has them. */
import type { DeploymentsClient } from '../contracts/client/deployments.ts';
import type { ScheduleInfo, SchedulesClient } from '../contracts/client/schedules.ts';
import { deploymentText, parseDeployment } from '../deployments/names.ts';
import { dueTimes } from '../deployments/schedules/cron.ts';
import { manualKey, type Schedule, type ScheduledRun } from '../deployments/schedules/record.ts';
import { schedulesIn } from '../deployments/schedules/schedules.ts';
import { slug } from '../values/ids.ts';
import type { Cli } from './cli.ts';
import { asRequest } from './asRequest.ts';
import { deploymentPlace, type DeploymentPlaceOptions } from './deploymentPlace.ts';
import { requireNoSecret } from './secretInput.ts';

/** The client of the schedules beside the journal of `options`. `deployed` starts runs of deployed versions. */
export function schedulesClient(
  cli: Cli,
  options: DeploymentPlaceOptions,
  deployed: () => Pick<DeploymentsClient, 'invoke'>,
): SchedulesClient {
  const { store, deployments } = deploymentPlace(cli, options);
  const schedules = schedulesIn(store);
  const { clock } = cli;

  async function infoOf(schedule: Schedule): Promise<ScheduleInfo> {
    const { createdAt, decidedUntil: _, queue, runs, last, paused, ...more } = schedule;
    const next = paused ? undefined : (await dueTimes(schedule.cron, schedule.timezone)).after(clock.now());
    const { input, skipped, ...fields } = more;
    return {
      ...fields,
      paused,
      created_at: createdAt,
      runs: runs.map(startedRun),
      queued: queue.length,
      ...(input === undefined ? {} : { input }),
      ...(next === undefined ? {} : { next }),
      ...(last ? { last: startedRun(last) } : {}),
      ...(skipped ? { skipped } : {}),
    };
  }

  return {
    list: async () => Promise.all((await schedules.list()).map(infoOf)),
    get: async (name) => infoOf(await schedules.get(slug(name))),
    async create(name, { cron, deployment: text, timezone = 'UTC', input, overlap = 'skip', backfill = 'none' }) {
      await dueTimes(cron, timezone);
      const { name: flow, ...choice } = parseDeployment(text);
      await asRequest(async () => requireNoSecret(cli, input ?? null));
      await deployments.get(flow, choice);
      const deployment = deploymentText(flow, choice);
      const given = input === undefined ? {} : { input };
      return infoOf(
        await schedules.add({ name: slug(name), cron, timezone, deployment, overlap, backfill, ...given }, clock.now()),
      );
    },
    pause: async (name) => infoOf(await schedules.setPaused(slug(name), true, clock.now())),
    resume: async (name) => infoOf(await schedules.setPaused(slug(name), false, clock.now())),
    async start(name) {
      const { name: id, deployment, input = null } = await schedules.get(slug(name));
      const { name: flow, ...choice } = parseDeployment(deployment);
      const { version } = await deployments.get(flow, choice);
      const due = clock.now();
      const key = manualKey(id, due);
      // Written down first: the runs that are due meanwhile see it.
      await schedules.note(id, { run: key, due, version });
      return deployed().invoke(flow, input, { version, key });
    },
    delete: (name) => schedules.delete(slug(name)),
  };
}

const startedRun = ({ run, due, version }: ScheduledRun) => ({ exec_id: run, due, version });
