/** `troupe workflow tree`, `graph` and `schema`: what a workflow uses, what it looks like, and what its files may hold. */
import { Collector } from '../../../workflow/files/project/collect.ts';
import { problemsOf } from '../../../workflow/files/project/load.ts';
import { realPath } from '../../../workflow/files/project/workspaces.ts';
import { mermaidGraphs } from '../../../workflow/files/report/graph.ts';
import { treeJson, treeText, workflowTree, type TreeNode } from '../../../workflow/files/report/tree.ts';
import { workflowSchemas, type WorkflowFileKind } from '../../../workflow/files/schema/schemas.ts';
import type { Cli } from '../../cli.ts';
import { exitCodes } from '../../exit.ts';
import { writeJson } from '../../output/write.ts';
import { openProjectOf, type ProjectPathOptions } from '../../workflowProject.ts';

/** Prints what a workflow uses. Resolves to exit code 1 when a reference leads nowhere. */
export async function treeCommand(
  cli: Cli,
  path: string,
  { json, ...where }: ProjectPathOptions & { readonly json?: boolean },
): Promise<number> {
  const { file, project } = await openProjectOf(cli, path, where);
  const tree = await workflowTree(project, file);
  if (json) writeJson(cli.out, treeJson(tree));
  else cli.out.write(treeText(tree));
  return isWhole(tree) ? exitCodes.done : exitCodes.failed;
}

const isWhole = ({ problem, children }: TreeNode): boolean => problem === undefined && children.every(isWhole);

/** Prints the steps of a workflow as a Mermaid graph; what has an error is marked. */
export async function workflowGraphCommand(cli: Cli, path: string, where: ProjectPathOptions): Promise<number> {
  const { file, project } = await openProjectOf(cli, path, where);
  const collector = new Collector(project.reader, project.workspaces, project.manifests);
  const real = await realPath(file);
  await collector.workflow(real);
  const problems = problemsOf(collector);
  const files = [...new Set(problems.map((problem) => problem.file))].map((one) => ({
    group: 'Workflows' as const,
    file: one,
    name: one,
    problems: problems.filter((problem) => problem.file === one),
  }));
  cli.out.write(mermaidGraphs(collector, { files }, real));
  return exitCodes.done;
}

/** Prints the JSON Schema of one kind of file, or of all of them by kind. */
export async function schemaCommand(cli: Cli, kind: WorkflowFileKind | undefined): Promise<number> {
  const schemas = workflowSchemas();
  cli.out.write(`${JSON.stringify(kind === undefined ? schemas : schemas[kind], null, 2)}\n`);
  return Promise.resolve(exitCodes.done);
}
