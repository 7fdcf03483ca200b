/** `troupe schedules run-now`: a run of a schedule before it is due. */
import { parseDeployment } from '../../deployments/names.ts';
import { manualKey } from '../../deployments/schedules/record.ts';
import { schedulesIn } from '../../deployments/schedules/schedules.ts';
import { slug } from '../../values/ids.ts';
import type { Cli } from '../cli.ts';
import { deploymentPlace } from '../deploymentPlace.ts';
import { runtimeOptions, type FollowOptions } from '../options.ts';
import { invokeVersion } from './invokeDeployment.ts';

/** Starts a run of a schedule now, in this process, whatever else is at work, and follows it. */
export async function runScheduleNow(cli: Cli, name: string, options: FollowOptions): Promise<number> {
  const place = deploymentPlace(cli, options);
  const schedules = schedulesIn(place.store);
  const { name: id, deployment, input } = await schedules.get(slug(name));
  const { name: of, ...choice } = parseDeployment(deployment);
  const version = await place.deployments.get(of, choice);
  const due = cli.clock.now();
  const key = manualKey(id, due);
  await using runtime = await cli.open(runtimeOptions(cli, options));
  // Written down first: the runs that are due meanwhile see it.
  await schedules.note(id, { run: key, due, version: version.version });
  return await invokeVersion(cli, runtime, place, version, input, { ...options, key });
}
