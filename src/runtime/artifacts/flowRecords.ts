/** Reads what the flows of a run have recorded: the root, and the flows that it runs as children. */
import { FlowStart } from '../../contracts/flow/flow.ts';
import { flowBodySlot, type FlowRecord } from '../../contracts/flow/record.ts';
import { recordsOf } from '../../flow/storedRecords.ts';
import type { Journal } from '../../journal/journal.ts';

/** What a flow of a run has recorded. */
export interface FlowRecords {
  /** The calls that it is a child of, from the root, as the beginning of an id: `draft/`; empty for the root. */
  readonly prefix: string;
  /** The run that it replays. */
  readonly replayOf: string | undefined;
  /** In the order in which they were stored. */
  readonly records: readonly FlowRecord[];
}

/** The records of a run by flow; none for a run that has no flows, or that is not there. A child that was begun again in a later life is one flow. */
export async function flowRecordsOf(
  journal: Pick<Journal, 'ledger' | 'list'>,
  run: string,
): Promise<readonly FlowRecords[]> {
  const byActor = new Map<string, FlowRecord[]>();
  for (const { actor, name, outcome } of await journal.ledger(run)) {
    if (name !== `${flowBodySlot}.checkpoint` || !outcome.ok) continue;
    const records = byActor.get(actor) ?? [];
    records.push(...recordsOf(outcome.output));
    byActor.set(actor, records);
  }
  const byPath = new Map<string, { prefix: string; replayOf: string | undefined; records: FlowRecord[] }>();
  for (const [actor, records] of byActor) {
    const [start] = await journal.list(actor, 'start', 0, 1);
    const { path, replayOf } = FlowStart.pick({ path: true, replayOf: true }).parse(start);
    const prefix = path === undefined ? '' : `${path}/`;
    const known = byPath.get(prefix);
    if (known) known.records.push(...records);
    else byPath.set(prefix, { prefix, replayOf, records });
  }
  return [...byPath.values()];
}
