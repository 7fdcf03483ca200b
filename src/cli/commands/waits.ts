/** `troupe waits`: lists, answers and withdraws the questions that wait for a person, from any process. */
import { errorMessage } from '../../values/cause.ts';
import type { Json } from '../../values/json.ts';
import { durationWords } from '../../observe/format.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import type { Cli } from '../cli.ts';
import { exit, UsageError } from '../exit.ts';
import { parseJson } from '../input.ts';
import { existing, type Shared } from '../options.ts';
import { ago, say, writeJson } from '../output/write.ts';
import { howToAnswer } from '../output/ticketText.ts';
import { whoami } from '../whoami.ts';

/** Lists the open questions; of one run only if the options name it. */
export async function list(cli: Cli, options: Shared & { run?: string }): Promise<number> {
  await using runtime = await cli.open(await existing(cli, options));
  const tickets = await runtime.tickets(options.run);
  if (options.json) writeJson(cli.out, tickets);
  else if (tickets.length === 0) say(cli, 'Nothing waits for a person.');
  const now = cli.clock.now();
  const on = options.db === undefined ? '' : ` --db ${options.db}`;
  for (const ticket of options.json ? [] : tickets) {
    const left = `, ${durationWords(ticket.deadline - now)} left`;
    cli.out.write(
      `${ticket.id}  (run ${ticket.run}, asked ${ago(now, ticket.since)}${left})\n  ${howToAnswer(ticket, on).replaceAll('\n', '\n  ')}\n\n`,
    );
  }
  return exit.done;
}

/** The answer: one of `yes`, `no` and `answer`. */
export interface AnswerOptions extends Shared {
  /** Approves a call. */
  readonly yes?: boolean;
  /** Refuses a call. */
  readonly no?: boolean;
  /** Any other answer, as JSON. */
  readonly answer?: string;
  /** A note for `yes` or `no`. */
  readonly note?: string;
  /** Who answers; the name of the user by default. */
  readonly by?: string;
}

/** Answers a question. */
export async function answer(cli: Cli, ticket: string, options: AnswerOptions): Promise<number> {
  const value = valueOf(options);
  await using runtime = await cli.open(await existing(cli, options));
  await runtime.answer(ticket, value, options.by ?? whoami());
  return await confirm(cli, runtime, ticket, options, 'answered');
}

/** Withdraws a question: the actor that asked goes on without an answer. */
export async function abort(
  cli: Cli,
  ticket: string,
  options: Shared & { reason: string; by?: string },
): Promise<number> {
  await using runtime = await cli.open(await existing(cli, options));
  await runtime.abort(ticket, options.reason, options.by ?? whoami());
  return await confirm(cli, runtime, ticket, options, 'withdrawn');
}

function valueOf({ yes, no, answer, note }: AnswerOptions): Json {
  if (yes || no) return { approved: yes === true, ...(note === undefined ? {} : { note }) };
  if (answer === undefined)
    throw new UsageError('An answer is --yes, --no, or --answer JSON. "troupe waits list" shows what is asked.');
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
  { json, db }: Shared,
  what: 'answered' | 'withdrawn',
): Promise<number> {
  const [row] = await journal.find({ actor: ticket });
  const run = row?.run ?? 'RUN';
  if (json) writeJson(cli.out, { ticket, run, status: what });
  else
    say(
      cli,
      `${ticket} is ${what}. The process at work on the run goes on; if there is none, do so with: troupe runs resume ${run}${db === undefined ? '' : ` --db ${db}`}`,
    );
  return exit.done;
}
