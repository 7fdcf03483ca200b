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
  const changed = await journal.find({ run, parent, since, limit: maxChildren });
  const restarts = (await Promise.all(changed.map(({ actor }) => journal.list(actor, restartList)))) as Restart[][];
  return restarts
    .flat()
    .filter(({ at, by }) => at > since && by === (parent ?? 'system'))
    .sort((a, b) => a.at - b.at);
}

/** The most children whose restarts are read, those with the latest commits first. */
const maxChildren = 1_000;
