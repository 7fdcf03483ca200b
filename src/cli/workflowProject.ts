/** The project that the commands for workflows work on. */
import { realpath, stat } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import {
  filesIn,
  loadProject,
  projectOf,
  type ProjectOptions,
  type WorkflowProject,
} from '../workflow/files/project/project.ts';
import type { Cli } from './cli.ts';
import { UsageError } from './exit.ts';

/** Where a project is, as the command line says it. Paths are from the current folder. */
export interface ProjectPathOptions {
  /** The folder of the project; `KTSU_PROJECT_DIR`, or the current folder, by default. */
  readonly projectDir?: string;
  /** Where its workflows are; `workflows` in the project by default. */
  readonly workflowDir?: string;
  /** A `*.env.yaml`; none by default. */
  readonly env?: string;
  /** Further folders with workflows, agents and servers. */
  readonly workspace?: readonly string[];
  /** Whether packages in `ktsuhub.lock.yaml` are further workspaces; true by default. */
  readonly hubLock?: boolean;
}

/** Opens the project in a folder. Throws `UsageError` when a path leads nowhere. */
export async function openProject(
  cli: Pick<Cli, 'cwd' | 'env'>,
  dir: string | undefined,
  { projectDir, workflowDir, env, workspace = [], hubLock = true }: ProjectPathOptions,
): Promise<WorkflowProject> {
  const own = resolve(cli.cwd, dir ?? projectDir ?? cli.env['KTSU_PROJECT_DIR'] ?? '.');
  const project = {
    projectDir: own,
    env: cli.env,
    workspaces: workspace.map((path) => resolve(cli.cwd, path)),
    hubLock,
    ...(workflowDir === undefined ? {} : { workflowDir: resolve(cli.cwd, workflowDir) }),
    ...(env === undefined ? {} : { envFile: resolve(cli.cwd, env) }),
  };
  await requireProjectPaths(project);
  return loadProject(project);
}

/** The same for a command about all files of a project: refuses a folder inside a project, such as `workflows`, where nothing would be found and all of it be valid. */
export async function openWholeProject(...given: Parameters<typeof openProject>): Promise<WorkflowProject> {
  const project = await openProject(...given);
  const [own] = project.workspaces;
  const isEmpty = own !== undefined && (await filesIn(own.workflows, workflowEnding)).length === 0;
  if (isEmpty && given[2].workflowDir === undefined) await requireNoPartOfProject(project.dir);
  return project;
}

const workflowEnding = '.workflow.yaml';

async function requireNoPartOfProject(dir: string): Promise<void> {
  const endings = [workflowEnding, '.agent.yaml', '.server.yaml'];
  const [file] = (await Promise.all(endings.map((ending) => filesIn(dir, ending)))).flat();
  if (file === undefined) return;
  const around = await projectOf(file);
  if (around !== (await realpath(dir)))
    throw new UsageError(`${dir} is a folder of the project ${around}. Name the project instead.`);
  if (file.endsWith(workflowEnding))
    throw new UsageError(
      `${dir} has workflows that are not in its folder "workflows", as ${basename(file)}. Move them there, or name their folder with --workflow-dir.`,
    );
}

/** Opens the project around a workflow file. Gives its absolute path, too. */
export async function openProjectOf(
  cli: Pick<Cli, 'cwd' | 'env'>,
  path: string,
  options: ProjectPathOptions,
): Promise<{ readonly file: string; readonly project: WorkflowProject }> {
  const file = resolve(cli.cwd, path);
  await requirePath(file, 'file', 'the workflow');
  const dir = options.projectDir === undefined ? await projectOf(file) : undefined;
  return { file, project: await openProject(cli, dir, options) };
}

/** Throws `UsageError` when a path of a project leads nowhere. */
export async function requireProjectPaths(project: ProjectOptions): Promise<void> {
  const { projectDir, workflowDir, workspaces = [], envFile, gatewayFile } = project;
  await requirePath(projectDir, 'folder', 'the project');
  if (workflowDir !== undefined) await requirePath(workflowDir, 'folder', '--workflow-dir');
  if (envFile !== undefined) await requirePath(envFile, 'file', '--env');
  if (gatewayFile !== undefined) await requirePath(gatewayFile, 'file', '--gateway-config');
  for (const path of workspaces) await requirePath(path, 'folder', '--workspace');
}

async function requirePath(path: string, kind: 'file' | 'folder', what: string): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  if (!found) throw new UsageError(`There is no ${kind} ${path} (${what}).`);
  if (found.isDirectory() !== (kind === 'folder'))
    throw new UsageError(`${path} is ${found.isDirectory() ? 'a folder' : 'a file'}; ${what} is a ${kind}.`);
}
