/** Messages that nobody takes: kept with their reason, then told to whoever watches. Nothing is lost in silence (E10). */
import type { Clock } from '../contracts/clock.ts';
import type { DeadLetter } from '../contracts/deadLetter.ts';
import type { Envelope } from '../contracts/envelope.ts';
import { toFailure, TroupeError, type Failure } from '../contracts/failure.ts';
import type { Address } from '../contracts/ids.ts';
import type { Observer } from '../contracts/inspection.ts';
import type { Json } from '../contracts/json.ts';
import type { Journal } from '../journal/journal.ts';
import type { MachineEvent } from './chart.ts';

export interface Keeping {
  readonly journal: Journal;
  readonly clock: Clock;
  readonly tell: Observer;
  /** Of the run's owner, when it is this process. */
  readonly epoch: number | undefined;
}

/**
 * The message is settled when this resolves. Rejects when it can be neither kept nor given up: the run has another owner (`fenced`),
 * who will find it as it was, or the journal does not write now.
 */
export async function bury(envelope: Envelope, failure: Failure, { journal, clock, tell, epoch }: Keeping) {
  const { id, type, from, to, run, kind } = envelope;
  const at = clock.now();
  const letter: DeadLetter = { id, type, from, to, body: envelope.body as Json, kind, at, failure };
  try {
    if (epoch !== undefined) await journal.bury(run, epoch, letter);
    else journal.settle([id]);
  } catch (thrown) {
    // A run without any actor has nobody to keep it.
    if (toFailure(thrown).kind !== 'unknown_recipient') throw thrown;
    journal.settle([id]);
  }
  tell({ type: 'dead', at, run, actor: to, message: { id, type, from }, failure });
}

/** An event that a machine sent to whoever is not there. */
export function astray(from: Address, to: string, event: MachineEvent, id: string, at: number): DeadLetter {
  const { type } = event;
  const why = `${from} sent "${type}" to "${to}", which is no living child machine of it: an effect hears nothing, and who has ended neither.`;
  const failure = toFailure(new TroupeError('unknown_recipient', why));
  return { id, type, from, to, body: event as unknown as Json, at, failure };
}
