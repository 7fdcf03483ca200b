/** `troupe dead`: lists and shows dead letters, which are messages that no actor accepted, and sends one again. */
import type { DeadLetter } from '../../contracts/deadLetter.ts';
import { Address } from '../../values/ids.ts';
import type { Journal } from '../../journal/journal.ts';
import { escapeControls } from '../../observe/format.ts';
import type { Cli } from '../cli.ts';
import { exitCodes, UsageError } from '../exit.ts';
import { existingJournalOptions, type CommonOptions } from '../options.ts';
import { formatAge, writeMessage, writeJson, writeTable } from '../output/write.ts';
import { storedDeadLetters } from '../storedLists.ts';

/** A dead letter, with the actor that keeps it. */
interface KeptLetter extends DeadLetter {
  readonly run: string;
  readonly keeper: string;
}

/** How many actors are searched at most, the latest ones first. */
const maxActors = 10_000;

/** Newest first. */
async function lettersOf(journal: Journal, run: string | undefined): Promise<KeptLetter[]> {
  const rows = await journal.find({ ...(run === undefined ? {} : { run }), limit: maxActors });
  const kept = await Promise.all(
    rows.map(async ({ run, actor }) => {
      const letters = await storedDeadLetters(journal, actor);
      return letters.map((letter): KeptLetter => ({ ...letter, run, keeper: actor }));
    }),
  );
  return kept.flat().sort((a, b) => b.at - a.at);
}

async function letterOf(journal: Journal, id: string): Promise<KeptLetter> {
  const found = (await lettersOf(journal, undefined)).find((letter) => letter.id === id);
  if (found) return found;
  throw new UsageError(`There is no dead letter "${id}" in this journal. "troupe dead list" shows those there are.`);
}

/** Lists dead letters, newest first; of one run only if the options name it. */
export async function listDeadLetters(
  cli: Cli,
  options: CommonOptions & { run?: string; limit: number },
): Promise<number> {
  await using runtime = await cli.open(await existingJournalOptions(cli, options));
  const letters = (await lettersOf(runtime.journal, options.run)).slice(0, options.limit);
  if (options.json) writeJson(cli.out, letters);
  else if (letters.length === 0) writeMessage(cli, 'No dead letters.');
  else {
    const now = cli.clock.now();
    writeTable(
      cli.out,
      ['ID', 'RUN', 'MESSAGE', 'FROM', 'TO', 'WHY', 'WHEN'],
      letters.map(({ id, run, type, from, to, failure, at }) => [
        id,
        run,
        type,
        from,
        to,
        failure.kind,
        formatAge(now, at),
      ]),
    );
  }
  return exitCodes.done;
}

/** Shows a dead letter with its body. */
export async function showDeadLetter(cli: Cli, id: string, options: CommonOptions): Promise<number> {
  await using runtime = await cli.open(await existingJournalOptions(cli, options));
  const { type, from, to, run, at, failure, body, ...rest } = await letterOf(runtime.journal, id);
  if (options.json) writeJson(cli.out, { type, from, to, run, at, failure, body, ...rest });
  else {
    const now = cli.clock.now();
    cli.out.write(`${escapeControls(`"${type}" from ${from} to ${to}, of the run ${run}, ${formatAge(now, at)}`)}\n`);
    cli.out.write(`${escapeControls(`${failure.kind}: ${failure.message}`)}\n`);
    for (const line of JSON.stringify(body, null, 2).split('\n')) cli.out.write(`  ${escapeControls(line)}\n`);
  }
  return exitCodes.done;
}

/** Sends a dead letter again, as a new message to the same actor. The dead letter itself stays. */
export async function redriveDeadLetter(cli: Cli, id: string, options: CommonOptions): Promise<number> {
  await using runtime = await cli.open(await existingJournalOptions(cli, options));
  const { to, type, from, body, run, kind = 'tell' } = await letterOf(runtime.journal, id);
  if (!Address.safeParse(to).success)
    throw new UsageError(`The dead letter ${id} was for "${to}", which is not an address, so it cannot be sent again.`);
  const again = `${id}/again-${cli.clock.id()}`;
  // The body is JSON; the envelope's schema has a type of its own for that.
  await runtime.journal.post({ id: again, type, body: body as never, from, to, run, kind });
  if (options.json) writeJson(cli.out, { id: again, to });
  else
    writeMessage(
      cli,
      `"${type}" is in the inbox of ${to} as ${again}; the process that holds the run ${run} delivers it.`,
    );
  return exitCodes.done;
}
