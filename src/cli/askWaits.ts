/** Goes through the open questions with the person at this terminal: each is answered, withdrawn or skipped. */
import type { PendingWait } from '../client/index.ts';
import { escapeControls, formatDuration } from '../observe/format.ts';
import { TroupeError } from '../values/failure.ts';
import type { Json } from '../values/json.ts';
import type { Cli } from './cli.ts';
import { exitCodes } from './exit.ts';
import { parseJson } from './input.ts';
import { openClient } from './openClient.ts';
import type { CommonOptions } from './options.ts';
import { writeMessage } from './output/write.ts';
import { userName } from './whoami.ts';

/** Of one run, or of all. Resolves to exit code 130 when it was left with Ctrl-C. */
export async function askWaits(
  cli: Cli,
  run: string | undefined,
  options: CommonOptions & { readonly by?: string },
): Promise<number> {
  await using opened = await openClient(cli, options);
  const { executions } = opened.client;
  const stopping = new AbortController();
  using _ = cli.onInterrupt(() => stopping.abort());
  const waits = await executions.pendingWaits(run);
  if (waits.length === 0) writeMessage(cli, 'Nothing waits for a person.');
  const by = options.by ?? userName();
  for (const wait of waits) {
    writeMessage(cli, questionText(wait, cli.clock.now()));
    const choice = await choose(cli, stopping.signal);
    if (choice === 'quit') break;
    if (choice === 'skip') continue;
    try {
      if (choice === 'abort') await executions.abortWait(wait.exec_id, { wait: wait.wait_id, by });
      else
        await answerOne(cli, wait, stopping.signal, (value) =>
          executions.input(wait.exec_id, { wait: wait.wait_id, value, by }),
        );
    } catch (thrown) {
      if (!(thrown instanceof TroupeError) || thrown.kind !== 'conflict') throw thrown;
      writeMessage(cli, 'It was answered elsewhere in the meantime.');
    }
  }
  return stopping.signal.aborted ? exitCodes.interrupted : exitCodes.done;
}

function questionText(
  { exec_id: run, name, question, schema, metadata, entered_waiting_at: since }: PendingWait,
  now: number,
): string {
  const facts = Object.keys(metadata).length === 0 ? [] : [`  ${JSON.stringify(metadata)}`];
  return [
    `\n${run}  ${name}  (asked ${formatDuration(now - since)} ago)`,
    `  ${question}`,
    ...facts,
    `  The answer fits ${JSON.stringify(schema)}`,
  ]
    .map((line) => line.split('\n').map(escapeControls).join('\n'))
    .join('\n');
}

const choices = { c: 'continue', a: 'abort', s: 'skip', q: 'quit' } as const;
type Choice = (typeof choices)[keyof typeof choices];

/** The end of the input and Ctrl-C count as `quit`. */
async function choose(cli: Cli, signal: AbortSignal): Promise<Choice> {
  for (;;) {
    const line = await cli.ask('[c]ontinue, [a]bort, [s]kip or [q]uit? ', signal);
    if (line === undefined || signal.aborted) return 'quit';
    const given = line.trim().toLowerCase();
    const choice = Object.entries(choices).find(([letter, word]) => given === letter || given === word)?.[1];
    if (choice) return choice;
  }
}

/** Asks until an answer fits. */
async function answerOne(
  cli: Cli,
  { schema }: PendingWait,
  signal: AbortSignal,
  answer: (value: Json) => Promise<unknown>,
): Promise<void> {
  for (;;) {
    const line = await cli.ask('Answer (JSON or text): ', signal);
    if (line === undefined || signal.aborted) return;
    try {
      await answer(valueOf(line, schema));
      return;
    } catch (thrown) {
      if (!(thrown instanceof TroupeError) || thrown.kind !== 'invalid') throw thrown;
      writeMessage(cli, escapeControls(thrown.message));
    }
  }
}

/** An empty line is null, and what is no JSON is text; so is everything where only text fits. */
function valueOf(line: string, { type }: PendingWait['schema']): Json {
  if (line.trim() === '') return type === 'string' ? '' : null;
  try {
    const value = parseJson(line);
    return type === 'string' && typeof value !== 'string' ? line : value;
  } catch {
    return line;
  }
}
