/** Makes the task of an agent step: its parameters in its prompts, and its tool servers with everything resolved. */
import type {
  AgentFile,
  AgentParameter,
  ServerReference,
  StepDefinition,
} from '../../src/contracts/workflow/definition.ts';
import type { AgentTask, AgentTaskServer, StoredAgentTask } from '../../src/contracts/workflow/agentTask.ts';
import type { Resolved, Sealed, WorkflowValues } from '../../src/contracts/workflow/values.ts';
import { TroupeError } from '../../src/values/failure.ts';
import { isJsonObject, type Json } from '../../src/values/json.ts';
import { resolveTemplates } from '../../src/workflow/expressions/resolve.ts';
import { textOf } from '../../src/workflow/expressions/text.ts';
import { violations, violationText } from '../../src/workflow/airlock/violations.ts';

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
  const given = parametersOf(step, values);
  // A secret parameter that is not given, or has its default, is no part of a prompt either.
  const secret = new Set(agent.params.flatMap((parameter) => (parameter.secret ? parameter.name : [])));
  const shown = Object.fromEntries(Object.entries(given.open).filter(([name]) => !secret.has(name)));
  const inPrompts: WorkflowValues = { params: shown, env: {}, step: {}, sealed: {} };
  const prompt = (text: string) => textOf(resolveTemplates(text, inPrompts, 'text').value);
  const servers = agent.servers.map((server) => serverTask(server, given, overridesOf(step, server.name, values)));
  const { reflect } = agent.prompt;
  const task: AgentTask = {
    step: item === undefined ? step.id : `${step.id}.${item}`,
    agent: agent.name,
    system: agent.prompt.system,
    user: agent.prompt.user === undefined ? sortedText(shown) : prompt(agent.prompt.user),
    ...(reflect === undefined ? {} : { reflect: prompt(reflect) }),
    ...(step.confidenceThreshold === undefined ? {} : { confidenceThreshold: step.confidenceThreshold }),
    maxTurns: agent.maxTurns,
    model: { group: groupOf(model.group ?? agent.group), maxTokens: model.maxTokens ?? defaultMaxTokens },
    servers: servers.map(({ value }) => value),
    output: agent.output,
    ...(step.schema && !step.forEach ? { stepOutput: step.schema } : {}),
    ...(budgetUsd === undefined ? {} : { budgetUsd }),
  };
  const sealed = servers.flatMap(({ sealed: places }, index) =>
    places.map(({ path, value }) => ({ path: ['servers', index, ...path], value })),
  );
  return { value: task, sealed };
}

/** The parameters of an agent: those that may be shown, and how the secret ones are found again. */
interface AgentParameters {
  readonly open: Readonly<Record<string, Json>>;
  readonly sealed: Readonly<Record<string, Sealed>>;
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

/** What a step says of one parameter of a server, in place of the agent; undefined when it says nothing. */
type Override = (param: string) => Resolved | undefined;

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

/** A server with the parameters of the agent put in, and those of the step, which come first. */
function serverTask(reference: ServerReference, given: AgentParameters, override: Override): Resolved<AgentTaskServer> {
  const { server, name, allow, persistentId } = reference;
  const values: WorkflowValues = {
    params: given.open,
    env: {},
    step: {},
    sealed: Object.fromEntries(Object.entries(given.sealed).map(([param, value]) => [`params.${param}`, value])),
  };
  const sealed: { path: (string | number)[]; value: Sealed }[] = [];
  const placed = (raw: Json, ...path: (string | number)[]): Json =>
    placedAt(path, resolveTemplates(raw, values, 'param'));
  const placedAt = (path: readonly (string | number)[], resolved: Resolved): Json => {
    for (const place of resolved.sealed) sealed.push({ path: [...path, ...place.path], value: place.value });
    return resolved.value;
  };
  const params: Record<string, Json> = {};
  for (const declared of server.params) {
    const own = override(declared.name);
    const raw = reference.params[declared.name] ?? declared.default;
    if (own === undefined && raw === undefined) throw missingServerParam(server.name, declared.name);
    const before = sealed.length;
    const path = ['params', declared.name];
    params[declared.name] = own ? placedAt(path, own) : placed(raw ?? null, ...path);
    if (sealed.length > before && !declared.secret)
      throw new TroupeError(
        'denied',
        `The parameter "${declared.name}" of the server "${server.name}" is given a secret and is not declared secret. Add secret: true to it.`,
      );
  }
  const auth = server.auth && {
    header: server.auth.header,
    value: authValue(server.auth, (raw) => placed(raw, 'auth', 'value')),
  };
  return {
    value: {
      name,
      address: server.address,
      allow: allow.map(({ pattern }) => pattern),
      ...(auth ? { auth } : {}),
      ...(server.params.length > 0 ? { params } : {}),
      ...(persistentId === undefined ? {} : { persistentId }),
      approvals: allow.flatMap(({ pattern, approval }) => (approval ? [{ pattern, ...approval }] : [])),
    },
    sealed,
  };
}

/** The value of the header. With `bearer`, the template begins with the scheme, so that it is sealed together with the secret. */
function authValue(
  { scheme, secret }: { readonly scheme: 'bearer' | 'raw'; readonly secret: string },
  placed: (raw: Json) => Json,
): string | null {
  const raw = /^`[^`]*`$/s.test(secret) ? secret.slice(1, -1) : secret;
  const value = placed(scheme === 'bearer' ? `Bearer ${raw}` : raw);
  return value === null ? null : textOf(value);
}

/** JSON with the names in order, so that the same parameters are the same text. */
const sortedText = (params: Readonly<Record<string, Json>>): string =>
  JSON.stringify(Object.fromEntries(Object.entries(params).sort(([a], [b]) => (a < b ? -1 : 1))));

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
const missingServerParam = (server: string, param: string) =>
  new TroupeError(
    'invalid',
    `The parameter "${param}" of the server "${server}" has no value. Add it to the params of the agent's reference, or to params.server of the step, or give it a default.`,
  );
