/** Variables in the older spelling, `env:NAME`, that are passed to a secret parameter: that makes them secret, declared or not. */
import { isJsonObject } from '../../../values/json.ts';
import { linked, type Sources, type WorkflowNode } from '../project/sources.ts';
import { agentParameters, schemaOf } from './agent.ts';
import { legacyVariable } from './environment.ts';

/** The names of those variables of a root workflow. */
export function legacySecrets(root: WorkflowNode, sources: Sources): ReadonlySet<string> {
  const steps = root.value?.pipeline ?? [];
  return new Set(
    steps.flatMap((step, at) => {
      const secret = secretNames(root, at, sources);
      return Object.entries({ ...step.input, ...step.params }).flatMap(([name, value]) =>
        secret.has(name) && typeof value === 'string' ? (legacyVariable.exec(value.trim())?.[1] ?? []) : [],
      );
    }),
  );
}

/** The secret parameters of the agent or the workflow of a step. */
function secretNames(root: WorkflowNode, at: number, { agents, workflows }: Sources): ReadonlySet<string> {
  const agent = agents.get(linked(root.agents.get(at)) ?? '')?.value;
  if (agent)
    return new Set(
      agentParameters(agent)
        .filter(({ secret }) => secret)
        .map(({ name }) => name),
    );
  return secretProperties(workflows.get(linked(root.workflows.get(at)) ?? ''));
}

/** The parameters of a workflow with `secret: true` in its schema. */
export function secretProperties(node: WorkflowNode | undefined): Set<string> {
  const { properties } = schemaOf(node?.value?.params?.schema);
  if (!isJsonObject(properties)) return new Set();
  return new Set(
    Object.entries(properties).flatMap(([name, property]) =>
      isJsonObject(property) && property['secret'] === true ? [name] : [],
    ),
  );
}
