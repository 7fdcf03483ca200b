/** Loads a workflow so that it can be run, or tells everything that is wrong with it. */
import { stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { WorkflowDefinition } from '../../../contracts/workflow/definition.ts';
import { prepareSchemas } from '../../airlock/compile.ts';
import { loopTurn } from '../../loopTurn.ts';
import { checkAgent } from '../checks/agents.ts';
import type { CheckContext } from '../checks/context.ts';
import { secretParamsOf } from '../checks/secretParams.ts';
import { checkServer, checkServersFile } from '../checks/servers.ts';
import { checkWorkflow } from '../checks/workflow.ts';
import { allVariables, valueOfVariable } from '../define/environment.ts';
import { defineWorkflow } from '../define/workflow.ts';
import { cannotRun, sortedProblems, type FileProblem } from '../problem.ts';
import { Collector } from './collect.ts';
import { loadProject, projectOf, type ProjectOptions, type WorkflowProject } from './project.ts';
import type { Sources, WorkflowNode } from './sources.ts';
import { contains, realPath } from './workspaces.ts';

/** A workflow that was read. */
export interface LoadedWorkflow {
  /** Absent when it cannot be run. Problems with `deferred` fail the step that they are in, when it is reached. */
  readonly definition?: WorkflowDefinition;
  /** Everything that is wrong in its files, warnings included. */
  readonly problems: readonly FileProblem[];
  /** The absolute path of its file; absent when there is no such workflow. */
  readonly file?: string;
}

/** What a name of a workflow may look like: one that leaves the folder of workflows is none. */
const namePattern = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/;

/** How strict the loading is. */
export interface LoadOptions {
  /**
   * True: a workflow whose file fits is defined whatever is wrong in it. What is wrong in a step fails that step when it is reached, and what is wrong with the
   * whole fails the run as soon as it begins. False by default: with an error there is no definition.
   */
  readonly lenient?: boolean;
}

/** The workflow with a name: that of its file without `.workflow.yaml`, in the project, then in the other workspaces. */
export async function workflowNamed(
  project: WorkflowProject,
  name: string,
  options?: LoadOptions,
): Promise<LoadedWorkflow> {
  const file = await fileNamed(project, name);
  return file === undefined ? { problems: [] } : workflowAt(project, file, options);
}

async function fileNamed({ workspaces }: WorkflowProject, name: string): Promise<string | undefined> {
  if (!namePattern.test(name) || name.includes('..')) return undefined;
  for (const { workflows } of workspaces) {
    const path = join(workflows, `${name}.workflow.yaml`);
    const file = await realPath(path);
    if (contains(workflows, file) && (await isThere(file))) return file;
  }
  return undefined;
}

async function isThere(file: string): Promise<boolean> {
  return stat(file).then(
    (stats) => stats.isFile(),
    () => false,
  );
}

/** The workflow in a file of a project. */
export async function workflowAt(
  project: WorkflowProject,
  path: string,
  { lenient = false }: LoadOptions = {},
): Promise<LoadedWorkflow> {
  const file = await realPath(path);
  const collector = new Collector(project.reader, project.workspaces, project.manifests);
  await collector.workflow(file);
  // Every agent has the schema of its answer.
  if (collector.agents.size > 0) await prepareSchemas();
  const node = collector.workflows.get(file);
  const problems = sortedProblems([...(await problemsOf(collector)), ...(node ? unsetVariables(node, project) : [])]);
  const definition =
    node && (lenient || !cannotRun(problems))
      ? defineWorkflow(node, collector, project.env, lenient ? problems : [])
      : undefined;
  return { file, problems, ...(definition && { definition }) };
}

/** The workflow in a file, in the project around it: the nearest folder with `gateway.yaml`, `agents` or `workflows`. */
export async function loadWorkflow(
  file: string,
  options: Partial<ProjectOptions> & Pick<ProjectOptions, 'env'>,
): Promise<LoadedWorkflow & { readonly project: WorkflowProject }> {
  const projectDir = options.projectDir ?? (await projectOf(file));
  const workflowDir = options.workflowDir ?? dirname(await realPath(file));
  const project = await loadProject({ ...options, projectDir, workflowDir });
  return { project, ...(await workflowAt(project, file)) };
}

/** Everything that is wrong in the files that were collected. Model groups are not checked: those of a call are the gateway's. */
export async function problemsOf(sources: Sources, groups?: CheckContext['groups']): Promise<FileProblem[]> {
  const context: CheckContext = { sources, secretParams: secretParamsOf(sources), ...(groups && { groups }) };
  const problems: FileProblem[] = [];
  for (const node of sources.workflows.values()) {
    problems.push(...checkWorkflow(node, context));
    await loopTurn();
  }
  for (const node of sources.agents.values()) {
    problems.push(...checkAgent(node, context));
    await loopTurn();
  }
  return [
    ...problems,
    ...[...sources.servers.values()].flatMap(checkServer),
    ...sources.manifests.flatMap(checkServersFile),
  ];
}

/** The declared variables that have no value now. */
function unsetVariables(node: WorkflowNode, { env }: WorkflowProject): FileProblem[] {
  const declared = node.value?.env ?? [];
  return allVariables(node.value ?? { pipeline: [] })
    .slice(0, declared.length)
    .flatMap((variable, at) =>
      valueOfVariable(variable, env) === undefined
        ? [
            node.yaml.problem(
              ['env', at],
              `The variable "${variable.name}" is not set, and has no default. Set it before the workflow is run.`,
            ),
          ]
        : [],
    );
}
