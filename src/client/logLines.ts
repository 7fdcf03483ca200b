/**
 * What happened in a run, line by line: from the records of its flows, and from the commits of its actors.
 *
 * LL1 The place of a line is fixed when it is stored: what comes later has a higher one, and a later reading gives the same lines at the same places.
 */
import type { LogEntry } from '../contracts/client/execution.ts';
import type { ActorRow, HistoryEntry, Journal, LedgerEntry } from '../journal/journal.ts';
import { commitLine } from './commitLines.ts';
import type { LineDraft } from './lineDraft.ts';
import { recordsIn } from '../runtime/flowRecords.ts';
import { callName, flowPath } from './flowHistory.ts';
import { recordLines, resultLine } from './recordLines.ts';
import { shortName } from './actorCalls.ts';

/** A line, and the invocation id of the call that it is about. */
export interface LogLine {
  readonly entry: LogEntry;
  readonly invocation?: string;
}

/** Places between two commits. More records than that between two commits would have the same places. */
const placesPerCommit = 1_000_000;
/** Places of one record. */
const placesPerRecord = 4;
const pageSize = 1_000;

/** All lines of a run, in the order of their places. */
export async function logLines(
  journal: Pick<Journal, 'history'>,
  run: { readonly root: ActorRow; readonly rows: readonly ActorRow[]; readonly ledger: readonly LedgerEntry[] },
): Promise<LogLine[]> {
  const { root, rows, ledger } = run;
  const byActor = new Map(rows.map((row) => [row.actor, row]));
  const history = await wholeHistory(journal, root.run);
  const first = history[0]?.position ?? 0;
  const lines = history.flatMap((entry): LogLine[] => {
    const draft = commitLine(entry, { root, row: byActor.get(entry.actor) });
    return draft ? [placed(draft, (entry.position - first) * placesPerCommit)] : [];
  });
  const used = new Map<number, number>();
  for (const entry of ledger) {
    const base = Math.max(0, entry.position - first) * placesPerCommit;
    for (const drafts of draftsOf(entry, root, byActor.get(entry.actor))) {
      const nth = (used.get(base) ?? 0) + 1;
      used.set(base, nth);
      lines.push(...drafts.map((draft, at) => placed(draft, base + nth * placesPerRecord + at)));
    }
  }
  return lines.toSorted((a, b) => a.entry.seq - b.entry.seq);
}

/** The lines of each record in an entry; of any other entry one. */
function draftsOf(entry: LedgerEntry, root: ActorRow, row: ActorRow | undefined): LineDraft[][] {
  const records = recordsIn(entry);
  const path = row && flowPath(row);
  if (records.length > 0) return records.map((record) => recordLines(record, (id) => callName(path, id)));
  // What a flow is let go on with says nothing to people.
  if (root.type === 'flow') return [[]];
  return [[resultLine(entry, shortName(root.run, entry.actor))]];
}

function placed({ call, ...draft }: LineDraft, seq: number): LogLine {
  return {
    entry: { seq, ...draft, ...(call ? { checkpoint_name: call.name } : {}) },
    ...(call ? { invocation: call.id } : {}),
  };
}

async function wholeHistory(journal: Pick<Journal, 'history'>, run: string): Promise<HistoryEntry[]> {
  const all: HistoryEntry[] = [];
  for (;;) {
    const last = all.at(-1);
    const page = await journal.history({ run, limit: pageSize, ...(last ? { after: last.position } : {}) });
    all.push(...page);
    if (page.length < pageSize) return all;
  }
}
