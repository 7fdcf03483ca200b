/** The workflows that are served: those of a project, read anew when one of their files has changed. */
import { statSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import type { ModelGateway } from '../../../../actors/tools.ts';
import type { WorkflowDefinition } from '../../../contracts/workflow/definition.ts';
import type { Workflow } from '../../../define/workflow.ts';
import type { GatewayFileDefinition } from '../../../contracts/workflow/gatewayFile.ts';
import { gatewayOf, runnableWorkflow, type RunnableWorkflowOptions } from '../../../runtime/workflow.ts';
import type { Clock } from '../../../values/clock.ts';
import { valueOfVariable } from '../../../workflow/files/define/environment.ts';
import { problemText } from '../../../workflow/files/problem.ts';
import { workflowNamed } from '../../../workflow/files/project/load.ts';
import {
  loadProject,
  projectGateway,
  type ProjectOptions,
  type WorkflowProject,
} from '../../../workflow/files/project/project.ts';

/** A workflow as it is served. */
export interface ServedWorkflow {
  readonly workflow: Workflow;
  /** The value of a variable of its project, or the default that the workflow declares; undefined when there is neither. */
  variable(name: string): string | undefined;
}

/** The workflows of a project. */
export interface ProjectFiles {
  /** The workflow with a name, which is that of its file; undefined when there is none, or it cannot be run. */
  named(name: string): Promise<ServedWorkflow | undefined>;
}

/** What the workflows are run with, and who is told what is wrong with one that is asked for. */
export interface ProjectFilesOptions extends ProjectOptions, RunnableWorkflowOptions {
  readonly clock: Clock;
  /** Told why a workflow that is there cannot be run; nobody by default. */
  readonly warn?: (message: string) => void;
}

interface KnownWorkflow {
  /** The files that it was made of, and how they were then. */
  readonly files: readonly string[];
  readonly stamp: string;
  readonly served: ServedWorkflow;
}

/** The workflows of a project. A definition that was not changed is the same object each time. */
export function projectFiles(options: ProjectFilesOptions): ProjectFiles {
  const { warn = () => {} } = options;
  const known = new Map<string, KnownWorkflow>();
  const loading = new Map<string, Promise<ServedWorkflow | undefined>>();
  const gatewayOfProject = oneGateway(options.clock);

  async function load(name: string): Promise<ServedWorkflow | undefined> {
    const before = known.get(name);
    if (before && stampOf(before.files) === before.stamp) return before.served;
    known.delete(name);
    const project = await loadProject(options);
    // What can be read is run, and fails where something is wrong: whoever has invoked it is told so.
    const { definition, problems } = await workflowNamed(project, name, { lenient: true });
    const errors = problems.filter(({ severity }) => severity === 'error');
    if (errors.length > 0)
      warn(
        `The workflow "${name}" ${definition ? 'has errors, and fails where they are' : 'cannot be run'}:\n${errors
          .map((problem) => `  ${problemText(problem)}`)
          .join('\n')}`,
      );
    if (!definition) return undefined;
    const gateway = options.gateway ?? (options.agentStep ? undefined : gatewayOfProject(project));
    const served = servedWorkflow(definition, project, { ...options, gateway });
    const files = project.reader.files();
    known.set(name, { files, stamp: stampOf(files), served });
    return served;
  }

  return {
    named(name) {
      const under = loading.get(name);
      if (under) return under;
      const now = load(name).finally(() => loading.delete(name));
      loading.set(name, now);
      return now;
    },
  };
}

/** The gateway of all workflows, so that its groups take turns and know what is broken whichever of them asks; another one once its file has changed. */
function oneGateway(clock: Clock): (project: WorkflowProject) => ModelGateway | undefined {
  let opened:
    { readonly file: GatewayFileDefinition | undefined; readonly gateway: ModelGateway | undefined } | undefined;
  return (project) => {
    const file = projectGateway(project);
    if (!opened || !isDeepStrictEqual(opened.file, file))
      opened = { file, gateway: gatewayOf(file, project.env, clock) };
    return opened.gateway;
  };
}

const servedWorkflow = (
  definition: WorkflowDefinition,
  project: WorkflowProject,
  options: RunnableWorkflowOptions,
): ServedWorkflow => ({
  workflow: runnableWorkflow(definition, project, options),
  variable(name) {
    const declared = definition.env.find((each) => each.name === name);
    return declared ? valueOfVariable(declared, project.env) : project.env[name];
  },
});

/** How files are now: another text when one of them was changed, replaced or taken away. */
const stampOf = (files: readonly string[]): string => files.map(stampOfFile).join('\n');

/** It is asked for with each request: a synchronous call takes less time than the way to another thread and back. */
function stampOfFile(file: string): string {
  try {
    const { mtimeMs, size, ino } = statSync(file);
    return `${file} ${mtimeMs} ${size} ${ino}`;
  } catch {
    return `${file} -`;
  }
}
