/** Deletes code that no version has any more, once no run needs it. */
import type { ActorRow, Journal } from '../journal/journal.ts';
import { propertiesOf } from '../values/properties.ts';
import type { Cli } from './cli.ts';
import { deploymentPlace, type DeploymentPlace } from './deploymentPlace.ts';
import { natsOptionsOf, type CommonOptions } from './options.ts';

/** How many runs are read at once. */
const pageSize = 1_000;

/**
 * Deletes the code of deleted versions, except that of runs that are in the journal: they may go on, be retried or be replayed. Resolves to what was deleted.
 * Nothing is deleted where runs of other journals may need it.
 */
export async function deleteUnusedCode(
  { deployments, bundles, isOfOneJournal }: DeploymentPlace,
  journal: Pick<Journal, 'find'>,
): Promise<readonly string[]> {
  if (!(await isOfOneJournal())) return [];
  // In this order: a version that is added meanwhile keeps its code again, and one that is started has its run by then.
  const kept = await bundles.list();
  const used = new Set((await deployments.list()).map(({ bundle }) => bundle));
  const unused = new Set(kept.filter((bundle) => !used.has(bundle)));
  for await (const root of unused.size === 0 ? [] : rootsOf(journal)) {
    const { deployment } = propertiesOf(propertiesOf(root.meta)['about']);
    unused.delete(String(propertiesOf(deployment)['bundle']));
    if (unused.size === 0) break;
  }
  for (const bundle of unused) await bundles.delete(bundle);
  return [...unused];
}

/** Deletes the code that was kept for runs that have been pruned. On a server it goes with the next version that is deleted: not every tenant has deployments. */
export async function deleteCodeOfPruned(
  cli: Cli,
  options: CommonOptions,
  journal: Pick<Journal, 'find'>,
): Promise<void> {
  if (natsOptionsOf(cli, options) === undefined || options.db !== undefined)
    await deleteUnusedCode(deploymentPlace(cli, options), journal);
}

/** The roots of all runs, the last changed first; some of them twice. */
async function* rootsOf(journal: Pick<Journal, 'find'>): AsyncGenerator<ActorRow> {
  for (let until: number | undefined, limit = pageSize; ;) {
    const rows = await journal.find({ parent: null, limit, ...(until === undefined ? {} : { until }) });
    yield* rows;
    const last = rows.at(-1);
    if (!last || rows.length < limit) return;
    // Those of the same millisecond are not in order: a page that has no others must be larger.
    if (until === last.updated + 1) limit *= 2;
    until = last.updated + 1;
  }
}
