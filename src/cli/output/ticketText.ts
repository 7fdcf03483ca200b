/** Formats a ticket for a person: the question, the exact call that it is about, and how to answer. */
import { propertiesOf } from '../../values/properties.ts';
import { escapeControls } from '../../observe/format.ts';
import type { Ticket } from '../../runtime/runtime.ts';

/** The exact call of a tool, one property per line, with control characters as escapes; empty when the ticket is about no call. */
export function formatTicketCall({ subject }: Ticket): string {
  const { tool, input } = propertiesOf(subject);
  if (typeof tool !== 'string') return '';
  const body = JSON.stringify(input ?? null, null, 2) ?? '';
  return `  ${escapeControls(tool)} ${body.split('\n').map(escapeControls).join('\n  ')}`;
}

/** Is it a question that is answered with yes or no? */
export const asksForApproval = ({ schema }: Ticket): boolean =>
  typeof schema['properties'] === 'object' && schema['properties'] !== null && 'approved' in schema['properties'];

/** The question, its call, and the command that answers it; `options` are appended to the command. */
export function formatTicket(ticket: Ticket, options: string): string {
  const answer = asksForApproval(ticket) ? '--yes   (or --no)' : `--answer JSON   (${JSON.stringify(ticket.schema)})`;
  const how = ticket.answered
    ? `  It is answered; go on with: troupe runs resume ${ticket.run}${options}`
    : `  troupe waits answer ${ticket.id}${options} ${answer}`;
  return [escapeControls(ticket.question), formatTicketCall(ticket), how].filter(Boolean).join('\n');
}
