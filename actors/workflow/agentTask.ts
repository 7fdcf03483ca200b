/** Makes the task of an agent step: what the step gives to the parameters of its agent, and to those of its tool servers. */
import type { AgentFile, AgentParameter } from '../../src/contracts/workflow/agentFile.ts';
import type { StepDefinition } from '../../src/contracts/workflow/definition.ts';
import type { StoredAgentTask } from '../../src/contracts/workflow/agentTask.ts';
import type { Resolved, Sealed, WorkflowValues } from '../../src/contracts/workflow/values.ts';
import { TroupeError } from '../../src/values/failure.ts';
import { isJsonObject, type Json } from '../../src/values/json.ts';
import { resolveTemplates } from '../../src/workflow/expressions/resolve.ts';
import { textOf } from '../../src/workflow/expressions/text.ts';
import { violations, violationText } from '../../src/workflow/airlock/violations.ts';
import { taskOf, type AgentParameters, type Override } from './taskOf.ts';

/** A step that is done by an agent. */
export type AgentStepDefinition = Extract<StepDefinition, { kind: 'agent' }>;

/** What the task of an agent is made of, beside its step. */
export interface AgentTaskOptions {
  readonly values: WorkflowValues;
  /** The item of a fan-out; none by default. */
  readonly item?: number;
  /** What it may cost, in US dollars; no limit by default. */
  readonly budgetUsd?: number | undefined;
  /** The model group that is used in place of the one that was written. */
  groupOf(group: string): string;
}

/** The output tokens of one answer, where the step does not say. */
const defaultMaxTokens = 1024;

/** The task of an agent step. Throws `invalid` when a parameter is missing or does not fit, `denied` when a secret would be shown. */
export function agentTask(
  step: AgentStepDefinition,
  { values, item, budgetUsd, groupOf }: AgentTaskOptions,
): StoredAgentTask {
  const { agent, model } = step;
  return taskOf(agent, parametersOf(step, values), {
    step: item === undefined ? step.id : `${step.id}.${item}`,
    group: groupOf(model.group ?? agent.group),
    groupOf,
    maxTokens: model.maxTokens ?? defaultMaxTokens,
    budgetUsd,
    override: (server) => overridesOf(step, server, values),
    more: {
      ...(step.confidenceThreshold === undefined ? {} : { confidenceThreshold: step.confidenceThreshold }),
      ...(step.schema && !step.forEach ? { stepOutput: step.schema } : {}),
    },
  });
}

function parametersOf({ id, agent, params }: AgentStepDefinition, values: WorkflowValues): AgentParameters {
  const open: Record<string, Json> = {};
  const sealed: Record<string, Sealed> = {};
  for (const parameter of agent.params) {
    const raw = Object.hasOwn(params, parameter.name) ? params[parameter.name] : undefined;
    const { value, sealed: places } = raw === undefined ? nothingGiven : resolveTemplates(raw, values, 'param');
    const [place, ...more] = places;
    if (place) {
      if (!parameter.secret) throw wouldShow(agent, parameter.name);
      if (place.path.length > 0 || more.length > 0) throw partlySecret(agent, parameter.name);
      sealed[parameter.name] = place.value;
    } else {
      if (parameter.secret && raw !== undefined) throw notSecret(agent, parameter.name);
      open[parameter.name] = checked(id, agent, parameter, given(raw, parameter, value));
    }
  }
  return { open, sealed };
}

const nothingGiven: Resolved = { value: null, sealed: [] };

/** The value that a step gives; undefined when it gives none. What a template gives for a text is its text: the usual type of a parameter is text. */
function given(raw: Json | undefined, { schema }: AgentParameter, value: Json): Json | undefined {
  if (raw === undefined || value === null) return undefined;
  return typeof raw === 'string' && schema['type'] === 'string' ? textOf(value) : value;
}

/** The value, or its default. A text that is optional and not given is empty. */
function checked(step: string, agent: AgentFile, parameter: AgentParameter, own: Json | undefined): Json {
  const value = own ?? parameter.default;
  if (value === undefined) {
    if (!parameter.required) return '';
    throw new TroupeError(
      'invalid',
      `The step "${step}" gives no value for "${parameter.name}", which the agent "${agent.name}" requires. Add it to the params of the step.`,
    );
  }
  const problems = violations(parameter.schema, value);
  if (problems.length === 0) return value;
  throw new TroupeError(
    'invalid',
    `The parameter "${parameter.name}" of the agent "${agent.name}" does not fit its schema: ${violationText(problems)}.`,
  );
}

/** The parameters that a step gives to a server of its agent by the server's name: `params.server.NAME.PARAMETER`. */
function overridesOf({ params }: AgentStepDefinition, server: string, values: WorkflowValues): Override {
  const { server: all } = params;
  const own = isJsonObject(all) && Object.hasOwn(all, server) ? all[server] : undefined;
  return (param) => {
    const raw = isJsonObject(own) && Object.hasOwn(own, param) ? own[param] : undefined;
    if (raw === undefined) return undefined;
    const resolved = resolveTemplates(raw, values, 'param');
    // What is null counts as not given.
    return resolved.value === null && resolved.sealed.length === 0 ? undefined : resolved;
  };
}

const wouldShow = ({ name }: AgentFile, param: string) =>
  new TroupeError(
    'denied',
    `The parameter "${param}" of the agent "${name}" is given a secret and is not declared secret: its model would be shown it. Add secret: true to the parameter, and use it for servers only.`,
  );
const partlySecret = ({ name }: AgentFile, param: string) =>
  new TroupeError(
    'invalid',
    `The secret parameter "${param}" of the agent "${name}" must be a text; it is given a list or an object with a secret in it.`,
  );
const notSecret = ({ name }: AgentFile, param: string) =>
  new TroupeError(
    'denied',
    `The parameter "${param}" of the agent "${name}" is secret, so its value must come from a secret: env with secret: true, or a secret parameter of the workflow.`,
  );
