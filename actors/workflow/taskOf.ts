/** The task of an agent from its file and its parameters: its prompts, and its tool servers with everything resolved. */
import type { AgentFile, ServerReference } from '../../src/contracts/workflow/agentFile.ts';
import type { AgentTask, AgentTaskServer, StoredAgentTask } from '../../src/contracts/workflow/agentTask.ts';
import type { Resolved, Sealed, WorkflowValues } from '../../src/contracts/workflow/values.ts';
import { TroupeError } from '../../src/values/failure.ts';
import type { Json } from '../../src/values/json.ts';
import { resolveTemplates } from '../../src/workflow/expressions/resolve.ts';
import { textOf } from '../../src/workflow/expressions/text.ts';
import { offeredSubAgents } from './subAgents.ts';

/** The parameters of an agent: those that may be shown, and how the secret ones are found again. */
export interface AgentParameters {
  readonly open: Readonly<Record<string, Json>>;
  readonly sealed: Readonly<Record<string, Sealed>>;
}

/** What a step says of one parameter of a server, in place of the agent; undefined when it says nothing. */
export type Override = (param: string) => Resolved | undefined;

/** What the task of an agent has beside what its file says. */
export interface TaskFrame {
  readonly step: string;
  /** The model group that is used. */
  readonly group: string;
  readonly maxTokens: number;
  /** In US dollars; no limit when undefined. */
  readonly budgetUsd: number | undefined;
  /** The model group that is used in place of the one that was written. */
  groupOf(group: string): string;
  /** What is said of the parameters of a server in place of the agent. */
  override(server: string): Override;
  /** What the step asks of the answer; nothing by default. */
  readonly more?: Pick<AgentTask, 'confidenceThreshold' | 'stepOutput'>;
}

/** The task of an agent with these parameters. */
export function taskOf(agent: AgentFile, given: AgentParameters, frame: TaskFrame): StoredAgentTask {
  const { step, group, groupOf, maxTokens, budgetUsd, override, more: asked = {} } = frame;
  // A secret parameter that is not given, or has its default, is no part of a prompt either.
  const secret = new Set(agent.params.flatMap((parameter) => (parameter.secret ? parameter.name : [])));
  const shown = Object.fromEntries(Object.entries(given.open).filter(([name]) => !secret.has(name)));
  const inPrompts: WorkflowValues = { params: shown, env: {}, step: {}, sealed: {} };
  const prompt = (text: string) => textOf(resolveTemplates(text, inPrompts, 'text').value);
  const servers = agent.servers.map((server) => serverTask(server, given, override(server.name)));
  const subAgents = offeredSubAgents(agent, { group, groupOf, sealed: given.sealed });
  const { reflect } = agent.prompt;
  const task: AgentTask = {
    step,
    agent: agent.name,
    system: agent.prompt.system,
    user: agent.prompt.user === undefined ? sortedText(shown) : prompt(agent.prompt.user),
    ...(reflect === undefined ? {} : { reflect: prompt(reflect) }),
    maxTurns: agent.maxTurns,
    model: { group, maxTokens },
    servers: servers.map(({ value }) => value),
    ...(subAgents.length > 0 ? { subAgents } : {}),
    output: agent.output,
    ...asked,
    ...(budgetUsd === undefined ? {} : { budgetUsd }),
  };
  const sealed = servers.flatMap(({ sealed: places }, index) =>
    places.map(({ path, value }) => ({ path: ['servers', index, ...path], value })),
  );
  return { value: task, sealed };
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

const missingServerParam = (server: string, param: string) =>
  new TroupeError(
    'invalid',
    `The parameter "${param}" of the server "${server}" has no value. Add it to the params of the agent's reference, or to params.server of the step, or give it a default.`,
  );
