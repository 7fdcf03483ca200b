/** `troupe schedules run`: starts the runs of all schedules when they are due, until SIGTERM or Ctrl-C. */
import { reportOthers } from '../../runtime/strays.ts';
import type { Cli } from '../cli.ts';
import { cliErrorMessage, exitCodes } from '../exit.ts';
import { runtimeOptions, type CommonOptions } from '../options.ts';
import { formatTime, writeMessage } from '../output/write.ts';
import { schedulerOn } from '../scheduledRuns.ts';

/** The options of `troupe schedules run`. */
export interface RunSchedulesOptions extends CommonOptions {
  /** Looks once, waits until the runs that it has started have ended or wait for a person, and ends; false by default. */
  readonly once?: boolean;
}

/** Milliseconds that running effects get to finish when it is stopped; then the runs are parked, and another process goes on with them. */
const grace = 7_000;

/** Runs schedules until it is interrupted. */
export async function runSchedules(cli: Cli, options: RunSchedulesOptions): Promise<number> {
  const stopping = new AbortController();
  using _ = cli.onInterrupt(() => (stopping.signal.aborted ? cli.exitNow(exitCodes.interrupted) : stopping.abort()));
  const say = (line: string) => writeMessage(cli, `${formatTime(cli.clock.now())} ${line}`);
  stopping.signal.addEventListener('abort', () =>
    say('Stopping: running effects may finish. Press Ctrl-C again to exit at once, which is safe too.'),
  );
  return await reportingStrays(say, async () => {
    await carrySchedules(cli, options, say, stopping.signal);
    return exitCodes.done;
  });
}

/** Starts what is due in a runtime of its own, until the signal fires; then its runs are parked. */
export async function carrySchedules(
  cli: Cli,
  { once = false, ...options }: RunSchedulesOptions,
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  await using runtime = await cli.open(runtimeOptions(cli, options));
  const schedules = schedulerOn(cli, runtime, options, { say, returnWhenWaiting: once });
  if (once) {
    await schedules.look();
    const aborted = new Promise<void>((done) => signal.addEventListener('abort', () => done(), { once: true }));
    await Promise.race([schedules.settled(), aborted]);
  } else {
    say('Schedules are looked at from now on.');
    await schedules.run(signal);
  }
  await schedules.park(grace);
}

async function reportingStrays<T>(say: (line: string) => void, work: () => Promise<T>): Promise<T> {
  using _ = reportOthers((thrown) =>
    say(
      `Something threw where nothing could catch it, and no run is known to have started it: ${cliErrorMessage(thrown)}`,
    ),
  );
  return await work();
}
