/** The signals that the flows of a run wait for, read from the journal. */
import type { ActorRow, Journal } from '../journal/journal.ts';
import type { Address } from '../values/ids.ts';
import { propertiesOf } from '../values/properties.ts';

/** A signal that a flow waits for, and can do nothing without. */
export interface AwaitedSignal {
  /** The flow: the root of the run, or a child of it. */
  readonly actor: Address;
  /** The run. */
  readonly run: string;
  /** The name of the signal. */
  readonly name: string;
}

const contextOf = ({ snapshot }: Pick<ActorRow, 'snapshot'>) =>
  propertiesOf(propertiesOf(propertiesOf(snapshot)['state'])['context']);

/** The signals that a flow waits for; none for any other actor. */
export function signalsAwaitedBy(row: Pick<ActorRow, 'actor' | 'run' | 'status' | 'snapshot'>): AwaitedSignal[] {
  const { signals } = contextOf(row);
  if (row.status !== 'active' || propertiesOf(row.snapshot)['machine'] !== 'flow' || !Array.isArray(signals)) return [];
  // The machine of a flow writes texts.
  return signals.map((name: string) => ({ actor: row.actor, run: row.run, name }));
}

/** Those of all flows of a run; none where a pause of one of them will move it on. */
export async function awaitedSignals(journal: Pick<Journal, 'find'>, run: string): Promise<readonly AwaitedSignal[]> {
  const rows = await journal.find({ run, status: 'active', limit: 10_000 });
  return rows.some(isSleeping) ? [] : rows.flatMap(signalsAwaitedBy);
}

/** Does a flow wait for time to pass? */
export const isSleeping = (row: Pick<ActorRow, 'snapshot'>): boolean =>
  Object.values(propertiesOf(contextOf(row)['open'])).some((request) => propertiesOf(request)['kind'] === 'sleep');
