/** `troupe workflow tree` and `schema`: what a workflow uses, and what its files may hold. */
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

/** Prints the JSON Schema of one kind of file, or of all of them by kind. */
export async function schemaCommand(cli: Cli, kind: WorkflowFileKind | undefined): Promise<number> {
  const schemas = workflowSchemas();
  cli.out.write(`${JSON.stringify(kind === undefined ? schemas : schemas[kind], null, 2)}\n`);
  return Promise.resolve(exitCodes.done);
}
