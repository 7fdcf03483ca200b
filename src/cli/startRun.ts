/** Starts a run in this process, or joins the one of its key, and follows it: what `troupe run` and `troupe invoke` share. */
import { attach } from '../runtime/attach.ts';
import type { Runtime, StartOptions } from '../runtime/runtime.ts';
import { toFailure } from '../values/failure.ts';
import { propertiesOf } from '../values/properties.ts';
import type { Cli } from './cli.ts';
import { cliErrorMessage, UsageError } from './exit.ts';
import { followRun } from './follow.ts';
import type { LoadedDefinition } from './loadedDefinition.ts';
import type { FollowOptions } from './options.ts';
import { oneLine, writeMessage } from './output/write.ts';

/** The run that is started. */
export interface RunToStart {
  readonly loaded: LoadedDefinition;
  readonly input: unknown;
  /** With the key, what is stored with the run, its deadline, and whether it is retried. */
  readonly start: StartOptions;
  /** What to do about an input that does not fit; nothing is added by default. */
  readonly inputHint?: string | undefined;
}

/** Resolves to the exit code. Rejects with `UsageError` for an input that does not fit, where there is a hint. */
export function startAndFollow(
  cli: Cli,
  runtime: Runtime,
  { loaded, input, start, inputHint }: RunToStart,
  options: FollowOptions,
): Promise<number> {
  const { key } = start;
  const begin = () =>
    runtime.start(loaded.subject, input, start).catch((thrown: unknown) => {
      const { kind, data } = toFailure(thrown);
      const isConfiguration = propertiesOf(data)['configuration'] !== undefined;
      const misses = inputHint !== undefined && ['invalid', 'unknown_message'].includes(kind) && !isConfiguration;
      throw misses ? new UsageError(`${cliErrorMessage(thrown)} ${inputHint}`, { cause: thrown }) : thrown;
    });
  // If another process holds the run, its end is waited for, as in run().
  const join = (signal: AbortSignal) =>
    attach(begin, cli.clock, {
      signal,
      waiting: ({ kind, message }) =>
        writeMessage(
          cli,
          kind === 'owned_elsewhere'
            ? `Another process is at work on the run ${key}; waiting for it. Press Ctrl-C to stop waiting; the run goes on.`
            : `The run ${key} cannot begin yet: ${oneLine(message)}`,
        ),
    });
  return followRun(cli, runtime, loaded, key === undefined ? begin : join, options);
}

/** Throws `UsageError` for `--retry` without a key: there is no run to go on with. */
export function requireKeyToRetry({ key, retry }: { readonly key?: string; readonly retry?: boolean }): void {
  if (retry && key === undefined)
    throw new UsageError('--retry goes on with a stored run: name it with --key, or use "troupe runs retry RUN".');
}
