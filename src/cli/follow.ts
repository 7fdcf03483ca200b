/** Follows a run until it ends or waits: shows its progress, asks its questions, parks it on Ctrl-C, and prints the outcome. */
import { toFailure } from '../values/failure.ts';
import { loadOptional } from '../values/optional.ts';
import { fanOut } from '../observe/fanOut.ts';
import { progress, type Progress } from '../observe/progress.ts';
import { escapeControls } from '../observe/format.ts';
import type { RunHandle, Runtime, Runnable } from '../runtime/runtime.ts';
import { promptForTicket } from './prompt.ts';
import { useColors, type Cli } from './cli.ts';
import { reportOthers } from '../runtime/strays.ts';
import { disposables } from '../runtime/disposables.ts';
import { untilEnd } from './earlyExit.ts';
import { exitCodes, cliErrorMessage } from './exit.ts';
import type { LoadedDefinition } from './loadedDefinition.ts';
import { isInMemory, type FollowOptions } from './options.ts';
import { formatTime, oneLine, writeMessage, writeJson, writeOutput } from './output/write.ts';
import { formatOutcome, type FormattedOutcome } from './output/formatOutput.ts';
import { formatQuestion, formatSignal, formatTicket } from './output/ticketText.ts';
import { journalOption } from './output/shellWord.ts';
import { unsettledText } from './output/unsettledText.ts';

/** Milliseconds that running effects get to finish after Ctrl-C. */
const grace = 2_000;

/** Begins a run with `begin` and follows it. Resolves to the exit code of the command. */
export async function followRun(
  cli: Cli,
  runtime: Runtime,
  loaded: Pick<LoadedDefinition, 'subject' | 'formatOutput'>,
  begin: (signal: AbortSignal) => Promise<RunHandle>,
  options: FollowOptions,
): Promise<number> {
  await using view = await watch(cli, runtime, loaded.subject, options);
  let run: RunHandle | undefined;
  let interrupted = false;
  let parking: Promise<void> | undefined;
  const asking = new AbortController();
  using _ = cli.onInterrupt(() => {
    if (interrupted) return cli.exitNow(exitCodes.interrupted);
    interrupted = true;
    using _ = view.pause();
    writeMessage(
      cli,
      'Parking the run: running effects may finish. Press Ctrl-C again to exit at once, which is safe too.',
    );
    asking.abort();
    parking = run?.park(grace).catch((thrown: unknown) => writeMessage(cli, escapeControls(cliErrorMessage(thrown))));
  });

  try {
    run = await begin(asking.signal);
  } catch (thrown) {
    if (interrupted && toFailure(thrown).kind === 'cancelled') return exitCodes.interrupted;
    throw thrown;
  }
  const version = runtime.versionOf(loaded.subject);
  if (run.begunWith !== undefined && run.begunWith !== version)
    writeMessage(
      cli,
      `The run ${run.id} was begun with version ${run.begunWith.slice(0, 7)} of "${loaded.subject.name}"; this is ${version.slice(0, 7)}.`,
    );
  if (interrupted) await run.park(grace);
  const guard = atWork(cli, run.id, options);
  try {
    for (;;) {
      const outcome = await run.outcome({ returnWhenWaiting: true });
      if (
        outcome.status === 'waiting' &&
        outcome.tickets.length > 0 &&
        cli.isInteractive &&
        options.ask &&
        !interrupted
      ) {
        using _ = view.pause();
        for (const ticket of outcome.tickets) await promptForTicket(cli, runtime, ticket, asking.signal);
        if (!asking.signal.aborted) continue;
      }
      if (outcome.status === 'waiting') await run.park();
      // The lease is released before other processes are notified. Closing the journal in between would make them wait, so parking ends first.
      await parking;
      await view[Symbol.asyncDispose]();
      return report(cli, run, formatOutcome(loaded, run.id, outcome), options);
    }
  } finally {
    guard[Symbol.dispose]();
  }
}

/** Until the result is disposed: what is said of errors that belong to no run, and of a process that ends before the run has. */
function atWork(cli: Cli, id: string, options: FollowOptions): Disposable {
  const goOn = isInMemory(cli, options)
    ? lost
    : `Nothing is lost: go on with troupe runs resume ${id}${journalOption(options)}`;
  const strays = reportOthers((thrown) =>
    writeMessage(
      cli,
      `Something threw where nothing could catch it, and no run is known to have started it: ${escapeControls(cliErrorMessage(thrown))}`,
    ),
  );
  const early = untilEnd({
    says: ({ code, ranDry }) =>
      ranDry
        ? `Nothing was left to wait for, and the run ${id} has not ended. ${goOn}`
        : `The process ended while the run ${id} was at work: something in it called process.exit(${code}). ${goOn}`,
    code: exitCodes.failed,
  });
  return {
    [Symbol.dispose]() {
      strays[Symbol.dispose]();
      early[Symbol.dispose]();
    },
  };
}

