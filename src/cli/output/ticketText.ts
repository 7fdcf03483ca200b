/** Formats a ticket for a person: the question, the exact call that it is about, and how to answer. */
import { propertiesOf } from '../../values/properties.ts';
import { escapeControls } from '../../observe/format.ts';
import { shellWord } from './shellWord.ts';
import type { AwaitedSignal, Ticket } from '../../runtime/runtime.ts';

/** The exact call of a tool, one property per line, with control characters as escapes; empty when the ticket is about no call. */
export function formatTicketCall({ subject }: Ticket): string {
  const { tool, input } = propertiesOf(subject);
  if (typeof tool !== 'string') return '';
  const body = JSON.stringify(input ?? null, null, 2) ?? '';
  return `  ${escapeControls(tool)} ${body.split('\n').map(escapeControls).join('\n  ')}`;
}

/** What a ticket asks: may a call be made, did a call happen, or something else. */
export type TicketForm = 'approval' | 'happened' | 'other';

/** What a ticket asks, by the schema of its answer. */
export function ticketForm({ schema }: Pick<Ticket, 'schema'>): TicketForm {
  const properties = propertiesOf(schema['properties']);
  return 'approved' in properties ? 'approval' : 'happened' in properties ? 'happened' : 'other';
}

/** The question, its call, and the command that answers it; `options` are appended to the command. */
export function formatTicket(ticket: Ticket, options: string): string {
  const form = ticketForm(ticket);
  const answer =
    form === 'approval'
      ? '--yes   (or --no)'
      : form === 'happened'
        ? '--happened yes   (or no)'
        : `--answer JSON   (${JSON.stringify(ticket.schema)})`;
  const how = ticket.answered
    ? `  It is answered; go on with: troupe runs resume ${ticket.run}${options}`
    : `  troupe waits answer ${ticket.id}${options} ${answer}`;
  return `${formatQuestion(ticket)}\n${how}`;
}

/** The question and its call. */
export const formatQuestion = (ticket: Ticket): string =>
  [escapeControls(ticket.question), formatTicketCall(ticket)].filter(Boolean).join('\n');

/** The signal that a run waits for, and the command that sends it; `options` are appended to the command. */
export function formatSignal({ run, name }: AwaitedSignal, options: string): string {
  const word = shellWord(name);
  // A name that begins with a dash would be taken for an option.
  const how = name.startsWith('-')
    ? `${options} --value JSON -- ${run} ${word}`
    : ` ${run} ${word}${options} --value JSON`;
  return `The run ${run} waits for the signal "${escapeControls(name)}".\n  troupe runs signal${how}`;
}
