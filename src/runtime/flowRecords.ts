/** Reads what the flows of a run have recorded from the journal: the root, and the flows that it runs as children. */
import { startList } from '../../machines/flow/effectTypes.ts';
import { FlowStart, flowPathOf } from '../contracts/flow/flow.ts';
import { flowBodySlot, type FlowRecord } from '../contracts/flow/record.ts';
import { spawnInfoOf } from '../core/spawn.ts';
import { storedListName } from '../core/stepChange.ts';
import { recordsOf } from '../flow/storedRecords.ts';
import type { ActorRow, Journal, LedgerEntry } from '../journal/journal.ts';
import type { Address } from '../values/ids.ts';

/** What a flow of a run has recorded. */
export interface FlowRecords {
  /** The calls that it is a child of, from the root, as the beginning of an id: `draft/`; empty for the root. */
  readonly prefix: string;
  /** The run that it replays. */
  readonly replayOf: string | undefined;
  /** In the order in which they were stored. */
  readonly records: readonly FlowRecord[];
}

/** The name under which the ledger has the records of flows. */
export const recordsName = `${flowBodySlot}.checkpoint`;

/** The records in an entry of the ledger; none for any other entry. */
export const recordsIn = ({ name, outcome }: Pick<LedgerEntry, 'name' | 'outcome'>): readonly FlowRecord[] =>
  // Flows store nothing else under this name.
  name === recordsName && outcome.ok && Array.isArray(outcome.output) ? recordsOf(outcome.output) : [];

/** The records of a flow, oldest first; those of one actor of the run. */
export async function flowRecords(
  journal: Pick<Journal, 'ledger'>,
  run: string,
  actor: Address,
): Promise<readonly FlowRecord[]> {
  const ledger = await journal.ledger(run);
  return ledger.flatMap((entry) => (entry.actor === actor ? recordsIn(entry) : []));
}

/** What a flow started with; undefined when the actor is no flow. */
export async function flowStartOf(journal: Pick<Journal, 'list'>, row: ActorRow): Promise<FlowStart | undefined> {
  const [start] = await journal.list(row.actor, storedListName(spawnInfoOf(row), startList));
  const parsed = FlowStart.safeParse(start);
  return parsed.success ? parsed.data : undefined;
}

/** The records of a run by flow; none for a run that has no flows, or that is not there. A child that was begun again in a later life is one flow. */
export async function flowRecordsOf(
  journal: Pick<Journal, 'ledger' | 'list'>,
  run: string,
): Promise<readonly FlowRecords[]> {
  const byActor = new Map<Address, FlowRecord[]>();
  for (const entry of await journal.ledger(run)) {
    if (entry.name !== recordsName) continue;
    const records = byActor.get(entry.actor) ?? [];
    records.push(...recordsIn(entry));
    byActor.set(entry.actor, records);
  }
  const byPath = new Map<string, { prefix: string; replayOf: string | undefined; records: FlowRecord[] }>();
  for (const [actor, records] of byActor) {
    const [start] = await journal.list(actor, startList, 0, 1);
    const { replayOf, ...given } = FlowStart.pick({ path: true, replayOf: true }).parse(start);
    const path = flowPathOf(given, actor, run);
    const prefix = path === undefined ? '' : `${path}/`;
    const known = byPath.get(prefix);
    if (known) known.records.push(...records);
    else byPath.set(prefix, { prefix, replayOf, records });
  }
  return [...byPath.values()];
}
