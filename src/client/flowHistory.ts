/** What the flows of a run have recorded, read from the ledger: the flow that the run is of, and those that run as its children. */
import { flowPathOf } from '../contracts/flow/flow.ts';
import type { FlowRecord } from '../contracts/flow/record.ts';
import type { ActorRow, LedgerEntry } from '../journal/journal.ts';
import { recordsIn, recordsName } from '../runtime/flowRecords.ts';
import { inputIn, machineIn } from './runFacts.ts';

/** A record, and where it stands in the journal. */
export interface PlacedRecord {
  readonly record: FlowRecord;
  /** When it was stored, in milliseconds since the epoch. */
  readonly at: number;
}

/** What one flow of a run has recorded. */
export interface FlowHistory {
  /** The calls that it is a child of, from the root, with `/` between; undefined for the root. */
  readonly path: string | undefined;
  /** Its actor; of one that was begun again in a retry, the last. */
  readonly row: ActorRow;
  readonly records: readonly PlacedRecord[];
}

/** The calls that a flow is a child of; undefined for a flow that is none. */
export function flowPath(row: ActorRow): string | undefined {
  return flowPathOf(inputIn(row), row.actor, row.run);
}

/** Each flow of a run, the root first. */
export function flowHistories(rows: readonly ActorRow[], ledger: readonly LedgerEntry[]): FlowHistory[] {
  const flows = rows.filter((row) => machineIn(row) === 'flow');
  const pathOf = new Map(flows.map((row) => [row.actor, flowPath(row)]));
  const found = new Map<string, { path: string | undefined; row: ActorRow; records: PlacedRecord[] }>();
  for (const row of flows.toSorted((a, b) => a.created - b.created)) {
    const path = pathOf.get(row.actor);
    const known = found.get(path ?? '');
    if (known) known.row = row;
    else found.set(path ?? '', { path, row, records: [] });
  }
  for (const entry of ledger) {
    if (entry.name !== recordsName || !pathOf.has(entry.actor)) continue;
    const flow = found.get(pathOf.get(entry.actor) ?? '');
    for (const record of recordsIn(entry)) flow?.records.push({ record, at: entry.at });
  }
  return [...found.values()].toSorted((a, b) => (a.path ?? '').localeCompare(b.path ?? ''));
}

/** The name of a call of a flow in its run: its invocation id below those of the calls around its flow. */
export const callName = (path: string | undefined, id: string): string => (path === undefined ? id : `${path}/${id}`);
