/** Deletes runs that ended long ago. */
import type { RunReplica } from './runReplica.ts';
import { indexedRuns } from './lists.ts';
import type { SharedStore } from './store.ts';

/** What is deleted, and how it is found out. */
export interface PruneOptions {
  readonly store: SharedStore;
  /** Milliseconds since the epoch. */
  readonly before: number;
  contentOf(run: string): Promise<RunReplica | undefined>;
  /** Is the log of a process ended, or is it this process, so that nobody else writes its runs? */
  isFree(process: string): boolean | Promise<boolean>;
  onPruned(run: string): void;
}

/** Deletes the runs all of whose actors ended before a time. Returns how many. A run that another living process has stays. Rejects with `auth` before anything is deleted. */
export async function prune({ store, before, contentOf, isFree, onPruned }: PruneOptions): Promise<number> {
  await store.requireDeletion();
  const found: string[] = [];
  for await (const { run, head } of indexedRuns(store)) {
    const { owner, summary } = head;
    if (owner === undefined) {
      const isOver = summary.root !== undefined && !summary.kinds.some((kind) => kind.endsWith(':active'));
      if (isOver && summary.updated < before) found.push(run);
    } else if (await isFree(owner)) {
      const content = await contentOf(run);
      const { kinds = [], updated = 0 } = content?.hasEnded ? content.summary : {};
      if (kinds.length > 0 && !kinds.some((kind) => kind.endsWith(':active')) && updated < before) found.push(run);
    }
  }
  for (const run of found) {
    onPruned(run);
    await removeRun(store, run);
  }
  return found.length;
}

/** Deletes all that is stored of a run. Its key is free then. */
export async function removeRun(store: SharedStore, run: string): Promise<void> {
  for (const name of await store.mail.names(run)) await store.mail.remove(name);
  await store.free.remove(run);
  await store.runs.remove(run);
}
