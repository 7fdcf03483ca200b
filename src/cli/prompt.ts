/** Asks the person at this terminal the question of a ticket. */
import { TroupeError } from '../values/failure.ts';
import type { Json } from '../values/json.ts';
import { escapeControls } from '../observe/format.ts';
import type { Runtime, Ticket } from '../runtime/runtime.ts';
import type { Cli } from './cli.ts';
import { parseJson } from './input.ts';
import { writeMessage } from './output/write.ts';
import { formatTicketCall, asksForApproval } from './output/ticketText.ts';
import { userName } from './whoami.ts';

/** Asks until a valid answer is given here, the ticket is answered elsewhere, or `signal` fires. */
export async function promptForTicket(cli: Cli, runtime: Runtime, ticket: Ticket, signal: AbortSignal): Promise<void> {
  writeMessage(cli, [`\n${escapeControls(ticket.question)}`, formatTicketCall(ticket)].filter(Boolean).join('\n'));
  const answeredElsewhere = new AbortController();
  using _ = runtime.observe((event) => {
    if (event.type === 'commit' && event.actor === ticket.id && event.status !== 'active') answeredElsewhere.abort();
  });
  while (!signal.aborted) {
    const line = await cli.ask(
      asksForApproval(ticket) ? 'Approve? [y/N] ' : 'Answer (JSON or text): ',
      AbortSignal.any([signal, answeredElsewhere.signal]),
    );
    if (answeredElsewhere.signal.aborted) return writeMessage(cli, '\nIt was answered elsewhere in the meantime.');
    // The input ended, or Ctrl-C was pressed: no answer was given, and the ticket stays open.
    if (line === undefined) return writeMessage(cli, '');
    try {
      return await runtime.answer(ticket.id, asksForApproval(ticket) ? approval(line) : valueOf(line), userName());
    } catch (thrown) {
      if (!(thrown instanceof TroupeError)) throw thrown;
      if (thrown.kind === 'conflict') return writeMessage(cli, 'It was answered elsewhere in the meantime.');
      if (thrown.kind !== 'invalid') throw thrown;
      writeMessage(cli, escapeControls(thrown.message));
    }
  }
}

/** Only `y` and `yes` approve; text after `no` becomes the note. */
function approval(line: string): Json {
  const text = line.trim();
  if (/^y(es)?$/i.test(text)) return { approved: true };
  const note = text.replace(/^no?\b[\s,:]*/i, '');
  return { approved: false, ...(note === '' ? {} : { note }) };
}

function valueOf(line: string): Json {
  try {
    return parseJson(line);
  } catch {
    return line;
  }
}
