/** `*.workflow.yaml` on the command line: its file, its project and its environment. */
import { resolve } from 'node:path';
import { propertiesOf } from '../values/properties.ts';
import type { Json, JsonObject } from '../values/json.ts';
import { UsageError } from './exit.ts';
import type { LoadedDefinition } from './loadedDefinition.ts';

/** Where a workflow finds what its file does not say. */
export interface WorkflowFileOptions {
  /** The path of a `*.env.yaml`; none by default. */
  readonly env?: string;
  /** The folder of its project; by default the nearest one above its file that has `gateway.yaml`, `agents` or `workflows`. */
  readonly projectDir?: string;
}

/** Is it a workflow in YAML? */
export const isWorkflowFile = (path: string): boolean => /\.workflow\.ya?ml$/.test(path);

/** The options as they are stored with a run, with absolute paths: `runs resume` loads the same workflow with them. Throws `UsageError` when they are given for another kind of file. */
export function workflowSettings(cwd: string, path: string, { env, projectDir }: WorkflowFileOptions): JsonObject {
  const stray = Object.entries({ '--env': env, '--project-dir': projectDir }).find(([, value]) => value !== undefined);
  if (stray && !isWorkflowFile(path))
    throw new UsageError(`${stray[0]} is for workflows; ${path} is no *.workflow.yaml file.`);
  return {
    ...(env === undefined ? {} : { envFile: resolve(cwd, env) }),
    ...(projectDir === undefined ? {} : { projectDir: resolve(cwd, projectDir) }),
  };
}

/** Loads a workflow. Throws `UsageError` with everything that is wrong in its files, a line each. */
export async function loadWorkflowFile(file: string, settings: Json): Promise<LoadedDefinition> {
  const { loadWorkflow } = await import('../workflow/files/project/load.ts');
  const { problemText } = await import('../workflow/files/problem.ts');
  const { projectDir, envFile } = propertiesOf(settings);
  const { definition, problems, project } = await loadWorkflow(file, {
    env: process.env,
    ...(typeof projectDir === 'string' ? { projectDir } : {}),
    ...(typeof envFile === 'string' ? { envFile } : {}),
  });
  const { gateway, environment } = project;
  const shared = [...(gateway?.problems ?? []), ...(environment?.problems ?? [])];
  const errors = [...shared, ...problems].filter(({ severity }) => severity === 'error');
  if (!definition || shared.some(({ severity }) => severity === 'error'))
    throw new UsageError(
      `${errors.map((problem) => problemText(problem)).join('\n')}\nThe workflow cannot be run. Nothing was begun.`,
    );
  const { runnableWorkflow } = await import('../runtime/workflow.ts');
  return { file, subject: runnableWorkflow(definition, project), isFromFunction: true, exports: {} };
}
