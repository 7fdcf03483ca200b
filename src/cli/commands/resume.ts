/** `troupe runs resume`: loads the definition that a run was started from, and continues the run. */
import { TroupeError } from '../../values/failure.ts';
import type { Cli } from '../cli.ts';
import { followRun } from '../follow.ts';
import { exitCodes, UsageError } from '../exit.ts';
import { existingJournalOptions, type CommonOptions, type FollowOptions } from '../options.ts';
import { journalOption } from '../output/shellWord.ts';
import { writeMessage } from '../output/write.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import { definitionOfRun } from '../runDefinition.ts';
import { runOriginOf, rootRowOf } from '../runRows.ts';
import { controlSignal } from '../../client/controlSignal.ts';
import { willBePaused } from '../../runtime/paused.ts';

/** Resumes a run and follows it. If another process runs it, only a pause is ended. Resolves to the exit code. */
export async function resumeCommand(
  cli: Cli,
  run: string,
  options: FollowOptions & { file?: string },
): Promise<number> {
  await using runtime = await cli.open(await existingJournalOptions(cli, options));
  const root = await rootRowOf(runtime.journal, run);
  const origin = runOriginOf(root);
  const loaded = await definitionOfRun(cli, origin, options, options.file);
  const isPaused = root.status === 'active' && willBePaused(root, await runtime.journal.mail(run));
  if (loaded === undefined) {
    if (root.status !== 'active' || !(await isHeld(cli, runtime, run)))
      throw new UsageError(
        `The run ${run} was started from code, not from a file, so it cannot be loaded here. Run that code again with the key "${run}", or name a file with --file.`,
      );
    if (isPaused) await runtime.signal(root.actor, controlSignal(root, 'resume'));
    writeMessage(
      cli,
      `Another process is at work on ${run}${isPaused ? ', and was told to go on' : ''}. ${followHint(run, options)}`,
    );
    return exitCodes.waiting;
  }
  if (isPaused) await runtime.signal(root.actor, controlSignal(root, 'resume'));
  try {
    return await followRun(cli, runtime, loaded, () => runtime.resume(run, loaded.subject), options);
  } catch (thrown) {
    if (!(thrown instanceof TroupeError) || thrown.kind !== 'owned_elsewhere') throw thrown;
    writeMessage(cli, `Another process is at work on ${run}. ${followHint(run, options)}`);
    return exitCodes.waiting;
  }
}

const followHint = (run: string, options: CommonOptions): string =>
  `Follow it with: troupe runs tail ${run}${journalOption(options)}`;

/** Does another process hold an unexpired lease of the run? */
async function isHeld(cli: Cli, { journal }: Runtime, run: string): Promise<boolean> {
  const [lease] = await journal.claims({ run });
  const [expired] = await journal.claims({ run, expiredAt: cli.clock.now() });
  return lease !== undefined && expired === undefined;
}
