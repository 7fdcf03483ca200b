/** Messages that no actor takes: stored with the reason, then reported to the observer. None is lost without a trace (E10). */
import type { Clock } from '../values/clock.ts';
import type { DeadLetter } from '../contracts/deadLetter.ts';
import { isDeadLetterMark } from '../contracts/deadLetterMark.ts';
import type { Envelope } from '../contracts/envelope.ts';
import { toFailure, type Failure } from '../values/failure.ts';
import type { Observer } from '../contracts/inspection.ts';
import type { Journal } from '../journal/journal.ts';

/** Where a dead letter is stored, and by whom. */
export interface DeadLetterStore {
  readonly journal: Journal;
  readonly clock: Clock;
  readonly report: Observer;
  /** The epoch of the run's lease, when this process holds it. */
  readonly epoch: number | undefined;
}

/**
 * The message is settled when this resolves. Rejects when it can be neither stored nor given up: another process holds the run's lease
 * (`fenced`) and will find the message as it was, or the journal cannot be written now.
 */
export async function storeDeadLetter(
  envelope: Envelope,
  failure: Failure,
  { journal, clock, report, epoch }: DeadLetterStore,
) {
  const { id, type, from, to, run, kind, body } = envelope;
  const at = clock.now();
  const deadLetter: DeadLetter = { id, type, from, to, body, kind, at, failure };
  try {
    if (epoch !== undefined) await journal.bury(run, epoch, deadLetter);
    else journal.settle(run, [id]);
  } catch (thrown) {
    // A run without any actor has no list to store it in.
    if (toFailure(thrown).kind !== 'unknown_recipient') throw thrown;
    journal.settle(run, [id]);
  }
  // What was done with another dead letter is kept beside it, and is no message that was lost.
  if (!isDeadLetterMark(envelope)) report({ type: 'dead', at, run, actor: to, message: { id, type, from }, failure });
}
