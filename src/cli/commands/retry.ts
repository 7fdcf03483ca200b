/** `troupe runs retry`: loads the definition of a run that failed, as it is today, and goes on from the step that failed. */
import type { Cli } from '../cli.ts';
import { followRun } from '../follow.ts';
import { UsageError } from '../exit.ts';
import { existingJournalOptions, type FollowOptions } from '../options.ts';
import { requireFailed } from '../../runtime/retry.ts';
import { definitionOfRun } from '../runDefinition.ts';
import { runOriginOf, rootRowOf } from '../runRows.ts';

/** The options of `troupe runs retry`. */
export interface RetryCommandOptions extends FollowOptions {
  /** The file of its definition, when it has moved. */
  readonly file?: string;
  /** How long it may take from now, in milliseconds; as long as it was given at first by default. */
  readonly deadline?: number;
}

/** Retries a run and follows it. Rejects with `conflict` for a run that has not failed. Resolves to the exit code. */
export async function retryCommand(cli: Cli, run: string, options: RetryCommandOptions): Promise<number> {
  const { file, deadline } = options;
  await using runtime = await cli.open(await existingJournalOptions(cli, options));
  const root = await rootRowOf(runtime.journal, run);
  requireFailed(root);
  const origin = runOriginOf(root);
  const loaded = await definitionOfRun(cli, origin, options, file);
  if (loaded === undefined)
    throw new UsageError(
      `The run ${run} was started from code, not from a file, so it cannot be loaded here. Run that code again with { key: '${run}', retry: true }, or name a file with --file.`,
    );
  const begin = () => runtime.retry(run, loaded.subject, deadline === undefined ? {} : { deadline });
  return await followRun(cli, runtime, loaded, begin, options);
}
