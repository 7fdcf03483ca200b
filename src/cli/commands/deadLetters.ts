/** `troupe dead`: lists and shows dead letters, which are messages that no actor accepted, sends one again, and drops one. */
import type { DeadLetterInfo } from '../../contracts/client/deadLetters.ts';
import { escapeControls } from '../../observe/format.ts';
import type { Cli } from '../cli.ts';
import { exitCodes } from '../exit.ts';
import { openClient } from '../openClient.ts';
import type { CommonOptions } from '../options.ts';
import { formatAge, writeMessage, writeJson, writeTable } from '../output/write.ts';

/** As it has always been printed with `--json`. */
const jsonOf = ({ letter_id: id, exec_id: run, kept_by: keeper, died_at: at, ...rest }: DeadLetterInfo) => ({
  id,
  ...rest,
  at,
  run,
  keeper,
});

/** Lists dead letters, newest first; of one run only if the options name it, and with those that were sent again or dropped if they say `all`. */
export async function listDeadLetters(
  cli: Cli,
  options: CommonOptions & { run?: string; limit: number; all?: boolean },
): Promise<number> {
  await using opened = await openClient(cli, options);
  const { run, limit, all = false } = options;
  const letters = await opened.client.deadLetters.list({ limit, all, ...(run === undefined ? {} : { exec_id: run }) });
  if (options.json) writeJson(cli.out, letters.map(jsonOf));
  else if (letters.length === 0) writeMessage(cli, 'No dead letters.');
  else {
    const now = cli.clock.now();
    writeTable(
      cli.out,
      ['ID', 'RUN', 'MESSAGE', 'FROM', 'TO', 'WHY', 'WHEN', ...(all ? ['SETTLED'] : [])],
      letters.map(({ letter_id: id, exec_id, type, from, to, failure, died_at: at, settled }) => [
        id,
        exec_id,
        type,
        from,
        to,
        failure.kind,
        formatAge(now, at),
        ...(all ? [settled ? settledText(settled, now) : ''] : []),
      ]),
    );
  }
  return exitCodes.done;
}

/** Shows a dead letter with its body. */
export async function showDeadLetter(cli: Cli, id: string, options: CommonOptions): Promise<number> {
  await using opened = await openClient(cli, options);
  const letter = await opened.client.deadLetters.get(id);
  if (options.json) writeJson(cli.out, jsonOf(letter));
  else {
    const { type, from, to, exec_id: run, died_at: at, failure, body, settled } = letter;
    const now = cli.clock.now();
    cli.out.write(`${escapeControls(`"${type}" from ${from} to ${to}, of the run ${run}, ${formatAge(now, at)}`)}\n`);
    cli.out.write(`${escapeControls(`${failure.kind}: ${failure.message}`)}\n`);
    if (settled) cli.out.write(`${escapeControls(settledText(settled, now))}\n`);
    for (const line of JSON.stringify(body, null, 2).split('\n')) cli.out.write(`  ${escapeControls(line)}\n`);
  }
  return exitCodes.done;
}

const settledText = (
  { how, at, by, reason, message_id: message }: NonNullable<DeadLetterInfo['settled']>,
  now: number,
): string =>
  `${how} by ${by}, ${formatAge(now, at)}${message === undefined ? '' : `, as ${message}`}${reason === undefined ? '' : `: ${reason}`}`;

/** Sends a dead letter again, once, as a new message to the same actor. The dead letter itself stays, with a mark. */
export async function redriveDeadLetter(cli: Cli, id: string, options: CommonOptions): Promise<number> {
  await using opened = await openClient(cli, options);
  const { type, to, exec_id: run, settled } = await opened.client.deadLetters.redrive(id);
  const again = settled?.message_id;
  if (options.json) writeJson(cli.out, { id: again, to });
  else
    writeMessage(
      cli,
      `"${type}" is in the inbox of ${to} as ${again}; the process that holds the run ${run} delivers it.`,
    );
  return exitCodes.done;
}

/** Marks a dead letter as dropped. */
export async function dropDeadLetter(
  cli: Cli,
  id: string,
  options: CommonOptions & { reason?: string },
): Promise<number> {
  await using opened = await openClient(cli, options);
  const { reason } = options;
  const dropped = await opened.client.deadLetters.drop(id, reason === undefined ? {} : { reason });
  if (options.json) writeJson(cli.out, jsonOf(dropped));
  else writeMessage(cli, `The dead letter ${id} is dropped. "troupe dead list --all" still shows it.`);
  return exitCodes.done;
}
