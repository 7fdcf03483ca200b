/** `troupe waits`: lists, answers and withdraws the questions that wait for a person, from any process. */
import { selectWait } from '../../client/pendingWaits.ts';
import type { Json } from '../../values/json.ts';
import { longestWait } from '../../contracts/wait.ts';
import { formatDuration } from '../../observe/format.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import type { Cli } from '../cli.ts';
import { exitCodes, UsageError } from '../exit.ts';
import { jsonOption } from '../jsonOption.ts';
import { existingJournalOptions, type CommonOptions } from '../options.ts';
import { journalOption } from '../output/shellWord.ts';
import { formatAge, writeMessage, writeJson } from '../output/write.ts';
import { goesOnText } from '../output/sentText.ts';
import { formatTicket } from '../output/ticketText.ts';
import { rootRowOf } from '../runRows.ts';
import { userName } from '../whoami.ts';

/** Lists the open questions; of one run only if the options name it. */
export async function listWaits(cli: Cli, options: CommonOptions & { run?: string }): Promise<number> {
  await using runtime = await cli.open(await existingJournalOptions(cli, options));
  if (options.run !== undefined) await rootRowOf(runtime.journal, options.run);
  const tickets = await runtime.tickets(options.run);
  if (options.json) writeJson(cli.out, tickets);
  else if (tickets.length === 0) writeMessage(cli, 'Nothing waits for a person.');
  const now = cli.clock.now();
  const on = journalOption(options);
  for (const ticket of options.json ? [] : tickets) {
    const hasEnd = ticket.deadline - ticket.since < longestWait;
    const left = hasEnd ? `, ${formatDuration(ticket.deadline - now)} left` : '';
    cli.out.write(
      `${ticket.id}  (run ${ticket.run}, asked ${formatAge(now, ticket.since)}${left})\n  ${formatTicket(ticket, on).replaceAll('\n', '\n  ')}\n\n`,
    );
  }
  return exitCodes.done;
}

/** The answer: one of `yes`, `no`, `happened`, `answer` and `value`; or `abort`, or `interactive`. */
export interface AnswerWaitOptions extends CommonOptions {
  /** Which question of a run is answered, by its name or its id; the only open one by default. */
  readonly wait?: string;
  /** The same as `answer`. */
  readonly value?: string;
  /** Withdraws the question, with a reason or without. */
  readonly abort?: string | true;
  /** Asks a person here, one question after the other; false by default. */
  readonly interactive?: boolean;
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

/** Answers or withdraws a question, named by its ticket, or by its run. */
export async function answerWait(cli: Cli, target: string | undefined, options: AnswerWaitOptions): Promise<number> {
  if (options.interactive) return answerInteractively(cli, target, options);
  if (target === undefined)
    throw new UsageError(
      'Name the run or the ticket that is answered, or go through all open questions with --interactive.',
    );
  const isAborted = options.abort !== undefined;
  const value = isAborted ? null : valueOf(options);
  if (
    isAborted &&
    [options.yes, options.no, options.happened, options.answer, options.value].some((one) => one !== undefined)
  )
    throw new UsageError('A question is answered or withdrawn: leave out --abort, or the answer.');
  await using runtime = await cli.open(await existingJournalOptions(cli, options));
  const ticket = await ticketOf(runtime, target, options.wait);
  const by = options.by ?? userName();
  if (!isAborted) await runtime.answer(ticket, value, by);
  else
    await runtime.abort(ticket, options.abort === true ? 'withdrawn from the command line' : String(options.abort), by);
  return await confirm(cli, runtime, ticket, options, isAborted ? 'withdrawn' : 'answered');
}

/** The ticket that is named, or the question of the run that is named. */
async function ticketOf(runtime: Runtime, target: string, wait: string | undefined): Promise<string> {
  if (target.includes('/')) return target;
  const { run } = await rootRowOf(runtime.journal, target);
  return (await selectWait(runtime.journal, { run, wait, now: runtime.now() })).wait_id;
}

/** Asks a person each open question. */
async function answerInteractively(cli: Cli, target: string | undefined, options: AnswerWaitOptions): Promise<number> {
  const { yes, no, happened, answer, value, abort, json } = options;
  if (json || [yes, no, happened, answer, value, abort].some((one) => one !== undefined))
    throw new UsageError('--interactive asks for the answers: leave out --json, --abort and every answer.');
  if (!cli.isInteractive)
    throw new UsageError('--interactive needs a terminal. Elsewhere: troupe waits answer RUN --value JSON.');
  return (await import('../askWaits.ts')).askWaits(cli, target, options);
}

/** Withdraws a question, named by its ticket, or by its run: the actor that asked goes on without an answer. */
export async function abortWait(
  cli: Cli,
  target: string,
  options: CommonOptions & { reason: string; wait?: string; by?: string },
): Promise<number> {
  await using runtime = await cli.open(await existingJournalOptions(cli, options));
  const ticket = await ticketOf(runtime, target, options.wait);
  await runtime.abort(ticket, options.reason, options.by ?? userName());
  return await confirm(cli, runtime, ticket, options, 'withdrawn');
}

function valueOf({ yes, no, happened, answer: given, value, note }: AnswerWaitOptions): Json {
  const answer = given ?? value;
  const noted = note === undefined ? {} : { note };
  if (yes || no) return { approved: yes === true, ...noted };
  if (happened !== undefined) return { happened: happened === 'yes', ...noted };
  if (answer === undefined)
    throw new UsageError(
      'An answer is --yes, --no, --happened yes|no, or --answer JSON. "troupe waits list" shows what is asked.',
    );
  return jsonOption(given === undefined ? '--value' : '--answer', answer);
}

async function confirm(
  cli: Cli,
  runtime: Runtime,
  ticket: string,
  options: CommonOptions,
  what: 'answered' | 'withdrawn',
): Promise<number> {
  const [row] = await runtime.journal.find({ actor: ticket });
  const run = row?.run ?? 'RUN';
  if (options.json) writeJson(cli.out, { ticket, run, status: what });
  else writeMessage(cli, `${ticket} is ${what}. ${await goesOnText(runtime, { ...options, run })}`);
  return exitCodes.done;
}
