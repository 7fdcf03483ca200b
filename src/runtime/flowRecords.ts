/** Reads what a flow has recorded from the journal. */
import { startList } from '../../machines/flow/effectTypes.ts';
import { FlowStart } from '../contracts/flow/flow.ts';
import { flowBodySlot, type FlowRecord } from '../contracts/flow/record.ts';
import { spawnInfoOf } from '../core/spawn.ts';
import { storedListName } from '../core/stepChange.ts';
import { recordsOf } from '../flow/storedRecords.ts';
import type { ActorRow, Journal } from '../journal/journal.ts';
import type { Address } from '../values/ids.ts';

/** The records of a flow, oldest first; those of one actor of the run. */
export async function flowRecords(
  journal: Pick<Journal, 'ledger'>,
  run: string,
  actor: Address,
): Promise<readonly FlowRecord[]> {
  const ledger = await journal.ledger(run);
  return ledger.flatMap((entry) =>
    entry.actor === actor && entry.name === `${flowBodySlot}.checkpoint` && entry.outcome.ok
      ? recordsOf(entry.outcome.output)
      : [],
  );
}

/** What a flow started with; undefined when the actor is no flow. */
export async function flowStartOf(journal: Pick<Journal, 'list'>, row: ActorRow): Promise<FlowStart | undefined> {
  const [start] = await journal.list(row.actor, storedListName(spawnInfoOf(row), startList));
  const parsed = FlowStart.safeParse(start);
  return parsed.success ? parsed.data : undefined;
}
