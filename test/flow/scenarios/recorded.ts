/** What a run has recorded, read from its journal. */
import type { FlowRecord } from '../../../src/contracts/flow/record.ts';
import { recordsOf } from '../../../src/flow/storedRecords.ts';
import type { Runtime } from '../../../src/index.ts';

/** The records of a run of one kind, in order. */
export async function recordedIn<Kind extends FlowRecord['record']>(
  runtime: Runtime,
  run: string,
  kind: Kind,
): Promise<Extract<FlowRecord, { record: Kind }>[]> {
  const entries = await runtime.journal.ledger(run);
  // The checkpoints of a body are lists of records.
  const records = entries.flatMap(({ name, outcome }) =>
    name === 'body.checkpoint' && outcome.ok ? recordsOf(outcome.output) : [],
  );
  return records.filter((record): record is Extract<FlowRecord, { record: Kind }> => record.record === kind);
}

/** Its calls that have ended, by invocation id. */
export const callsIn = async (runtime: Runtime, run: string) =>
  Object.fromEntries((await recordedIn(runtime, run, 'call')).map((call) => [call.id, call]));
