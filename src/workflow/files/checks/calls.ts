/** Checks what a workflow asks of other files: that they are there, that their required parameters are given, and that both sides agree on webhooks. */
import type { AgentFile } from '../../../contracts/workflow/agentFile.ts';
import { isJsonObject } from '../../../values/json.ts';
import { agentParameters, defineAgent, schemaOf } from '../define/agent.ts';
import type { FileProblem } from '../problem.ts';
import { linked, type Link, type WorkflowNode } from '../project/sources.ts';
import type { StepSource } from '../schema/step.ts';
import type { CheckContext } from './context.ts';
import { checkGroupOfStep } from './modelGroups.ts';
import { readsEnvironment } from './references.ts';
import { declares } from './schemas.ts';
import { checkServerOverrides } from './serverOverrides.ts';

/** Checks the agents and sub-workflows of a workflow's steps. */
export function checkCalls(node: WorkflowNode, context: CheckContext): FileProblem[] {
  return (node.value?.pipeline ?? []).flatMap((step, at) => {
    const link = node.agents.get(at) ?? node.workflows.get(at);
    if (!link) return [];
    if ('problem' in link.to) return [node.yaml.problem(link.path, link.to.problem)];
    return node.agents.has(at)
      ? checkAgentStep(node, at, step, link, context)
      : checkWorkflowStep(node, at, step, link, context);
  });
}

function checkAgentStep(
  node: WorkflowNode,
  at: number,
  step: StepSource,
  link: Link,
  context: CheckContext,
): FileProblem[] {
  const { sources } = context;
  const file = sources.agents.get(linked(link) ?? '');
  const agent = file?.value;
  if (!agent) return [];
  const path = ['pipeline', at];
  const given = step.params ?? {};
  const missing = agentParameters(agent).filter(({ name, required }) => required && given[name] == null);
  const group = step.model?.group ?? agent.model;
  return [
    ...missing.map(({ name }) =>
      node.yaml.problem(
        [...path, 'params'],
        `The agent needs a value for its parameter "${name}": add it to "params".`,
        { deferred: true },
      ),
    ),
    ...checkServerOverrides(node, at, file, sources),
    ...(group == null && node.value?.model_policy?.force_group == null
      ? [node.yaml.problem(link.path, 'No model group: give the agent a "model", or the step a "model.group".')]
      : []),
    ...(group == null
      ? []
      : checkGroupOfStep(node, step.model?.group == null ? link.path : [...path, 'model', 'group'], group, context)),
    ...groupsBelow(defineAgent(file, sources)).flatMap((each) => checkGroupOfStep(node, link.path, each, context)),
    ...(step.confidence_threshold != null && !declares(schemaOf(agent.output?.schema), 'ktsu_confidence')
      ? [
          node.yaml.problem(
            [...path, 'confidence_threshold'],
            'The agent\'s output schema does not declare "ktsu_confidence", which this is compared with.',
            { severity: 'warning' },
          ),
        ]
      : []),
  ];
}

/** The model groups of the sub-agents of an agent. One without a group has that of its caller. */
const groupsBelow = ({ subAgents = [] }: AgentFile): string[] =>
  subAgents.flatMap(({ agent }) => [...(agent.group === '' ? [] : [agent.group]), ...groupsBelow(agent)]);

function checkWorkflowStep(
  node: WorkflowNode,
  at: number,
  step: StepSource,
  link: Link,
  { sources }: CheckContext,
): FileProblem[] {
  const child = sources.workflows.get(linked(link) ?? '');
  if (!child?.value) return [];
  const path = ['pipeline', at];
  const given = { ...step.input, ...step.params };
  return [
    ...requiredParams(child)
      .filter((name) => given[name] == null)
      .map((name) =>
        node.yaml.problem(
          path,
          `The workflow "${child.name}" needs a value for its parameter "${name}": add it to "params".`,
          { deferred: true },
        ),
      ),
    ...(step.webhooks === 'execute' && child.value.webhooks !== 'execute'
      ? [
          node.yaml.problem(
            [...path, 'webhooks'],
            `The step says "webhooks: execute", and the file of "${child.name}" does not: both must, or none of its webhooks is sent.`,
          ),
        ]
      : []),
    ...(child.value.visibility !== 'sub-workflow' && readsEnvironment(child)
      ? [
          node.yaml.problem(
            link.path,
            `The workflow "${child.name}" reads the environment, which only a root workflow may: it cannot be a step.`,
          ),
        ]
      : []),
  ];
}

/** The parameters that must be given: required, and without a default. */
function requiredParams(child: WorkflowNode): string[] {
  const { required, properties } = schemaOf(child.value?.params?.schema);
  if (!Array.isArray(required)) return [];
  return required.filter((name): name is string => {
    const property = isJsonObject(properties) && typeof name === 'string' ? properties[name] : undefined;
    return typeof name === 'string' && !(isJsonObject(property) && property['default'] !== undefined);
  });
}
