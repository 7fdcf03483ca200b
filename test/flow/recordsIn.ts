/** What the flows of a run have recorded. */
import type { FlowRecord } from '../../src/contracts/flow/record.ts';
import { recordsOf } from '../../src/flow/storedRecords.ts';
import type { Runtime } from '../../src/index.ts';

/** The records of one kind, in the order in which they were stored. */
export async function recordsIn<Kind extends FlowRecord['record']>(
  { journal }: Pick<Runtime, 'journal'>,
  run: string,
  kind: Kind,
): Promise<Extract<FlowRecord, { record: Kind }>[]> {
  const records = (await journal.ledger(run)).flatMap(({ name, outcome }) =>
    name === 'body.checkpoint' && outcome.ok ? recordsOf(outcome.output) : [],
  );
  return records.filter((record): record is Extract<FlowRecord, { record: Kind }> => record.record === kind);
}
