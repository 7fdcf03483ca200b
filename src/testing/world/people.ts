/** What people outside a run do: they answer its tickets and send signals to its actors. */
import type { Envelope } from '../../contracts/envelope.ts';
import type { Address } from '../../values/ids.ts';
import type { Json, JsonObject } from '../../values/json.ts';
import type { Journal } from '../../journal/journal.ts';
import { requireAnswerFits } from '../../runtime/answerFits.ts';
import { ticketOf, type Ticket } from '../../runtime/tickets.ts';

/** An event for an actor's machine. */
export type Signal = {
  /** The type of the event, such as `agent.cancel`. */
  readonly type: string;
} & JsonObject;

/** Visits the tickets of a run that have no answer yet, one after the other, until a visit resolves with true. */
export async function visitTickets(
  journal: Journal,
  run: string,
  visit: (ticket: Ticket) => Promise<boolean>,
): Promise<boolean> {
  for (const row of await journal.find({ run, type: 'wait', status: 'active', limit: 1_000 })) {
    const ticket = ticketOf(row, await journal.mail(run));
    if (ticket && !ticket.answered && (await visit(ticket))) return true;
  }
  return false;
}

/** The signal that answers a ticket. Its id is that of every answer to the ticket: of two answers one is kept. Throws `invalid` when the answer does not fit. */
export function ticketAnswer(
  ticket: Ticket,
  answer: Json,
  by: string,
): { readonly id: string; readonly signal: Signal } {
  requireAnswerFits(ticket, answer);
  return { id: `${ticket.id}/answer`, signal: { type: 'wait.answer', answer, by } };
}

/** A signal from a person, as it is sent. */
export const personSignalEnvelope = (
  signal: JsonObject & { readonly type: string },
  { id, from, to, run }: { readonly id: string; readonly from: Address; readonly to: Address; readonly run: string },
): Envelope => ({
  id,
  type: signal.type,
  // JSON either way; the envelope's own type does not say that it is read only.
  body: signal as Envelope['body'],
  from,
  to,
  run,
  kind: 'signal',
});
