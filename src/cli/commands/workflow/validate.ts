/** `troupe workflow validate`: checks all files of a project in one report. */
import { mermaidGraphs } from '../../../workflow/files/report/graph.ts';
import { reportJson, reportText } from '../../../workflow/files/report/text.ts';
import { collectProject, validateProject } from '../../../workflow/files/report/validate.ts';
import { useColors, type Cli } from '../../cli.ts';
import { exitCodes } from '../../exit.ts';
import { writeJson } from '../../output/write.ts';
import { openWholeProject, type ProjectPathOptions } from '../../workflowProject.ts';

/** The options of `troupe workflow validate`. */
export interface ValidateCommandOptions extends ProjectPathOptions {
  /** Prints the report as JSON; false by default. */
  readonly json?: boolean;
  /** Prints a Mermaid graph of each workflow instead, with what has an error marked; false by default. */
  readonly graph?: boolean;
}

/** Checks a project. Resolves to exit code 1 when something is wrong; warnings do not count. */
export async function validateCommand(
  cli: Cli,
  dir: string | undefined,
  { json, graph, ...where }: ValidateCommandOptions,
): Promise<number> {
  const project = await openWholeProject(cli, dir, where);
  const report = await validateProject(project);
  if (json) writeJson(cli.out, reportJson(report));
  else if (graph) cli.out.write(mermaidGraphs(await collectProject(project), report));
  else cli.out.write(reportText(report, { color: useColors(cli, cli.out) }));
  return report.valid ? exitCodes.done : exitCodes.failed;
}
