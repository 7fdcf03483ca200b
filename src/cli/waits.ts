/** `troupe waits`: the questions that wait for a person, from any process. */
import type { Json } from '../contracts/json.ts';
import { durationWords } from '../observe/words.ts';
import type { Runtime } from '../runtime.ts';
import type { Cli } from './cli.ts';
import { exit, UsageError } from './exit.ts';
import { existing, type Shared } from './options.ts';
import { ago, say, writeJson } from './output.ts';
import { howToAnswer } from './tickets.ts';
import { whoami } from './whoami.ts';

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

export interface AnswerOptions extends Shared {
  readonly yes?: boolean;
  readonly no?: boolean;
  readonly answer?: string;
  readonly note?: string;
  readonly by?: string;
}

export async function answer(cli: Cli, ticket: string, options: AnswerOptions): Promise<number> {
  const value = valueOf(options);
  await using runtime = await cli.open(await existing(cli, options));
  await runtime.answer(ticket, value, options.by ?? whoami());
  return await told(cli, runtime, ticket, options, 'answered');
}

export async function abort(
  cli: Cli,
  ticket: string,
  options: Shared & { reason: string; by?: string },
): Promise<number> {
  await using runtime = await cli.open(await existing(cli, options));
  await runtime.abort(ticket, options.reason, options.by ?? whoami());
  return await told(cli, runtime, ticket, options, 'withdrawn');
}

function valueOf({ yes, no, answer, note }: AnswerOptions): Json {
  if (yes || no) return { approved: yes === true, ...(note === undefined ? {} : { note }) };
  if (answer === undefined)
    throw new UsageError('An answer is --yes, --no, or --answer JSON. "troupe waits list" shows what is asked.');
  try {
    return JSON.parse(answer) as Json;
  } catch (cause) {
    throw new UsageError(
      `--answer must be JSON, such as '{"city":"Berlin"}' or '"text"'; got ${answer}: ${(cause as Error).message}.`,
      { cause },
    );
  }
}

async function told(
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
