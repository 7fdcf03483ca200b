/** The writes of a run of which nobody knows whether they happened: their call was stopped in the middle, or nobody could tell. */
import { propertiesOf } from '../values/properties.ts';
import type { Json } from '../values/json.ts';
import type { ActorRow, Journal } from '../journal/journal.ts';

/** A write that may or may not have happened. */
export interface UnsettledWrite {
  /** The name of the tool. */
  readonly tool: string;
  /** What it was given. */
  readonly input: Json;
}

/** The states of a call in which its write has begun and is not known to have ended. */
const openStates = ['executing', 'reconciling', 'asking'];

/** The most calls that are looked at. */
const limit = 10_000;

/** The unsettled writes of a run that has ended or is parked, in the order in which they began. Empty for a run that only reads. */
export async function unsettledWrites(journal: Journal, run: string): Promise<UnsettledWrite[]> {
  // The last commits of stopped calls may come after that of the root, so those that are still active count as well.
  const calls = await journal.find({ run, type: 'tool-call', status: ['active', 'stopped', 'failed'], limit });
  const questions = await journal.find({ run, type: 'wait', status: 'done', limit });
  return [
    ...calls.map((row) => ({ row, write: stoppedWrite(row) })),
    ...questions.map((row) => ({ row, write: doubtfulWrite(row) })),
  ]
    .toSorted((a, b) => a.row.created - b.row.created)
    .flatMap(({ write }) => write ?? []);
}

const contextOf = ({ snapshot }: ActorRow) => propertiesOf(propertiesOf(propertiesOf(snapshot)['state'])['context']);

function stoppedWrite(row: ActorRow): UnsettledWrite | undefined {
  const call = propertiesOf(contextOf(row)['call']);
  return openStates.includes(row.state) && call['effect'] === 'write'
    ? writeOf(call['name'], call['input'])
    : undefined;
}

/** A person was asked whether it happened, and gave no answer. */
function doubtfulWrite(row: ActorRow): UnsettledWrite | undefined {
  const { ticket, end } = contextOf(row);
  const { subject, schema } = propertiesOf(ticket);
  const isDoubt = 'happened' in propertiesOf(propertiesOf(schema)['properties']);
  if (!isDoubt || propertiesOf(end)['status'] === 'answered') return undefined;
  const { tool, input } = propertiesOf(subject);
  return writeOf(tool, input);
}

// A context comes from the journal, which holds JSON.
const writeOf = (tool: unknown, input: unknown): UnsettledWrite | undefined =>
  typeof tool === 'string' ? { tool, input: (input ?? null) as Json } : undefined;

/** The same outcome with the writes of its run that are not settled, where there are any. */
export async function withUnsettled<Outcome extends object>(
  journal: Journal,
  run: string,
  outcome: Outcome,
): Promise<Outcome & { readonly unsettled?: readonly UnsettledWrite[] }> {
  const unsettled = await unsettledWrites(journal, run);
  return unsettled.length === 0 ? outcome : { ...outcome, unsettled };
}
