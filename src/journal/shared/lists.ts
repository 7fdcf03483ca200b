/** Lists of runs: from the headers of each run's last segment. A run whose process lives may be further than its last segment says, so it is read. */
import type { ActorQuery, ActorRow, HistoryEntry, RunAtRest, RunLease } from '../journal.ts';
import { ownerOf } from './incarnationName.ts';
import type { RunReplica } from './runReplica.ts';
import { indexed, type IndexedRun, type RunSummary, type SegmentHead } from './segment.ts';
import { presenceTtl, type SharedStore } from './store.ts';
import type { SummaryOf } from './summaries.ts';

/** All runs, the one with the oldest last segment first. Messages of other programs are left out. */
export async function* indexedRuns(store: SharedStore): AsyncGenerator<IndexedRun> {
  for await (const message of store.runs.allHeads()) {
    const entry = indexed(message);
    if (entry) yield entry;
  }
}

/** The runs that have not ended, as far as the index tells; a run that somebody has may have ended since. */
export async function activeRuns(store: SharedStore): Promise<IndexedRun[]> {
  const active: IndexedRun[] = [];
  for await (const entry of indexedRuns(store))
    if (entry.head.owner !== undefined || entry.head.summary.root?.status === 'active') active.push(entry);
  return active;
}

/** Has a run with this summary begun, and not ended? */
export const isActive = ({ kinds, root }: RunSummary): boolean =>
  kinds.length > 0 && (root === undefined || root.status === 'active');

/** Can a run with this summary have an actor that the query looks for? Undefined: the run must be read. */
function mayMatch(summary: RunSummary | undefined, query: ActorQuery): boolean {
  if (summary === undefined) return true;
  const { status, type, parent, since, tag, state } = query;
  if (since !== undefined && summary.updated < since) return false;
  const statuses = status === undefined ? undefined : [status].flat();
  if (parent === null) {
    const { root } = summary;
    return (
      root !== undefined &&
      (statuses?.includes(root.status) ?? true) &&
      (tag === undefined || root.tags.includes(tag)) &&
      (state === undefined || root.state.startsWith(state))
    );
  }
  return summary.kinds.some((kind) => {
    const colon = kind.lastIndexOf(':');
    const isStatus = statuses?.some((each) => each === kind.slice(colon + 1)) ?? true;
    return isStatus && (type === undefined || kind.slice(0, colon) === type);
  });
}

/** The actors of all runs that match, the last updated first. Reads as few runs as it can. */
export async function findInAll(
  store: SharedStore,
  query: ActorQuery,
  summaryOf: SummaryOf,
  contentOf: (run: string) => Promise<RunReplica | undefined>,
): Promise<ActorRow[]> {
  const { limit = 100 } = query;
  const candidates: { readonly run: string; readonly updated: number }[] = [];
  for await (const entry of indexedRuns(store)) {
    const summary = summaryOf(entry);
    // Those that are further than the index says come first, then the last updated.
    if (mayMatch(summary, query)) candidates.push({ run: entry.run, updated: summary?.updated ?? Infinity });
  }
  candidates.sort((a, b) => (a.updated === b.updated ? (a.run < b.run ? -1 : 1) : a.updated < b.updated ? 1 : -1));
  let rows: ActorRow[] = [];
  for (const { run, updated } of candidates) {
    const last = rows[limit - 1];
    if (last && last.updated >= updated) break;
    const replica = await contentOf(run);
    if (!replica) continue;
    rows.push(...(await replica.journal.find({ ...query, limit })));
    rows = rows.sort((a, b) => b.updated - a.updated).slice(0, limit);
  }
  return rows;
}

/** The commits of all runs, those of the run that was born first come first. Reads every run that can have one. */
export async function historyOfAll(
  store: SharedStore,
  {
    after = 0,
    newest = false,
    limit = 1_000,
  }: { readonly after?: number; readonly newest?: boolean; readonly limit?: number },
  contentOf: (run: string) => Promise<RunReplica | undefined>,
): Promise<HistoryEntry[]> {
  const entries: HistoryEntry[] = [];
  for await (const { run } of indexedRuns(store)) {
    const content = await contentOf(run);
    if (content && content.contents.position > after)
      entries.push(...(await content.journal.history({ run, after, newest, limit })));
  }
  return entries.sort((a, b) => (newest ? b.position - a.position : a.position - b.position)).slice(0, limit);
}

/** How a run with this summary waits, where the summary is all that there is of it. */
export function restIn(summary: RunSummary | undefined): RunAtRest | undefined {
  return summary?.rest && summary.root ? { root: summary.root.actor, ...summary.rest } : undefined;
}

/** The lease of a run that has begun and not ended. `isOver`: its owner does not live. */
export function leaseIn(run: string, head: SegmentHead, now: number, isOver: boolean): RunLease {
  const { owner, former = '', epoch } = head;
  return {
    run,
    owner: ownerOf(owner ?? former),
    epoch,
    until: owner === undefined || isOver ? 0 : now + presenceTtl,
  };
}
