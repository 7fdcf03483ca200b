/** The front door: what a user imports from `troupe`. */

// One agent: a model, instructions and tools.
export { agent, type Agent, type AgentOptions } from './define/agent.ts';
export { tool, type Tool } from './tools/tool.ts';
export { mcpServer, type McpServer } from './define/mcpServer.ts';
export type { ToolSource } from './contracts/tool.ts';
export type { Objective, AgentOutput, AgentUsage, Budget } from './contracts/agent.ts';

// Models: one of the AI SDK, or one that needs no network.
export { aiSdkModel } from './gateway/aiSdkModel.ts';
export { offlineModel } from './gateway/offlineModel.ts';
export type { Model, ModelChoice, Usage } from './contracts/model.ts';

// A team: agents that send each other the messages of a protocol.
export { team, all } from './define/team.ts';
export type { Next, Team, TeamOptions } from './define/teamDefinition.ts';
export {
  protocol,
  type MessageBody,
  type MessageOf,
  type MessageSpec,
  type Protocol,
  type Reply,
} from './contracts/protocol.ts';
export { asTool } from './define/asTool.ts';
export type { Delegate } from './define/delegate.ts';

// Ready-made teams.
export type { Preset } from './define/presets/preset.ts';
export { pipeline } from './define/presets/pipeline.ts';
export { roundRobin } from './define/presets/roundRobin.ts';
export { selector } from './define/presets/selector.ts';
export { handoff } from './define/presets/handoff.ts';
export { mapReduce } from './define/presets/mapReduce.ts';
export type { ItemScope } from './contracts/item.ts';
export { debate } from './define/presets/debate.ts';
export { supervisorTeam } from './define/presets/supervisorTeam.ts';
export { until, type Until, type Conversation } from './define/presets/until.ts';

// Many tasks for many members: an orchestrator, its router, and what can be seen and done while it works.
export { orchestrator } from './define/orchestrator.ts';
export type {
  MemberLike,
  Orchestrator,
  OrchestratorBudget,
  OrchestratorOptions,
  RotationOptions,
} from './define/orchestratorDefinition.ts';
export { routers, type Router } from './define/routers.ts';
export { control, type OrchestrationControl } from './runtime/control.ts';
export { monitorOf } from './runtime/monitor.ts';
export type { ExecutionMode } from './contracts/executionMode.ts';
export type { BudgetSnapshot, OrchestrationMonitor } from './contracts/orchestration.ts';
export type { RetryPolicy, TaskSpec } from './contracts/task.ts';
export type { PipelineResult, TaskErrorKind, TaskResult } from './contracts/taskResult.ts';

// Guardrails: checks before, during and after the work of an agent, a team or a tool.
export { guarded } from './define/guardrails/guarded.ts';
export type { Guarded } from './define/guardrails/guardedDefinition.ts';
export { guardrails } from './define/guardrails/guardrails.ts';
export type { GuardrailOptions } from './define/guardrails/make.ts';
export type { Guardrail } from '../actors/guardrailDefinition.ts';

// A machine of your own: an XState machine whose effects the engine performs.
export { machine } from './runtime/machine.ts';
export type { MachineRunnable } from './define/machine.ts';
export { effect, type Effect } from '../actors/effect.ts';
export type { Ref } from './engine/ref.ts';

// Workflows: pipelines of steps in YAML, written without code.
export { workflow } from './runtime/workflowFile.ts';
export type { Workflow } from './define/workflow.ts';
export type { WorkflowOptions } from './runtime/workflow.ts';

// Flows: async functions whose calls are recorded.
export { flow, type Flow, type FlowOptions } from './flow/flow.ts';
export { checkpoint } from './flow/checkpoint.ts';
export type { CheckpointCall, CheckpointOptions } from './flow/checkpointOptions.ts';
export { configure, type ConfigurationChange } from './config/configure.ts';
export type { ArtifactRef, DurableCheckpoint, FlowContext, SaveOptions } from './flow/context.ts';
export type { StreamedContent } from './flow/artifactContent.ts';

// What can be done with runs, from any process; more of it in `troupe/client`.
export { troupeClient, type TroupeClientOptions } from './client/client.ts';
export type { TroupeClient } from './contracts/client/client.ts';
export type { Execution } from './contracts/client/execution.ts';

// Running it: once, in a runtime that outlives the process, or in a cluster.
export { run } from './runtime/run.ts';
export type { RunOptions } from './runtime/runIn.ts';
export type { InputFor, OutputFor, StartInput } from './runtime/runTypes.ts';
export type { InputPart, MediaPart } from './contracts/media.ts';
export type { RunDone } from './runtime/stream.ts';
export type { StreamEvent, StreamEventSource } from './observe/streamEvents.ts';
export {
  openRuntime,
  type Runtime,
  type RuntimeOptions,
  type RunHandle,
  type RunOutcome,
  type Ticket,
  type UnsettledWrite,
} from './runtime/runtime.ts';
export { cluster, node, type ClusterNode, type ClusterNodeOptions } from './cluster/join.ts';
export type { Cluster, InvokeOptions, InvokeResult } from './cluster/client.ts';
export type { NodeReport } from './cluster/nodeReport.ts';
export type { Runnable } from './define/runnable.ts';

// Health: how well agents, models and tool servers have been doing.
export {
  healthSummary,
  type CallRecord,
  type HealthStatus,
  type HealthSummary,
  type HealthWindow,
} from './contracts/health.ts';
export type { HealthReport } from './observe/health.ts';

// Policies for calls of your own: retries, timeouts, and what of a conversation fits into a model.
export { retryPauses, retryPolicies, withRetry, type CallRetries } from './runtime/policies/retry.ts';
export { timeoutPolicy, withTimeLimit } from './runtime/policies/timeout.ts';
export {
  estimateTokens,
  pruneMessages,
  withContextWindow,
  type ContextWindow,
} from './runtime/policies/contextWindow.ts';

// Secrets: keys of other services, by name.
export { secretStore, type SecretStoreSettings } from './runtime/secretStore.ts';
export type {
  Secret,
  SecretChange,
  SecretListOptions,
  SecretPage,
  SecretStore,
  SecretSummary,
  SecretValues,
  SetSecretOptions,
} from './secrets/secretStore.ts';

// Failures and plain values.
export { TroupeError, failureKinds, type Failure, type FailureKind } from './values/failure.ts';
export type { Json, JsonObject } from './values/json.ts';
export type { Duration } from './values/duration.ts';
