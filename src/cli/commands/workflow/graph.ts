/** `troupe workflow graph`: the steps of a workflow as a Mermaid graph, with what has an error, or with how the steps of a run stand. */
import { Collector } from '../../../workflow/files/project/collect.ts';
import { problemsOf } from '../../../workflow/files/project/load.ts';
import { realPath } from '../../../workflow/files/project/workspaces.ts';
import { mermaidGraphs, type StepMark } from '../../../workflow/files/report/graph.ts';
import { propertiesOf } from '../../../values/properties.ts';
import type { Cli } from '../../cli.ts';
import { exitCodes, UsageError } from '../../exit.ts';
import { existingJournalOptions } from '../../options.ts';
import { stepRecords } from '../../output/workflowSteps.ts';
import { rootRowOf, runOriginOf } from '../../runRows.ts';
import { openProjectOf, type ProjectPathOptions } from '../../workflowProject.ts';

/** The options of `troupe workflow graph`. */
export interface WorkflowGraphOptions extends ProjectPathOptions {
  /** The stored run whose steps are marked; none by default. */
  readonly run?: string;
  /** The file of the journal of that run; TROUPE_DB by default, else `.troupe/troupe.db`. */
  readonly db?: string;
}

/** Prints the graph. Without a file it is that of the run. */
export async function workflowGraphCommand(
  cli: Cli,
  path: string | undefined,
  { run, db, ...where }: WorkflowGraphOptions,
): Promise<number> {
  if (run === undefined && db !== undefined) throw new UsageError('--db is the journal of a run: add --run RUN.');
  const stored = run === undefined ? undefined : await runIn(cli, run, db === undefined ? {} : { db });
  const from = path ?? stored?.file;
  if (from === undefined)
    throw new UsageError(
      run === undefined
        ? 'Name a workflow file, or a run with --run RUN.'
        : `The run "${run}" has no file: name its workflow file.`,
    );
  const { file, project } = await openProjectOf(cli, from, where);
  const collector = new Collector(project.reader, project.workspaces, project.manifests);
  const real = await realPath(file);
  await collector.workflow(real);
  const problems = await problemsOf(collector);
  const files = [...new Set(problems.map((problem) => problem.file))].map((one) => ({
    group: 'Workflows' as const,
    file: one,
    name: one,
    problems: problems.filter((problem) => problem.file === one),
  }));
  cli.out.write(mermaidGraphs(collector, { files }, real, stored?.marks));
  return exitCodes.done;
}

/** The file of a run, and how its steps stand; one that has not begun has no mark. */
async function runIn(cli: Cli, run: string, options: { readonly db?: string }) {
  await using runtime = await cli.open(await existingJournalOptions(cli, options));
  const row = await rootRowOf(runtime.journal, run);
  if (row.type !== 'workflow') throw new UsageError(`The run "${run}" is no run of a workflow.`);
  const marks = new Map<string, StepMark>();
  const { context } = propertiesOf(propertiesOf(row.snapshot).state);
  const { running, attempts } = propertiesOf(context);
  if (row.status === 'active') {
    for (const each of Object.values(propertiesOf(running))) marks.set(String(propertiesOf(each).step), 'running');
    for (const step of Object.keys(propertiesOf(attempts))) marks.set(step, 'running');
  }
  for (const { id, end } of await stepRecords(runtime.journal, row.actor)) marks.set(id, end.status);
  return { file: runOriginOf(row).file, marks };
}
