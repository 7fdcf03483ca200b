/** Asks the person at this terminal the question of a ticket. */
import { TroupeError } from '../values/failure.ts';
import type { Json } from '../values/json.ts';
import { escapeControls } from '../observe/format.ts';
import type { Runtime, Ticket } from '../runtime/runtime.ts';
import type { Cli } from './cli.ts';
import { parseJson } from './input.ts';
import { writeMessage } from './output/write.ts';
import { formatQuestion, ticketForm, type TicketForm } from './output/ticketText.ts';
import { userName } from './whoami.ts';

/** Asks until a valid answer is given here, the ticket is answered elsewhere, or `signal` fires. */
export async function promptForTicket(cli: Cli, runtime: Runtime, ticket: Ticket, signal: AbortSignal): Promise<void> {
  writeMessage(cli, `\n${formatQuestion(ticket)}`);
  const answeredElsewhere = new AbortController();
  using _ = runtime.observe((event) => {
    if (event.type === 'commit' && event.actor === ticket.id && event.status !== 'active') answeredElsewhere.abort();
  });
  const form = ticketForm(ticket);
  while (!signal.aborted) {
    const line = await cli.ask(questions[form], AbortSignal.any([signal, answeredElsewhere.signal]));
    if (answeredElsewhere.signal.aborted) return writeMessage(cli, '\nIt was answered elsewhere in the meantime.');
    // The input ended, or Ctrl-C was pressed: no answer was given, and the ticket stays open.
    if (line === undefined) return writeMessage(cli, '');
    try {
      const answer = answerOf(form, line);
      if (answer !== undefined) return await runtime.answer(ticket.id, answer, userName());
    } catch (thrown) {
      if (!(thrown instanceof TroupeError)) throw thrown;
      if (thrown.kind === 'conflict') return writeMessage(cli, 'It was answered elsewhere in the meantime.');
      if (thrown.kind !== 'invalid') throw thrown;
      writeMessage(cli, escapeControls(thrown.message));
    }
  }
}

const questions: Record<TicketForm, string> = {
  approval: 'Approve? [y/N] ',
  happened: 'Did it happen? [yes/no] ',
  other: 'Answer (JSON or text): ',
};

/** The answer in a line; undefined when the question must be asked again. Whether a write happened is never guessed from an unclear line. */
function answerOf(form: TicketForm, line: string): Json | undefined {
  if (form === 'approval') return approval(line);
  if (form === 'other') return valueOf(line);
  const [, yes, no] = /^\s*(?:(y(?:es)?)|(no?))\s*$/i.exec(line) ?? [];
  return yes !== undefined ? { happened: true } : no !== undefined ? { happened: false } : undefined;
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
