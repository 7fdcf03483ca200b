/** How near its limit a supervisor stands, from what the journal keeps of a run. */
import { counting, restarts, type Restart } from '../contracts/restart.ts';
import type { ActorRow, Journal } from '../journal/journal.ts';
import { durationWords } from '../observe/words.ts';

export interface Standing {
  readonly strategy: Restart['strategy'];
  readonly maxRestarts: number;
  /** Milliseconds. */
  readonly within: number;
  /** Restarts that count now; the one after the last allowed fails the parent. */
  readonly counted: number;
}

/** By supervisor: those who restarted somebody, with what counts at that moment. */
export async function standings(
  journal: Pick<Journal, 'list'>,
  rows: readonly ActorRow[],
  now: number,
): Promise<ReadonlyMap<string, Standing>> {
  const kept = (await Promise.all(rows.map(({ actor }) => journal.list(actor, restarts)))) as unknown as Restart[][];
  const bySupervisor = new Map<string, Restart[]>();
  for (const restart of kept.flat().sort((a, b) => a.at - b.at))
    bySupervisor.set(restart.by, [...(bySupervisor.get(restart.by) ?? []), restart]);
  return new Map(
    [...bySupervisor].map(([by, all]) => {
      const { strategy, maxRestarts, within } = all.at(-1)!;
      return [by, { strategy, maxRestarts, within, counted: counting(all, now).length }];
    }),
  );
}

export const policyWords = ({ strategy, maxRestarts, within }: Omit<Standing, 'counted'>): string =>
  `${strategy}, at most ${maxRestarts} restart${maxRestarts === 1 ? '' : 's'} within ${durationWords(within)}`;
