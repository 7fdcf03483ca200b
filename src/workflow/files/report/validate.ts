/** Checks all files of a project, also those that nothing uses, in one report. */
import { basename, dirname, join, relative } from 'node:path';
import { prepareSchemas } from '../../airlock/compile.ts';
import { loopTurn } from '../../loopTurn.ts';
import { checkAgent } from '../checks/agents.ts';
import type { CheckContext } from '../checks/context.ts';
import { checkGateway } from '../checks/gateway.ts';
import { secretParamsOf } from '../checks/secretParams.ts';
import { checkServer, checkServersFile } from '../checks/servers.ts';
import { checkWorkflow } from '../checks/workflow.ts';
import { sortedProblems, type FileProblem } from '../problem.ts';
import { Collector } from '../project/collect.ts';
import { filesIn, type WorkflowProject } from '../project/project.ts';
import type { Sources, WorkflowNode } from '../project/sources.ts';
import { realPath } from '../project/workspaces.ts';

/** The groups of a report, in their order. */
export const reportGroups = ['Workflows', 'Agents', 'Servers', 'Systems'] as const;

/** A file of a project, and what is wrong in it. */
export interface FileReport {
  readonly group: (typeof reportGroups)[number];
  /** Its absolute path. */
  readonly file: string;
  /** Its path from the project. */
  readonly name: string;
  readonly problems: readonly FileProblem[];
}

/** What is wrong in a project. */
export interface Report {
  /** The absolute path of the project. */
  readonly dir: string;
  readonly files: readonly FileReport[];
  /** Whether there is no error; warnings do not count. */
  readonly valid: boolean;
  readonly errors: number;
  readonly warnings: number;
}

/** Reads and checks all files of a project. It gives way to other work between files. */
export async function validateProject(project: WorkflowProject): Promise<Report> {
  const sources = await collectProject(project);
  const groups = project.gateway?.value?.model_groups;
  await prepareSchemas();
  const context: CheckContext = {
    sources,
    secretParams: secretParamsOf(sources),
    ...(groups && { groups: new Set(groups.map(({ name }) => name)) }),
  };
  const files: FileReport[] = [];
  const add = (group: FileReport['group'], file: string, problems: readonly FileProblem[]) =>
    files.push({ group, file, name: relative(project.dir, file), problems: sortedProblems(problems) });
  for (const node of sources.workflows.values()) {
    const hidden = sameNameBefore(node, project, sources);
    add('Workflows', node.file, [...checkWorkflow(node, context), ...(hidden ? [hidden] : [])]);
    await loopTurn();
  }
  for (const node of sources.agents.values()) {
    add('Agents', node.file, checkAgent(node, context));
    await loopTurn();
  }
  for (const node of sources.servers.values()) add('Servers', node.file, checkServer(node));
  for (const node of sources.manifests) add('Systems', node.file, checkServersFile(node));
  const { gateway, environment, hubLock } = project;
  if (gateway) add('Systems', gateway.file, checkGateway(gateway, environment?.value?.providers));
  if (environment) add('Systems', environment.file, environment.problems);
  for (const { group, file, message } of await filesNotRead(project, sources))
    add(group, file, [{ file, line: 1, column: 1, path: '', message, severity: 'warning' }]);
  // Without its packages a project may still be whole.
  if (hubLock)
    add(
      'Systems',
      hubLock.file,
      hubLock.problems.map((problem) => ({ ...problem, severity: 'warning' })),
    );
  return reportOf(project.dir, files);
}

/** All files of a project: its workflows with what they use, and agents and servers that nothing uses. */
export async function collectProject({ workspaces, reader, manifests }: WorkflowProject): Promise<Sources> {
  const collector = new Collector(reader, workspaces, manifests);
  for (const { dir, workflows } of workspaces) {
    for (const file of await filesIn(workflows, '.workflow.yaml')) await collector.workflow(await realPath(file));
    for (const file of await filesIn(join(dir, 'agents'), '.agent.yaml')) await collector.agent(await realPath(file));
    for (const file of await filesIn(join(dir, 'servers'), '.server.yaml'))
      await collector.server(await realPath(file));
  }
  return collector;
}

/** A warning for a workflow that cannot be invoked, because one of an earlier workspace has its name; undefined for all others. */
function sameNameBefore(
  { file, name, value, yaml }: WorkflowNode,
  { dir, workspaces }: WorkflowProject,
  { workflows }: Sources,
): FileProblem | undefined {
  if (value?.visibility === 'sub-workflow') return undefined;
  const at = workspaces.findIndex((workspace) => dirname(file) === workspace.workflows);
  const taken = workspaces
    .slice(0, Math.max(0, at))
    .map((workspace) => join(workspace.workflows, `${name}.workflow.yaml`))
    .find((each) => workflows.has(each));
  return taken === undefined
    ? undefined
    : yaml.problem(
        [],
        `It is never invoked: ${relative(dir, taken)} comes before it, and has the same name. Give one of the files another name.`,
        { severity: 'warning' },
      );
}

/** Files that nothing uses, with names that a project nearly has. */
async function filesNotRead({ dir, workspaces }: WorkflowProject, sources: Sources) {
  const used = [sources.workflows, sources.agents, sources.servers];
  const places = [
    ...workspaces.flatMap((workspace) => [
      { group: 'Workflows' as const, folder: workspace.workflows, ending: '.workflow.yml' },
      { group: 'Agents' as const, folder: join(workspace.dir, 'agents'), ending: '.agent.yml' },
      { group: 'Servers' as const, folder: join(workspace.dir, 'servers'), ending: '.server.yml' },
    ]),
    { group: 'Systems' as const, folder: dir, ending: '.yml' },
  ];
  const found = await Promise.all(
    places.map(async ({ group, folder, ending }) =>
      (await Promise.all((await filesIn(folder, ending)).map(realPath)))
        .filter((file) => (group === 'Systems' ? systemFiles.includes(basename(file)) : true))
        .filter((file) => !used.some((known) => known.has(file)))
        .map((file) => ({ group, file, message: notRead(group === 'Systems' ? basename(file) : ending) })),
    ),
  );
  return found.flat();
}

const systemFiles = ['gateway.yml', 'servers.yml'];
const notRead = (ending: string) =>
  `This file is not read: its name must end with "${ending.replace(/yml$/, 'yaml')}".`;

function reportOf(dir: string, files: readonly FileReport[]): Report {
  const ordered = files.toSorted(
    (a, b) => reportGroups.indexOf(a.group) - reportGroups.indexOf(b.group) || (a.name < b.name ? -1 : 1),
  );
  const count = (severity: FileProblem['severity']) =>
    ordered.reduce((sum, { problems }) => sum + problems.filter((each) => each.severity === severity).length, 0);
  const errors = count('error');
  return { dir, files: ordered, valid: errors === 0, errors, warnings: count('warning') };
}
