/**
 * What happened in a run, line by line: from the records of its flows, and from the commits of its actors.
 *
 * LL1 The place of a line is fixed when it is stored: what comes later has a higher one, and a later reading gives the same lines at the same places.
 * LL2 What is read are the first lines of the run, without a gap, although it goes on between the readings of the journal: commits are read before what they are told
 *    with, and what was stored after a commit that was missed is left for the next reading.
 */
import type { LogEntry } from '../contracts/client/execution.ts';
import type { ActorRow, HistoryEntry, Journal, LedgerEntry } from '../journal/journal.ts';
import { commitLine } from './commitLines.ts';
import type { FlowRecord } from '../contracts/flow/record.ts';
import type { LineDraft } from './lineDraft.ts';
import { recordsIn } from '../runtime/flowRecords.ts';
import { callName, flowPath } from './flowHistory.ts';
import { recordLines, resultLine } from './recordLines.ts';
import { shortName } from './actorCalls.ts';
import { runContent, type ClientReader, type RunContent } from './readRun.ts';

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

/** What was read of the lines of a run. */
export interface ReadLines {
  /** In the order of their places. */
  readonly lines: readonly LogLine[];
  /** Has the run ended, and are these all of its lines? */
  readonly isEnded: boolean;
}

/** Reads the lines of a run. Rejects with `unknown_recipient` when there is no such run. */
export async function readLines(reader: Pick<ClientReader, 'journal'>, run: string): Promise<ReadLines> {
  const { journal } = reader;
  const history = await wholeHistory(journal, run);
  const content = await runContent(reader, run);
  const last = history.at(-1);
  const [missed] = await journal.history({ run, limit: 1, ...(last ? { after: last.position } : {}) });
  const lines = linesOf(history, content);
  const first = history[0]?.position ?? missed?.position ?? 0;
  const end = missed ? (missed.position - first) * placesPerCommit : Infinity;
  return {
    lines: lines.filter(({ entry }) => entry.seq < end),
    isEnded: !missed && content.root.status !== 'active',
  };
}

function linesOf(history: readonly HistoryEntry[], { root, rows, ledger }: RunContent): LogLine[] {
  const byActor = new Map(rows.map((row) => [row.actor, row]));
  const first = history[0]?.position ?? 0;
  const lines = history.flatMap((entry): LogLine[] => {
    const draft = commitLine(entry, { root, row: byActor.get(entry.actor) });
    return draft ? [placed(draft, (entry.position - first) * placesPerCommit)] : [];
  });
  const used = new Map<number, number>();
  const told = new Set<string>();
  for (const entry of ledger) {
    const base = Math.max(0, entry.position - first) * placesPerCommit;
    for (const drafts of draftsOf(entry, root, byActor.get(entry.actor), told)) {
      const nth = (used.get(base) ?? 0) + 1;
      used.set(base, nth);
      lines.push(...drafts.map((draft, at) => placed(draft, base + nth * placesPerRecord + at)));
    }
  }
  return lines.toSorted((a, b) => a.entry.seq - b.entry.seq);
}

/** The lines of each record in an entry; of any other entry one. `told`: the calls that lines were about before. */
function draftsOf(entry: LedgerEntry, root: ActorRow, row: ActorRow | undefined, told: Set<string>): LineDraft[][] {
  const records = recordsIn(entry);
  const path = row && flowPath(row);
  if (records.length > 0)
    return records.map((record) => recordLines(record, (id) => callName(path, id), isFirst(record, path, told)));
  // What a flow is let go on with says nothing to people.
  if (root.type === 'flow') return [[]];
  return [[resultLine(entry, shortName(root.run, entry.actor))]];
}

/** Is this the first record of a call, or of one that is made again in a retry? A call that has ended is told of from its beginning then. */
function isFirst(record: FlowRecord, path: string | undefined, told: Set<string>): boolean {
  if (record.record !== 'call' && record.record !== 'attempt' && record.record !== 'begun') return false;
  const id = callName(path, record.id);
  const begins = !told.has(id);
  if (record.record === 'call') told.delete(id);
  else told.add(id);
  return begins;
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
