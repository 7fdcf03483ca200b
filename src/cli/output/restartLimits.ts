/** How many restarts of each supervisor count towards its limit, from the journal. */
import { countedRestarts, type Restart } from '../../contracts/restart.ts';
import type { ActorRow, Journal } from '../../journal/journal.ts';
import { formatDuration } from '../../observe/format.ts';
import { storedRestarts } from '../storedLists.ts';

/** The limit of a supervisor, and the restarts that count towards it. */
export interface RestartCount {
  readonly strategy: Restart['strategy'];
  readonly maxRestarts: number;
  /** Restarts count for so many milliseconds. */
  readonly within: number;
  /** Restarts that count now; one more than `maxRestarts` fails the supervisor. */
  readonly counted: number;
}

/** By the address of the supervisor: every supervisor that restarted an actor of these. `now` is in milliseconds since the epoch. */
export async function restartCounts(
  journal: Pick<Journal, 'list'>,
  rows: readonly ActorRow[],
  now: number,
): Promise<ReadonlyMap<string, RestartCount>> {
  const stored = await Promise.all(rows.map(({ actor }) => storedRestarts(journal, actor)));
  const bySupervisor = new Map<string, Restart[]>();
  for (const restart of stored.flat().sort((a, b) => a.at - b.at))
    bySupervisor.set(restart.by, [...(bySupervisor.get(restart.by) ?? []), restart]);
  return new Map(
    [...bySupervisor].flatMap(([by, all]) => {
      // The latest one holds the limits that are valid now.
      const latest = all.at(-1);
      if (!latest) return [];
      const { strategy, maxRestarts, within } = latest;
      return [[by, { strategy, maxRestarts, within, counted: countedRestarts(all, now).length }] as const];
    }),
  );
}

/** A limit as text: `one-for-one, at most 3 restarts within 10m 0s`. */
export const formatRestartLimit = ({ strategy, maxRestarts, within }: Omit<RestartCount, 'counted'>): string =>
  `${strategy}, at most ${maxRestarts} restart${maxRestarts === 1 ? '' : 's'} within ${formatDuration(within)}`;
