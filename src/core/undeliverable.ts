/** An event that a machine sends to an actor that does not exist: it becomes a dead letter of the sender (E10). */
import type { DeadLetter } from '../contracts/deadLetter.ts';
import { toFailure, TroupeError } from '../values/failure.ts';
import type { Address } from '../values/ids.ts';
import type { MachineEvent } from './chart.ts';

/** `to` is the recipient in the sender's words, `at` milliseconds since the epoch. */
export function undeliverableDeadLetter(
  from: Address,
  to: string,
  event: MachineEvent,
  id: string,
  at: number,
): DeadLetter {
  const { type } = event;
  const why = `${from} sent "${type}" to "${to}", which is no living child machine of it: an effect hears nothing, and who has ended neither.`;
  const failure = toFailure(new TroupeError('unknown_recipient', why));
  return { id, type, from, to, body: event, at, failure };
}
