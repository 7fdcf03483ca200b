/** The writes of a run of which nobody knows whether they happened: their call was stopped in the middle, or nobody could tell. */
import { propertiesOf } from '../values/properties.ts';
import type { Json } from '../values/json.ts';
import type { ActorRow, Journal } from '../journal/journal.ts';
import { spawnInfoOf } from '../core/spawn.ts';
import { placesOf } from '../engine/places.ts';
import type { Address } from '../values/ids.ts';
import { unsettledCalls } from '../flow/unsettledCalls.ts';
import { flowRecordsOf } from './flowRecords.ts';
import { keptSteps } from './kept.ts';
import type { UnsettledWrite } from './unsettledWrite.ts';

/** The states of a call in which its write has begun and is not known to have ended. */
const openStates = ['executing', 'reconciling', 'asking'];

/** The most calls that are looked at. */
const limit = 10_000;

/** A write, and the actor whose call it is. */
interface FoundWrite {
  readonly call: Address;
  readonly created: number;
  readonly write: UnsettledWrite;
}

/** The unsettled writes of a run that has ended: those of tools and those of flows, each in the order in which they began. Empty for a run that only reads. */
export const unsettledWrites = async (journal: Journal, run: string): Promise<UnsettledWrite[]> => [
  ...(await unsettledTools(journal, run)),
  ...(await unsettledCheckpoints(journal, run)),
];

async function unsettledCheckpoints(journal: Journal, run: string): Promise<UnsettledWrite[]> {
  // The ledger of a run without flows is not read for this.
  const [anyFlow] = await journal.find({ run, type: 'flow', limit: 1 });
  const flows = anyFlow ? await flowRecordsOf(journal, run) : [];
  return flows.flatMap(({ prefix, records }) =>
    [...unsettledCalls(records)].map(([id, key]) => ({ checkpoint: `${prefix}${id}`, key })),
  );
}

/** Those of the tools of a run that has ended or is parked. */
async function unsettledTools(journal: Journal, run: string): Promise<UnsettledWrite[]> {
  // The last commits of stopped calls may come after that of the root, so those that are still active count as well.
  const calls = await journal.find({ run, type: 'tool-call', status: ['active', 'stopped', 'failed'], limit });
  const questions = await journal.find({ run, type: 'wait', status: 'done', limit });
  const found = [
    ...calls.map((row) => ({ row, call: row.actor, write: stoppedWrite(row) })),
    ...questions.map((row) => ({ row, call: row.parent ?? row.actor, write: doubtfulWrite(row) })),
  ].flatMap(({ row: { created }, call, write }) => (write ? [{ call, created, write }] : []));
  const open = found.length === 0 ? found : await withoutSettledLater(journal, run, found);
  return open.toSorted((a, b) => a.created - b.created).map(({ write }) => write);
}

/** Of a run that was retried: a later life may have settled a write of an earlier one, or names it itself. */
async function withoutSettledLater(
  journal: Journal,
  run: string,
  found: readonly FoundWrite[],
): Promise<readonly FoundWrite[]> {
  const [root] = await journal.find({ run, parent: null });
  const { retries = [] } = root ? spawnInfoOf(root) : {};
  if (!root || retries.length === 0) return found;
  const rows = await journal.find({ run, limit: 1_000_000 });
  const places = placesOf(rows, { root: root.actor, retries, stepOf: keptSteps.stepOf });
  const placeOfCall = new Map(places.map((place) => [place.row.actor, place]));
  const named = new Set(found.map(({ call }) => call));
  /** By the path of a call, the last life that knows what became of it, or names it. */
  const latest = new Map<string, number>();
  for (const { row, path, life } of places)
    if (named.has(row.actor) || keptSteps.endOf(row) === 'succeeded')
      latest.set(path, Math.max(life, latest.get(path) ?? 0));
  return found.filter(({ call }) => {
    const place = placeOfCall.get(call);
    return !place || latest.get(place.path) === place.life;
  });
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

/** Did a flow end early, in this life or an earlier one, or without knowing of each of its writes whether it happened? `row`: of a flow that has ended. Its records are read only then. */
export function mayBeUnsettled(row: ActorRow): boolean {
  const end = propertiesOf(propertiesOf(propertiesOf(row.snapshot)['state'])['output']);
  const { retries = [] } = spawnInfoOf(row);
  return row.status !== 'done' || end['status'] !== 'completed' || end['unsettled'] === true || retries.length > 0;
}

/** The same outcome with the writes of its run that are not settled, where there are any. What the flows of a run that is parked have begun they ask about when they go on. */
export async function withUnsettled<Outcome extends { readonly status: string }>(
  journal: Journal,
  run: string,
  outcome: Outcome,
): Promise<Outcome & { readonly unsettled?: readonly UnsettledWrite[] }> {
  const flows = outcome.status === 'parked' ? [] : await journal.find({ run, type: 'flow', limit });
  const unsettled = await (flows.some(mayBeUnsettled) ? unsettledWrites : unsettledTools)(journal, run);
  return unsettled.length === 0 ? outcome : { ...outcome, unsettled };
}
