/** Makes the definition of a workflow from its files, sub-workflows included. */
import type { AgentFile } from '../../../contracts/workflow/agentFile.ts';
import type { WorkflowDefinition } from '../../../contracts/workflow/definition.ts';
import type { SecretSource } from '../../../contracts/workflow/values.ts';
import type { Json } from '../../../values/json.ts';
import { linked, type Sources, type WorkflowNode } from '../project/sources.ts';
import type { WorkflowSource } from '../schema/workflow.ts';
import { defineAgent, schemaOf } from './agent.ts';
import { allVariables, publicValues, secretSource, type EnvironmentValues } from './environment.ts';
import { legacySecrets } from './legacySecrets.ts';
import { ownedProblems } from './ownedProblems.ts';
import { defineStep, type StepSurroundings } from './step.ts';
import type { FileProblem } from '../problem.ts';
import { policyWithin } from '../../modelGroups.ts';

/**
 * The definition of a root workflow; undefined when its file does not fit. Files that are used twice are defined once. `problems` are those that fail it, or the
 * step that they concern, when it is run; none of a workflow that is not run with any.
 */
export function defineWorkflow(
  root: WorkflowNode,
  sources: Sources,
  env: EnvironmentValues,
  problems: readonly FileProblem[] = [],
): WorkflowDefinition | undefined {
  if (!root.value) return undefined;
  const passed = legacySecrets(root, sources);
  const variables = allVariables(root.value).map((variable) =>
    passed.has(variable.name) ? { ...variable, secret: true } : variable,
  );
  // Sub-workflows unseal what their root sealed: they have its secrets.
  const define = definer(root, sources, secretSource(variables, env), problems);
  const definition = define(root);
  return definition && { ...definition, env: variables, environment: publicValues(variables, env) };
}

function definer(root: WorkflowNode, sources: Sources, secrets: SecretSource, problems: readonly FileProblem[]) {
  const rootPolicy = policyOf(root.value);
  const agents = new Map<string, AgentFile>();
  // Undefined while it is defined: a circle is refused by the checks, and must not be endless here.
  const workflows = new Map<string, WorkflowDefinition | undefined>();

  const agentAt = (file: string | undefined): AgentFile | undefined => {
    const node = file === undefined ? undefined : sources.agents.get(file);
    if (!node?.value) return undefined;
    const agent = agents.get(node.file) ?? defineAgent(node, sources);
    agents.set(node.file, agent);
    return agent;
  };

  const define = (node: WorkflowNode | undefined): WorkflowDefinition | undefined => {
    if (!node?.value) return undefined;
    if (workflows.has(node.file)) return workflows.get(node.file);
    workflows.set(node.file, undefined);
    const owned = ownedProblems(node, sources, problems);
    const definition = fromParts(node, node.value, secrets, (at) => {
      const file = linked(node.workflows.get(at));
      return {
        agent: agentAt(linked(node.agents.get(at))),
        workflow: file === undefined ? undefined : define(sources.workflows.get(file)),
        problem: owned.step(at),
      };
    });
    const { whole } = owned;
    const defined = {
      ...definition,
      ...(node === root ? {} : { policy: policyWithin(rootPolicy, definition.policy) }),
      ...(whole === undefined ? {} : { problem: whole }),
    };
    workflows.set(node.file, defined);
    return defined;
  };
  return define;
}

function fromParts(
  node: WorkflowNode,
  source: WorkflowSource,
  secrets: SecretSource,
  parts: (at: number) => Pick<StepSurroundings, 'agent' | 'workflow' | 'problem'>,
): WorkflowDefinition {
  const ids = source.pipeline.map(({ id }) => id);
  const auth = source.invoke?.auth;
  return {
    kind: 'workflow',
    name: node.name,
    file: node.file,
    ...(source.version != null && { version: String(source.version) }),
    ...(source.description != null && { description: String(source.description) }),
    visibility: source.visibility ?? 'root',
    webhooks: source.webhooks ?? 'suppress',
    ...(source.params?.schema && { params: schemaOf(source.params.schema) }),
    env: [],
    ...(auth && {
      auth: { header: (auth.header ?? '').toLowerCase(), scheme: String(auth.scheme ?? ''), secret: auth.secret },
    }),
    steps: source.pipeline.map((step, at) =>
      defineStep(step, { ids, line: node.yaml.at(['pipeline', at]).line, ...parts(at) }),
    ),
    output: {
      ...(source.output?.schema && { schema: schemaOf(source.output.schema) }),
      // What YAML holds is JSON.
      ...(source.output?.map && { map: source.output.map as Readonly<Record<string, Json>> }),
      ...(source.output?.from != null && { from: source.output.from }),
    },
    policy: policyOf(source),
    environment: {},
    secrets,
  };
}

/** The policy of a file. A limit of 0 is none. */
export function policyOf({
  model_policy: policy,
}: Partial<Pick<WorkflowSource, 'model_policy'>> = {}): WorkflowDefinition['policy'] {
  return {
    ...(policy?.cost_budget_usd ? { budgetUsd: policy.cost_budget_usd } : {}),
    ...(policy?.timeout_s ? { timeout: Math.max(1, Math.round(policy.timeout_s * 1_000)) } : {}),
    ...(policy?.concurrency != null && { concurrency: policy.concurrency }),
    ...(policy?.force_group != null && { forceGroup: policy.force_group }),
    ...(policy?.group_map && { groupMap: policy.group_map }),
  };
}
