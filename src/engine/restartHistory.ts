/** The restarts that a supervisor made, read back from its children's lists. */
import type { Address } from '../values/ids.ts';
import { restartList, type Restart } from '../contracts/restart.ts';
import type { Journal } from '../journal/journal.ts';

/** The restarts of the children of one parent (null: of the run's root), since a time in milliseconds since the epoch, oldest first. A child that was restarted since then has a commit since then. */
export async function restartsSince(
  journal: Pick<Journal, 'find' | 'list'>,
  { run, parent }: { readonly run: string; readonly parent: Address | null },
  since: number,
): Promise<Restart[]> {
  const moved = await journal.find({ run, parent, since, limit: most });
  const kept = (await Promise.all(moved.map(({ actor }) => journal.list(actor, restartList)))) as Restart[][];
  return kept
    .flat()
    .filter(({ at, by }) => at > since && by === (parent ?? 'system'))
    .sort((a, b) => a.at - b.at);
}

/** How many children are looked at, the latest commits first: far more than may be restarted. */
const most = 1_000;
