/** `troupe runs logs` and `tail` of a flow: what happened, line by line; with `--follow` until the run has ended. */
import type { Execution, LogEntry, LogQuery, PendingWait, TroupeClient } from '../../client/index.ts';
import { escapeControls } from '../../observe/format.ts';
import type { Cli } from '../cli.ts';
import { exitCodes, UsageError } from '../exit.ts';
import { openClient } from '../openClient.ts';
import type { CommonOptions } from '../options.ts';
import { journalOption } from '../output/shellWord.ts';
import { formatTime, oneLine, writeMessage, writeJson } from '../output/write.ts';

/** Which lines are shown. */
export interface LogsCommandOptions extends CommonOptions {
  /** Only of calls with this name or invocation id. */
  readonly checkpoint?: string;
  /** `step`: of calls; `runner`: of the run itself. Both by default. */
  readonly source?: LogEntry['source'];
  /** How many at most; 200 by default. */
  readonly limit?: number;
  /** Only what follows the line at this place. */
  readonly after?: number;
  /** Goes on until the run has ended; false by default. */
  readonly follow?: boolean;
}

/** Are the lines of the log wanted, rather than every commit? */
export const wantsLines = ({ checkpoint, source, limit, after, follow }: LogsCommandOptions): boolean =>
  follow === true || [checkpoint, source, limit, after].some((option) => option !== undefined);

/** Prints the lines of a run. Resolves to exit code 0; of one that is followed, only when it was completed. */
export async function printRunLogs(cli: Cli, run: string, options: LogsCommandOptions): Promise<number> {
  const { checkpoint, source, limit, after, follow = false } = options;
  if (follow && limit !== undefined)
    throw new UsageError('--limit is for a part of the log; --follow gives all of it. Leave one of them out.');
  await using opened = await openClient(cli, options);
  const { client } = opened;
  const query: LogQuery = {
    ...(checkpoint === undefined ? {} : { checkpoint }),
    ...(source === undefined ? {} : { source }),
    ...(limit === undefined ? {} : { limit }),
    ...(after === undefined ? {} : { after }),
  };
  if (follow) return await followRunLogs(cli, client, run, query, options);
  const lines = await client.executions.logs(run, query);
  for (const line of lines) printLine(cli, line, options);
  if (lines.length === 0 && !options.json) writeMessage(cli, `The log of ${run} has no such lines.`);
  return exitCodes.done;
}

async function followRunLogs(
  cli: Cli,
  client: TroupeClient,
  run: string,
  query: LogQuery,
  options: LogsCommandOptions,
): Promise<number> {
  const stopping = new AbortController();
  using _ = cli.onInterrupt(() => stopping.abort());
  const told = new Set<string>();
  const tellWaits = async () => {
    for (const wait of await client.executions.pendingWaits(run)) {
      if (told.has(wait.wait_id)) continue;
      told.add(wait.wait_id);
      tellWait(cli, wait, options);
    }
  };
  await tellWaits();
  for await (const line of client.executions.follow(run, query, stopping.signal)) {
    if (options.json) writeJson(singleLine(cli), { event: 'log', item: line });
    else printLine(cli, line, options);
    if (line.message.startsWith('waits for')) await tellWaits();
  }
  if (stopping.signal.aborted) {
    if (options.json) writeJson(singleLine(cli), { event: 'interrupted' });
    return exitCodes.interrupted;
  }
  return tellEnd(cli, await client.executions.get(run), options);
}

function tellWait(cli: Cli, { name, wait_id: id, question, exec_id: run }: PendingWait, options: CommonOptions): void {
  if (options.json)
    return writeJson(singleLine(cli), { event: 'waiting', item: { wait_name: name, wait_id: id, question } });
  writeMessage(
    cli,
    `${oneLine(question)}\n  troupe waits answer ${run} --wait ${name} --value JSON${journalOption(options)}`,
  );
}

function tellEnd(cli: Cli, run: Execution, options: CommonOptions): number {
  const { exec_id: id, status, status_reason: reason, failure } = run;
  const command = status === 'failed' ? `troupe runs retry ${id}${journalOption(options)}` : undefined;
  const message = `The run ${id} ${status === 'completed' ? 'is completed' : status === 'failed' ? 'failed' : `is ${status}`}${reason === undefined ? '' : `: ${oneLine(reason)}`}`;
  if (options.json)
    writeJson(singleLine(cli), {
      event: 'terminal',
      item: {
        status,
        message,
        ...(failure ? { failure } : {}),
        ...(command === undefined ? {} : { recovery_command: command }),
      },
    });
  else
    writeMessage(cli, `${message}${command === undefined ? '' : `\nGo on from the call that failed with: ${command}`}`);
  return status === 'completed' ? exitCodes.done : exitCodes.failed;
}

function printLine(cli: Cli, line: LogEntry, { json }: CommonOptions): void {
  if (json) return writeJson(singleLine(cli), line);
  const { timestamp, level, checkpoint_name: call = '-', message } = line;
  cli.out.write(`${formatTime(timestamp)}  ${level.padEnd(7)}  ${escapeControls(`${call}  ${message}`)}\n`);
}

/** One record per line, also on a terminal. */
const singleLine = ({ out }: Cli) => ({ write: (text: string) => out.write(text) });
