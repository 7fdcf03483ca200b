/** Workflows written in YAML, as something that can be run. */
import { join, resolve } from 'node:path';
import { rootWorkflowStart } from '../../actors/workflow/start.ts';
import { breaker } from '../../actors/gateway.ts';
import type { ModelGateway } from '../../actors/tools.ts';
import type { WorkflowDefinition } from '../contracts/workflow/definition.ts';
import type { SecretSource } from '../contracts/workflow/values.ts';
import type { GatewayFileDefinition } from '../contracts/workflow/gatewayFile.ts';
import type { Compiled } from '../define/member.ts';
import type { Workflow } from '../define/workflow.ts';
import { groupGateway } from '../gateway/groups/groupGateway.ts';
import { egress } from '../security/egress.ts';
import type { Clock } from '../values/clock.ts';
import { asJson } from '../values/json.ts';
import { requireOptions } from '../values/options.ts';
import { refusal } from '../workflow/files/problem.ts';
import { loadWorkflow } from '../workflow/files/project/load.ts';
import { projectGateway, type WorkflowProject } from '../workflow/files/project/project.ts';
import { stepCacheFiles } from './stepCacheFiles.ts';
import { compileWorkflow, stepServers } from './workflowActors.ts';

/** Where a workflow finds what its file does not say. Every field may be left out. */
export interface WorkflowOptions {
  /** The folder of its project; by default the nearest one above its file that has `gateway.yaml`, `agents` or `workflows`. */
  readonly projectDir?: string;
  /** A `*.env.yaml`; none by default. A variable of the environment wins over one of this file. */
  readonly envFile?: string;
  /** The variables that the project may read; those of the process by default. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** What webhooks may reach although it is not public, such as `localhost` or `10.0.0.0/8`; `TROUPE_EGRESS_ALLOW`, separated by commas, by default. */
  readonly allow?: readonly string[];
}

/** The longest that a webhook may take, in milliseconds: its own `timeout_s` is shorter. */
const longestWebhook = 60 * 60_000;

/** Loads a workflow. Rejects with `definition`, and everything that is wrong in its files, each with its place. */
export async function loadedWorkflow(file: string, options: WorkflowOptions = {}): Promise<Workflow> {
  requireOptions('workflow', options, { projectDir: true, envFile: true, env: true, allow: true });
  const { env = process.env, allow, projectDir, envFile } = options;
  const { definition, problems, project } = await loadWorkflow(resolve(file), {
    env,
    ...(projectDir === undefined ? {} : { projectDir }),
    ...(envFile === undefined ? {} : { envFile }),
  });
  // What is wrong in a step alone fails that step when it is reached.
  if (!definition) throw refusal(`The workflow ${file}`, problems);
  return runnableWorkflow(definition, project, { allow });
}

/** How a workflow of a project is run. */
export interface RunnableWorkflowOptions {
  /** What webhooks may reach although it is not public; `TROUPE_EGRESS_ALLOW` by default. */
  readonly allow?: readonly string[] | undefined;
  /** What does an agent step, given the values of secrets: such as a runtime in another process. By default it is done in this process. */
  readonly agentStep?: ((secrets: SecretSource) => Compiled) | undefined;
  /** Asked for models, when agent steps are done in this process; by default those of the project's gateway file, and without one those of the runtime. */
  readonly gateway?: ModelGateway | undefined;
}

/** A workflow of a project, as something that can be run. */
export const runnableWorkflow = (
  definition: WorkflowDefinition,
  project: WorkflowProject,
  { allow = allowedIn(project.env), agentStep, gateway }: RunnableWorkflowOptions = {},
): Workflow => ({
  kind: 'workflow',
  name: definition.name,
  definition,
  start: (params) => asJson(rootWorkflowStart(definition, params)),
  compile(context) {
    const servers = stepServers(context.clock);
    context.opened.push(servers);
    // Where agents work elsewhere no model is asked here, and this process need not have the keys of any.
    const own = () => gatewayOf(projectGateway(project), project.env, context.clock);
    return compileWorkflow(definition, {
      gateway: gateway ?? (agentStep ? undefined : own()) ?? context.gateway,
      servers,
      egress: egress({ clock: context.clock, allow, longest: longestWebhook }),
      agentStep,
      cache: stepCacheFiles(join(project.dir, '.troupe', 'steps')),
    });
  },
});

/** The models of a gateway file; undefined without one. Throws `definition` with everything that is wrong in it. */
export const gatewayOf = (
  file: GatewayFileDefinition | undefined,
  env: WorkflowProject['env'],
  clock: Clock,
): ModelGateway | undefined => file && groupGateway(file, { clock, env, breaker: () => breaker() });

const allowedIn = ({ TROUPE_EGRESS_ALLOW: list = '' }: WorkflowProject['env']): readonly string[] =>
  list.split(',').flatMap((entry) => (entry.trim() === '' ? [] : [entry.trim()]));
