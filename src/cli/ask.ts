/** Asks the person at this terminal what a ticket asks. */
import { TroupeError } from '../contracts/failure.ts';
import type { Json } from '../contracts/json.ts';
import { visible } from '../observe/words.ts';
import type { Runtime, Ticket } from '../runtime.ts';
import type { Cli } from './cli.ts';
import { say } from './output.ts';
import { callOf, isApproval } from './tickets.ts';
import { whoami } from './whoami.ts';

/** Asks until there is an answer that fits, somebody elsewhere was quicker, or `signal` fires. */
export async function answerHere(cli: Cli, runtime: Runtime, ticket: Ticket, signal: AbortSignal): Promise<void> {
  say(cli, [`\n${visible(ticket.question)}`, callOf(ticket)].filter(Boolean).join('\n'));
  const taken = new AbortController();
  using _ = runtime.observe((event) => {
    if (event.type === 'commit' && event.actor === ticket.id && event.status !== 'active') taken.abort();
  });
  while (!signal.aborted) {
    const line = await cli.ask(
      isApproval(ticket) ? 'Approve? [y/N] ' : 'Answer (JSON or text): ',
      AbortSignal.any([signal, taken.signal]),
    );
    if (taken.signal.aborted) return say(cli, '\nIt was answered elsewhere in the meantime.');
    // Nobody is there any more, or Ctrl-C: silence is no answer, the ticket stays open.
    if (line === undefined) return say(cli, '');
    try {
      return await runtime.answer(ticket.id, isApproval(ticket) ? approval(line) : valueOf(line), whoami());
    } catch (thrown) {
      if (!(thrown instanceof TroupeError)) throw thrown;
      if (thrown.kind === 'conflict') return say(cli, 'It was answered elsewhere in the meantime.');
      if (thrown.kind !== 'invalid') throw thrown;
      say(cli, visible(thrown.message));
    }
  }
}

/** Only a clear yes is one; anything written after a no goes along as a note. */
function approval(line: string): Json {
  const text = line.trim();
  if (/^y(es)?$/i.test(text)) return { approved: true };
  const note = text.replace(/^no?\b[\s,:]*/i, '');
  return { approved: false, ...(note === '' ? {} : { note }) };
}

function valueOf(line: string): Json {
  try {
    return JSON.parse(line) as Json;
  } catch {
    return line;
  }
}
