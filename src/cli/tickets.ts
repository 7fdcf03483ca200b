/** A ticket as a person reads it: what is asked, about exactly what, and how to answer. */
import type { Json } from '../contracts/json.ts';
import { visible } from '../observe/words.ts';
import type { Ticket } from '../runtime.ts';

/** The exact call, one property a line; whatever a model wrote is shown as it is, with nothing that hides or moves text. */
export function callOf({ subject }: Ticket): string {
  const { tool, input } = (subject ?? {}) as { tool?: string; input?: Json };
  if (tool === undefined) return '';
  const body = JSON.stringify(input ?? null, null, 2) ?? '';
  return `  ${visible(tool)} ${body.split('\n').map(visible).join('\n  ')}`;
}

/** Is it a question of yes or no? */
export const isApproval = ({ schema }: Ticket): boolean =>
  typeof schema['properties'] === 'object' && schema['properties'] !== null && 'approved' in schema['properties'];

export function howToAnswer(ticket: Ticket, options: string): string {
  const answer = isApproval(ticket) ? '--yes   (or --no)' : `--answer JSON   (${JSON.stringify(ticket.schema)})`;
  const how = ticket.answered
    ? `  It is answered; go on with: troupe runs resume ${ticket.run}${options}`
    : `  troupe waits answer ${ticket.id}${options} ${answer}`;
  return [visible(ticket.question), callOf(ticket), how].filter(Boolean).join('\n');
}
