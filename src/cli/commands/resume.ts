/** `troupe runs resume`: loads the definition that a run was started from, and continues the run. */
import { TroupeError } from '../../values/failure.ts';
import type { Cli } from '../cli.ts';
import { drive } from '../follow.ts';
import { exit, UsageError } from '../exit.ts';
import { load } from '../load.ts';
import { existing, type RunShared } from '../options.ts';
import { say } from '../output/write.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import { aboutOf, rootOf } from '../runRows.ts';
import { signalOf } from './control.ts';

/** Resumes a run and follows it. If another process runs it, only a pause is ended. Resolves to the exit code. */
export async function resume(cli: Cli, run: string, options: RunShared & { file?: string }): Promise<number> {
  await using runtime = await cli.open(await existing(cli, options));
  const root = await rootOf(runtime.journal, run);
  const origin = aboutOf(root);
  const path = options.file ?? origin.file;
  const isPaused = root.status === 'active' && root.tags.includes('paused');
  if (path === undefined) {
    if (root.status !== 'active' || !(await isHeld(cli, runtime, run)))
      throw new UsageError(
        `The run ${run} was started from code, not from a file, so it cannot be loaded here. Run that code again with the key "${run}", or name a file with --file.`,
      );
    if (isPaused) await runtime.signal(root.actor, signalOf(root, 'resume'));
    say(cli, `Another process is at work on ${run}${isPaused ? ', and was told to go on' : ''}. ${followHint(run)}`);
    return exit.done;
  }
  const loaded = await load(cli.cwd, path, origin.args);
  if (isPaused) await runtime.signal(root.actor, signalOf(root, 'resume'));
  try {
    return await drive(cli, runtime, loaded, () => runtime.resume(run, loaded.subject), options);
  } catch (thrown) {
    if (!(thrown instanceof TroupeError) || thrown.kind !== 'owned_elsewhere') throw thrown;
    say(cli, `Another process is at work on ${run}. ${followHint(run)}`);
    return exit.done;
  }
}

const followHint = (run: string): string => `Follow it with: troupe runs tail ${run}`;

/** Does another process hold an unexpired lease of the run? */
async function isHeld(cli: Cli, { journal }: Runtime, run: string): Promise<boolean> {
  const [lease] = await journal.claims({ run });
  const [expired] = await journal.claims({ run, overAt: cli.clock.now() });
  return lease !== undefined && expired === undefined;
}
