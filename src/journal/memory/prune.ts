/** Deletes old runs from a journal in memory. */
import type { MemoryContents } from './contents.ts';
import type { EndedActors } from './endedActors.ts';

/** Deletes at most so many runs whose actors have all ended before a time in milliseconds since the epoch, and returns how many it were. */
export function pruneMemory(
  { actors, byRun, actorByPending, results, mail }: MemoryContents,
  endedActors: EndedActors,
  forgetLease: (run: string) => void,
  { before, most }: { readonly before: number; readonly most: number },
): number {
  const living = new Set<string>();
  const ended = new Set<string>();
  for (const { row } of actors.values())
    (row.status === 'active' || row.updated >= before ? living : ended).add(row.run);
  const gone = new Set([...ended].filter((run) => !living.has(run)).slice(0, most));
  if (gone.size === 0) return 0;
  for (const [address, kept] of actors) {
    if (!gone.has(kept.row.run)) continue;
    for (const key of kept.pending?.keys() ?? []) actorByPending.delete(key);
    actors.delete(address);
    endedActors.forget(kept);
  }
  for (const [key, { run }] of results) if (gone.has(run)) results.delete(key);
  for (const run of gone) {
    forgetLease(run);
    byRun.delete(run);
    mail.delete(run);
  }
  return gone.size;
}
