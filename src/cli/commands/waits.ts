/** `troupe waits`: lists, answers and withdraws the questions that wait for a person, from any process. */
import { errorMessage } from '../../values/cause.ts';
import type { Json } from '../../values/json.ts';
import { formatDuration } from '../../observe/format.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import type { Cli } from '../cli.ts';
import { exitCodes, UsageError } from '../exit.ts';
import { parseJson } from '../input.ts';
import { existingJournalOptions, type CommonOptions } from '../options.ts';
import { formatAge, writeMessage, writeJson } from '../output/write.ts';
import { formatTicket } from '../output/ticketText.ts';
import { userName } from '../whoami.ts';

/** Lists the open questions; of one run only if the options name it. */
export async function listWaits(cli: Cli, options: CommonOptions & { run?: string }): Promise<number> {
  await using runtime = await cli.open(await existingJournalOptions(cli, options));
  const tickets = await runtime.tickets(options.run);
  if (options.json) writeJson(cli.out, tickets);
  else if (tickets.length === 0) writeMessage(cli, 'Nothing waits for a person.');
  const now = cli.clock.now();
  const on = options.db === undefined ? '' : ` --db ${options.db}`;
  for (const ticket of options.json ? [] : tickets) {
    const left = `, ${formatDuration(ticket.deadline - now)} left`;
    cli.out.write(
      `${ticket.id}  (run ${ticket.run}, asked ${formatAge(now, ticket.since)}${left})\n  ${formatTicket(ticket, on).replaceAll('\n', '\n  ')}\n\n`,
    );
  }
  return exitCodes.done;
}

/** The answer: one of `yes`, `no`, `happened` and `answer`. */
export interface AnswerWaitOptions extends CommonOptions {
  /** Approves a call. */
  readonly yes?: boolean;
  /** Refuses a call. */
  readonly no?: boolean;
  /** Whether a call happened that may have: `yes` or `no`. */
  readonly happened?: 'yes' | 'no';
  /** Any other answer, as JSON. */
  readonly answer?: string;
  /** A note for `yes`, `no` or `happened`. */
  readonly note?: string;
  /** Who answers; the name of the user by default. */
  readonly by?: string;
}

/** Answers a question. */
export async function answerWait(cli: Cli, ticket: string, options: AnswerWaitOptions): Promise<number> {
  const value = valueOf(options);
  await using runtime = await cli.open(await existingJournalOptions(cli, options));
  await runtime.answer(ticket, value, options.by ?? userName());
  return await confirm(cli, runtime, ticket, options, 'answered');
}

/** Withdraws a question: the actor that asked goes on without an answer. */
export async function abortWait(
  cli: Cli,
  ticket: string,
  options: CommonOptions & { reason: string; by?: string },
): Promise<number> {
  await using runtime = await cli.open(await existingJournalOptions(cli, options));
  await runtime.abort(ticket, options.reason, options.by ?? userName());
  return await confirm(cli, runtime, ticket, options, 'withdrawn');
}

function valueOf({ yes, no, happened, answer, note }: AnswerWaitOptions): Json {
  const noted = note === undefined ? {} : { note };
  if (yes || no) return { approved: yes === true, ...noted };
  if (happened !== undefined) return { happened: happened === 'yes', ...noted };
  if (answer === undefined)
    throw new UsageError(
      'An answer is --yes, --no, --happened yes|no, or --answer JSON. "troupe waits list" shows what is asked.',
    );
  try {
    return parseJson(answer);
  } catch (cause) {
    throw new UsageError(
      `--answer must be JSON, such as '{"city":"Berlin"}' or '"text"'; got ${answer}: ${errorMessage(cause)}.`,
      { cause },
    );
  }
}

async function confirm(
  cli: Cli,
  { journal }: Runtime,
  ticket: string,
  { json, db }: CommonOptions,
  what: 'answered' | 'withdrawn',
): Promise<number> {
  const [row] = await journal.find({ actor: ticket });
  const run = row?.run ?? 'RUN';
  if (json) writeJson(cli.out, { ticket, run, status: what });
  else
    writeMessage(
      cli,
      `${ticket} is ${what}. The process at work on the run goes on; if there is none, do so with: troupe runs resume ${run}${db === undefined ? '' : ` --db ${db}`}`,
    );
  return exitCodes.done;
}
