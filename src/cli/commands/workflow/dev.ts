/** `troupe workflow dev`: checks a workflow whenever a file of its project is saved, and runs one of its steps alone. */
import { resolve } from 'node:path';
import { loadWorkflow } from '../../../workflow/files/project/load.ts';
import { problemText } from '../../../workflow/files/problem.ts';
import type { RecordedRun } from '../../../runtime/workflowStep.ts';
import type { Cli } from '../../cli.ts';
import { cliErrorMessage, exitCodes, UsageError } from '../../exit.ts';
import { existingJournalOptions } from '../../options.ts';
import { writeMessage } from '../../output/write.ts';
import { rootRowOf } from '../../runRows.ts';
import { watchFolder } from '../../watchFolder.ts';
import { openProjectOf, type ProjectPathOptions } from '../../workflowProject.ts';

/** The options of `troupe workflow dev`. */
export interface DevCommandOptions extends ProjectPathOptions {
  /** The step that is run; only the files are checked by default. */
  readonly only?: string;
  /** The stored run whose parameters and outputs it reads. */
  readonly from?: string;
  /** The file of the journal of that run; TROUPE_DB by default, else `.troupe/troupe.db`. */
  readonly db?: string;
  /** Sends the webhooks of the step; false by default. */
  readonly send?: boolean;
  /** Ends after the first check; false by default. */
  readonly once?: boolean;
}

/** Checks and watches until Ctrl-C. Resolves to exit code 0 then; with `once` to 1 when a file is wrong or the step failed. */
export async function devCommand(cli: Cli, path: string, options: DevCommandOptions): Promise<number> {
  const { only, from, once } = options;
  if ((only === undefined) !== (from === undefined))
    throw new UsageError('--only STEP and --from RUN belong together: the step reads what the run has recorded.');
  if (options.send && only === undefined) throw new UsageError('--send is for one step: add --only STEP --from RUN.');
  const { project, file } = await openProjectOf(cli, path, options);
  const recorded = from === undefined ? undefined : await recordedIn(cli, from, options);
  const check = (signal: AbortSignal) => checkOnce(cli, file, project.dir, options, recorded, signal);
  const stopping = new AbortController();
  if (once) return (await check(stopping.signal)) ? exitCodes.done : exitCodes.failed;

  let ending: (code: number) => void = () => {};
  const ended = new Promise<number>((end) => (ending = end));
  using _ = cli.onInterrupt(() => ending(exitCodes.done));
  let checking: Promise<unknown> = Promise.resolve();
  const again = () => {
    checking = checking
      .then(() => (stopping.signal.aborted ? undefined : check(stopping.signal)))
      .then(() => stopping.signal.aborted || writeMessage(cli, `Watching ${project.dir}. Press Ctrl-C to end.\n`))
      .catch((thrown: unknown) => writeMessage(cli, cliErrorMessage(thrown)));
  };
  const failed = (message: string) => (writeMessage(cli, message), ending(exitCodes.failed));
  await watchFolder(project.dir, { clock: cli.clock, signal: stopping.signal, changed: again, failed });
  again();
  const code = await ended;
  stopping.abort();
  await checking;
  return code;
}

/** What the stored run has recorded. */
async function recordedIn(cli: Cli, run: string, { db }: DevCommandOptions): Promise<RecordedRun> {
  const { recordedRun } = await import('../../../runtime/workflowStep.ts');
  await using runtime = await cli.open(await existingJournalOptions(cli, db === undefined ? {} : { db }));
  const { actor } = await rootRowOf(runtime.journal, run);
  return recordedRun(runtime.journal, actor);
}

/** Checks the workflow, and runs the step. False when something is wrong. */
async function checkOnce(
  cli: Cli,
  file: string,
  projectDir: string,
  { only, env, workspace = [], hubLock = true, send = false }: DevCommandOptions,
  recorded: RecordedRun | undefined,
  signal: AbortSignal,
): Promise<boolean> {
  const { definition, problems, project } = await loadWorkflow(file, {
    env: cli.env,
    projectDir,
    hubLock,
    workspaces: workspace.map((one) => resolve(cli.cwd, one)),
    ...(env === undefined ? {} : { envFile: resolve(cli.cwd, env) }),
  });
  const all = [...(project.gateway?.problems ?? []), ...(project.environment?.problems ?? []), ...problems];
  for (const problem of all) cli.out.write(`${problemText(problem)}\n`);
  const errors = all.filter(({ severity }) => severity === 'error').length;
  if (errors > 0 || !definition) {
    cli.out.write(`FAIL ${file}: ${errors} ${errors === 1 ? 'error' : 'errors'}\n`);
    return false;
  }
  cli.out.write(`OKAY ${file}\n`);
  if (only === undefined || !recorded) return true;
  const { runStepAlone } = await import('./devStep.ts');
  return runStepAlone(cli, definition, project, only, recorded, { send, signal });
}
