/** An agent task as the request of the HTTP contract, and back. The task has its secrets in clear: it goes from one process to the other, and nowhere else. */
import type { AgentTask, AgentTaskServer } from '../../../contracts/workflow/agentTask.ts';
import { isJsonObject, type JsonObject } from '../../../values/json.ts';
import { TroupeError } from '../../../values/failure.ts';
import type { InvokeRequest, ServerRequest } from './runtimeRequest.ts';

/** What a request has beside its task. */
export interface Dispatch {
  readonly run: string;
  /** See `callbackUrl`. */
  readonly callbackUrl: string;
  /** The names of the parameters of each server that are secret, in the order of the servers; none by default. */
  readonly secretKeys?: readonly (readonly string[])[];
}

/** The request that gives a task to a runtime. */
export const invocationOf = (task: AgentTask, { run, callbackUrl, secretKeys = [] }: Dispatch): InvokeRequest => ({
  run_id: run,
  step_id: task.step,
  callback_url: callbackUrl,
  agent_name: task.agent,
  system: task.system,
  user_message: task.user,
  ...(task.reflect === undefined ? {} : { reflect: task.reflect }),
  ...(task.confidenceThreshold === undefined ? {} : { confidence_threshold: task.confidenceThreshold }),
  max_turns: task.maxTurns,
  model: { group: task.model.group, max_tokens: task.model.maxTokens },
  tool_servers: task.servers.map((server, at) => ({
    ...serverRequest(server),
    secret_keys: [...(secretKeys[at] ?? [])],
  })),
  output_schema: { ...task.output },
  ...(task.stepOutput === undefined ? {} : { step_schema: { ...task.stepOutput } }),
  ...(task.budgetUsd === undefined ? {} : { budget_usd: task.budgetUsd }),
});

/** The tokens of an answer when a request does not say. */
const defaultTokens = 1_024;

/** The task that a request gives. Throws `invalid` for a rule of approvals that is none. */
export const agentTaskOf = (request: InvokeRequest): AgentTask => ({
  run: request.run_id,
  step: request.step_id,
  agent: request.agent_name,
  system: request.system,
  user: request.user_message,
  ...(request.reflect === undefined ? {} : { reflect: request.reflect }),
  ...(request.confidence_threshold === undefined ? {} : { confidenceThreshold: request.confidence_threshold }),
  maxTurns: request.max_turns,
  model: {
    group: request.model.group,
    maxTokens: request.model.max_tokens > 0 ? request.model.max_tokens : defaultTokens,
  },
  servers: (request.tool_servers ?? []).map(taskServer),
  output: objectOf(request.output_schema),
  ...(request.step_schema ? { stepOutput: objectOf(request.step_schema) } : {}),
  ...(request.budget_usd === undefined ? {} : { budgetUsd: request.budget_usd }),
});

const serverRequest = ({
  name,
  address,
  allow,
  auth,
  params,
  persistentId,
  approvals,
}: AgentTaskServer): ServerRequest => ({
  name,
  ...('url' in address ? address : { url: '', command: address.command, args: [...address.args] }),
  allowlist: [...allow],
  ...(auth?.value == null ? {} : { auth_header: auth.header, auth_value: auth.value }),
  ...(params ? { params: { ...params } } : {}),
  ...(persistentId === undefined ? {} : { persistent_id: persistentId }),
  approval_rules: approvals.map(({ pattern, onReject, timeout = 0, timeoutBehavior }) => ({
    pattern,
    on_reject: onReject,
    timeout_ms: timeout,
    timeout_behavior: timeoutBehavior,
  })),
});

const taskServer = (server: ServerRequest): AgentTaskServer => ({
  name: server.name,
  address:
    server.command === undefined
      ? { url: server.url, ...(server.transport ? { transport: server.transport } : {}) }
      : { command: server.command, args: server.args ?? [] },
  allow: server.allowlist ?? [],
  ...(server.auth_header === undefined || server.auth_value === undefined
    ? {}
    : { auth: { header: server.auth_header, value: server.auth_value } }),
  ...(server.params ? { params: server.params } : {}),
  ...(server.persistent_id === undefined ? {} : { persistentId: server.persistent_id }),
  approvals: (server.approval_rules ?? []).map(({ pattern, on_reject, timeout_ms, timeout_behavior }) => ({
    pattern,
    onReject: oneOf('on_reject', on_reject, ['fail', 'recover'] as const),
    ...(timeout_ms > 0 ? { timeout: timeout_ms } : {}),
    timeoutBehavior: oneOf('timeout_behavior', timeout_behavior, ['fail', 'reject'] as const),
  })),
});

function oneOf<Word extends string>(name: string, given: string, words: readonly [Word, ...Word[]]): Word {
  // An empty text is what the format sends for one that was not written: the first word is the default.
  const found = given === '' ? words[0] : words.find((word) => word === given);
  if (found === undefined)
    throw new TroupeError('invalid', `${name} is ${words.join(' or ')}; got ${JSON.stringify(given.slice(0, 40))}.`);
  return found;
}

const objectOf = (value: unknown): JsonObject => (isJsonObject(value) ? value : {});
