/** The front door: what a user imports from `troupe`. */
export { agent, type Agent, type AgentOptions } from './define/agent.ts';
export { all, team } from './define/team.ts';
export type { Team, TeamOptions } from './define/teamDefinition.ts';
export { pipeline } from './define/presets/pipeline.ts';
export { roundRobin } from './define/presets/roundRobin.ts';
export { selector } from './define/presets/selector.ts';
export { handoff } from './define/presets/handoff.ts';
export { mapReduce } from './define/presets/mapReduce.ts';
export { debate } from './define/presets/debate.ts';
export { supervisorTeam } from './define/presets/supervisorTeam.ts';
export { asTool } from './define/asTool.ts';
export { until, type Until, type Conversation } from './define/presets/until.ts';
export { orchestrator } from './define/orchestrator.ts';
export type {
  Orchestrator,
  OrchestratorBudget,
  OrchestratorOptions,
  RotationOptions,
} from './define/orchestratorDefinition.ts';
export { routers, type Router } from './define/routers.ts';
export { monitorOf } from './runtime/monitor.ts';
export { control, type OrchestrationControl } from './runtime/control.ts';
export { standing, type Call, type HealthStatus, type HealthWindow, type Standing } from './contracts/health.ts';
export type { HealthReport } from './observe/health.ts';
export type {
  BudgetSnapshot,
  ExecutionMode,
  OrchestrationMonitor,
  PipelineResult,
  RetryPolicy,
  TaskErrorKind,
  TaskResult,
  TaskSpec,
} from './contracts/task.ts';
export { run, type RunOptions } from './runtime/run.ts';
export { guarded } from './define/guardrails/guarded.ts';
export type { Guarded } from './define/guardrails/guardedDefinition.ts';
export { guardrails, type GuardrailOptions } from './define/guardrails/guardrails.ts';
export type { Guardrail } from '../actors/guardrailDefinition.ts';
export {
  openRuntime,
  type Runtime,
  type RuntimeOptions,
  type RunHandle,
  type RunOutcome,
  type Ticket,
} from './runtime/runtime.ts';
export { cluster, node, type ClusterNode, type ClusterNodeOptions } from './cluster/join.ts';
export type { Cluster, Invoked, InvokeOptions } from './cluster/client.ts';
export type { NodeReport } from './cluster/nodeReport.ts';
export type { Runnable } from './define/runnable.ts';
export { protocol, type Body, type Protocol, type Reply, type Said } from './contracts/protocol.ts';
export { tool, type Tool } from './tools/tool.ts';
export { mcpServer } from './define/mcpServer.ts';
export { offlineModel } from './gateway/offlineModel.ts';
export { aiSdkModel } from './gateway/aiSdkModel.ts';
export { TroupeError, failureKinds, type Failure, type FailureKind } from './values/failure.ts';
export type { Objective, AgentOutput, AgentUsage, Budget } from './contracts/agent.ts';
export type { Json, JsonObject } from './values/json.ts';
export type { Model, ModelChoice, Usage } from './contracts/model.ts';
export type { ToolSource } from './contracts/tool.ts';
export type { Duration } from './values/duration.ts';
export type { Ref } from './engine/ref.ts';
export type { MachineRunnable } from './define/machine.ts';
export { machine } from './runtime/machine.ts';
export { effect } from '../actors/effect.ts';
