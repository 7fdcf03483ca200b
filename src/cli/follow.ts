/** Follows a run until it ends or waits: shows its progress, asks its questions, parks it on Ctrl-C, and prints the outcome. */
import { toFailure } from '../values/failure.ts';
import { fanOut } from '../observe/fanOut.ts';
import { progress, type Progress } from '../observe/progress.ts';
import { visible } from '../observe/format.ts';
import type { RunHandle, Runtime, Subject } from '../runtime/runtime.ts';
import { answerHere } from './prompt.ts';
import { colorful, type Cli } from './cli.ts';
import { closers } from '../runtime/disposables.ts';
import { exit, messageOf } from './exit.ts';
import type { Loaded } from './load.ts';
import type { RunShared } from './options.ts';
import { say, writeJson, writeResult } from './output/write.ts';
import { shownOf, type Shown } from './output/formatOutput.ts';
import { howToAnswer } from './output/ticketText.ts';

/** Milliseconds that running effects get to finish after Ctrl-C. */
const grace = 2_000;

/** Begins a run with `begin` and follows it. Resolves to the exit code of the command. */
export async function drive(
  cli: Cli,
  runtime: Runtime,
  loaded: Pick<Loaded, 'subject' | 'show'>,
  begin: (signal: AbortSignal) => Promise<RunHandle>,
  options: RunShared,
): Promise<number> {
  await using view = await watch(cli, runtime, loaded.subject, options);
  let run: RunHandle | undefined;
  let interrupted = false;
  let parking: Promise<void> | undefined;
  const asking = new AbortController();
  using _ = cli.onInterrupt(() => {
    if (interrupted) return cli.leave(exit.interrupted);
    interrupted = true;
    using _ = view.pause();
    say(cli, 'Parking the run: running effects may finish. Press Ctrl-C again to exit at once, which is safe too.');
    asking.abort();
    parking = run?.park(grace).catch((thrown: unknown) => say(cli, visible(messageOf(thrown))));
  });

  try {
    run = await begin(asking.signal);
  } catch (thrown) {
    if (interrupted && toFailure(thrown).kind === 'cancelled') return exit.interrupted;
    throw thrown;
  }
  if (interrupted) await run.park(grace);
  for (;;) {
    const outcome = await run.outcome({ returnWhenWaiting: true });
    if (outcome.status === 'waiting' && cli.attended && options.ask && !interrupted) {
      using _ = view.pause();
      for (const ticket of outcome.tickets) await answerHere(cli, runtime, ticket, asking.signal);
      if (!asking.signal.aborted) continue;
    }
    if (outcome.status === 'waiting') await run.park();
    // The lease is released before other processes are notified. Closing the journal in between would make them wait, so parking ends first.
    await parking;
    await view[Symbol.asyncDispose]();
    return report(cli, run.id, shownOf(loaded, run.id, outcome), options);
  }
}

interface View extends AsyncDisposable {
  pause(): Disposable;
}
const nothing: Disposable = { [Symbol.dispose]() {} };

/** Progress, log and inspector, as the options say; all without the values of secrets. */
async function watch(cli: Cli, runtime: Runtime, subject: Subject, { inspect, log, quiet }: RunShared): Promise<View> {
  const { err } = cli;
  const color = colorful(cli, cli.err);
  const observers = fanOut();
  const open = closers();
  let shown: Progress | undefined;
  if (log !== undefined) {
    const { logger } = await import('../observe/logger.ts');
    observers.add(logger({ level: log, out: err, terminal: cli.err.isTTY === true, color }).observe);
  } else if (!quiet) {
    // Either a log or progress: the block redraws itself and would overwrite lines of a log.
    shown = progress(err, {
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

function report(cli: Cli, run: string, shown: Shown, { json, db }: RunShared): number {
  const on = db === undefined ? '' : ` --db ${db}`;
  const { results, anyFailed, ...outcome } = shown;
  if (json) writeJson(cli.out, { run, ...outcome });
  else if (results !== undefined) writeResult(cli.out, results);
  switch (outcome.status) {
    case 'done':
      if (!json) writeResult(cli.out, outcome.output);
      return anyFailed ? exit.failed : exit.done;
    case 'failed':
      say(cli, `The run ${run} failed (${outcome.failure.kind}): ${visible(outcome.failure.message)}`);
      if (!json && results === undefined && outcome.partial !== undefined)
        say(cli, `Its partial result: troupe runs get ${run}${on}`);
      return exit.failed;
    case 'cancelled':
      say(cli, `The run ${run} was cancelled: ${visible(outcome.reason)}`);
      return exit.failed;
    case 'parked':
      if (outcome.failure)
        say(cli, `This process lost the run (${outcome.failure.kind}): ${visible(outcome.failure.message)}`);
      say(cli, `The run ${run} is parked; nothing is lost. Go on with: troupe runs resume ${run}${on}`);
      return exit.waiting;
    case 'waiting':
  }
  say(cli, `The run ${run} waits for a person.`);
  for (const ticket of outcome.tickets) say(cli, howToAnswer(ticket, on));
  say(cli, `Then go on with: troupe runs resume ${run}${on}`);
  return exit.waiting;
}