/** Said instead of how to go on with a run. */
const lost =
  'Its journal was in memory, and has ended with this command. Name a file with --db to go on with a run later.';

interface View extends AsyncDisposable {
  pause(): Disposable;
}
const nothing: Disposable = { [Symbol.dispose]() {} };

/** Progress, log and inspector, as the options say; all without the values of secrets. */
async function watch(
  cli: Cli,
  runtime: Runtime,
  subject: Runnable,
  { inspect, log, quiet, verbose = false }: FollowOptions,
): Promise<View> {
  const { err } = cli;
  const color = useColors(cli, cli.err);
  const observers = fanOut();
  const open = disposables();
  let shown: Progress | undefined;
  if (log !== undefined) {
    const { logger } = await loadOptional('pino', 'A log needs', () => import('../observe/logger.ts'));
    observers.add(logger({ level: log, out: err, terminal: cli.err.isTTY === true, color }).observe);
  } else if (!quiet) {
    // Either a log or progress: the block redraws itself and would overwrite lines of a log.
    shown = progress(err, {
      name: subject.name,
      verbose,
      terminal: cli.err.isTTY === true,
      color,
      clock: cli.clock,
      // A terminal that does not know its size reports 0.
      columns: cli.err.columns || 100,
      rows: Math.max(3, (cli.err.rows || 24) - 8),
    });
    open.use(shown);
    observers.add(shown.observe);
  }
  if (inspect !== undefined) {
    const { livePage } = await import('./output/livePage.ts');
    const page = await livePage(cli, inspect, subject);
    open.use(page);
    observers.add(page.observe);
  }
  open.use(runtime.observe(observers.observe));
  return { pause: () => shown?.pause() ?? nothing, [Symbol.asyncDispose]: () => open.close() };
}

function report(
  cli: Cli,
  { id: run, endedAt }: Pick<RunHandle, 'id' | 'endedAt'>,
  shown: FormattedOutcome,
  options: FollowOptions,
): number {
  const { json } = options;
  const on = journalOption(options);
  const isKept = !isInMemory(cli, options);
  const { results, anyFailed, ...outcome } = shown;
  if (json) writeJson(cli.out, { run, ...outcome, ...(endedAt === undefined ? {} : { endedAt }) });
  else if (results !== undefined) writeOutput(cli.out, results);
  if ('unsettled' in outcome) for (const write of outcome.unsettled ?? []) writeMessage(cli, unsettledText(write));
  switch (outcome.status) {
    case 'done':
      if (!json) writeOutput(cli.out, outcome.output);
      return anyFailed ? exitCodes.failed : exitCodes.done;
    case 'failed':
      writeMessage(
        cli,
        `The run ${run} failed${endedAt === undefined ? '' : ` at ${formatTime(endedAt)}`} (${outcome.failure.kind}): ${oneLine(outcome.failure.message)}`,
      );
      if (endedAt !== undefined) writeMessage(cli, 'This is its stored result; nothing was done again.');
      if (isKept) writeMessage(cli, `Go on from the step that failed with: troupe runs retry ${run}${on}`);
      if (isKept && !json && results === undefined && outcome.partial !== undefined)
        writeMessage(cli, `Its partial result: troupe runs get ${run}${on}`);
      return exitCodes.failed;
    case 'cancelled':
      writeMessage(cli, `The run ${run} was cancelled: ${oneLine(outcome.reason)}`);
      return exitCodes.failed;
    case 'parked':
      if (outcome.failure)
        writeMessage(cli, `This process lost the run (${outcome.failure.kind}): ${oneLine(outcome.failure.message)}`);
      writeMessage(
        cli,
        `The run ${run} is parked${isKept ? `; nothing is lost. Go on with: troupe runs resume ${run}${on}` : `. ${lost}`}`,
      );
      return exitCodes.waiting;
    case 'waiting':
  }
  const { tickets, signals = [], paused } = outcome;
  if (paused) writeMessage(cli, `The run ${run} is paused: it begins nothing until it is resumed.`);
  if (tickets.length > 0) writeMessage(cli, `The run ${run} waits for a person.`);
  for (const ticket of tickets) writeMessage(cli, isKept ? formatTicket(ticket, on) : formatQuestion(ticket));
  for (const signal of signals)
    writeMessage(cli, isKept ? formatSignal(signal, on) : `It waits for the signal "${escapeControls(signal.name)}".`);
  const isAsked = tickets.length + signals.length > 0;
  writeMessage(cli, isKept ? `${isAsked ? 'Then go' : 'Go'} on with: troupe runs resume ${run}${on}` : lost);
  return exitCodes.waiting;
}
