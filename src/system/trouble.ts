/** When a message cannot be handled: was it handled before, does it mean nothing, or did the machine break on it? Nothing is lost in silence (E10). */
import { isDeepStrictEqual } from 'node:util';
import { deadLetters, type DeadLetter } from '../contracts/deadLetter.ts';
import type { Envelope } from '../contracts/envelope.ts';
import { fromFailure, toFailure, TroupeError, type Failure } from '../contracts/failure.ts';
import type { Address } from '../contracts/ids.ts';
import type { ActorStatus } from '../contracts/inspection.ts';
import type { Json } from '../contracts/json.ts';
import type { Journal } from '../journal/journal.ts';
import { stateOf } from './chart.ts';
import type { Change } from './commitment.ts';
import { causeOf, type Delivery } from './delivery.ts';
import { refusal } from './letters.ts';
import type { Self } from './self.ts';

/** The run is not ours any more, or what is stored is not what we know: nothing more can be done here. */
export const isLoss = ({ kind }: Failure): boolean =>
  kind === 'fenced' || kind === 'conflict' || kind === 'corrupt' || kind === 'cancelled' || kind === 'storage';

/**
 * The same message again? Then nothing happens twice, and an asker gets the answer that was given (E1).
 * False when it is new; throws `conflict` when it is another message under a used id.
 */
export async function wasHandled(
  journal: Journal,
  to: Address,
  { id, body, asker }: { id: string; body: Json; asker: Address | undefined },
  answer: (reply: Envelope) => void,
): Promise<boolean> {
  const handled = await journal.handled(to, id);
  if (!handled) return false;
  if (!isDeepStrictEqual(handled.body, body)) {
    throw new TroupeError(
      'conflict',
      `${to} handled a message with id ${id} and another body. Use a new id for a new message.`,
    );
  }
  // Whoever asks again may do so from another place: its first process may be gone.
  if (asker !== undefined && handled.reply) answer({ ...handled.reply, to: asker });
  return true;
}

/** Dead letters are kept with their reason; whoever asked is told. The message counts as handled, so that it does not come back. */
export function burial(self: Self, delivery: Delivery, failure: Failure, at: number): Change {
  const { id, event, body, from = self.address, ask } = delivery;
  const letter: DeadLetter = { id, type: event.type, from, to: self.address, body, at, failure };
  return {
    snapshot: self.snapshot,
    status: 'active',
    event: { ...causeOf(delivery), inbox: true },
    opens: ask ? [refusal(ask, self.address, self.key(0), failure)] : [],
    appends: [{ list: deadLetters, entry: letter as unknown as Json }],
  };
}

export const overdue = (deadline: number): Failure =>
  toFailure(
    new TroupeError(
      'expired',
      `The run did not end by its deadline, ${new Date(deadline).toISOString()}. Give it more time, or less to do.`,
    ),
  );

export function meaningless(self: Self, { event }: Delivery): TroupeError {
  const state = stateOf(self.snapshot!.value, self.type.chart.machine.root);
  return new TroupeError(
    'unknown_message',
    `${self.address} is in "${state}", where "${event.type}" means nothing. Nothing was changed.`,
    { data: { state } },
  );
}

export const gone = (address: Address): TroupeError =>
  new TroupeError('fenced', `This process no longer runs ${address}.`);

export const ended = (address: Address, status: ActorStatus): TroupeError =>
  new TroupeError('conflict', `${address} has ended (${status}); it takes no more messages.`, { data: { status } });

export const asError = (thrown: unknown): TroupeError => fromFailure(toFailure(thrown));
