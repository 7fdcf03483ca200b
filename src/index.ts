/** The front door: what a user imports from `troupe`. */
export { agent, type Agent, type AgentOptions } from './agent.ts';
export { all, team, type Team, type TeamOptions } from './team.ts';
export { pipeline } from './teams/pipeline.ts';
export { roundRobin } from './teams/roundRobin.ts';
export { selector } from './teams/selector.ts';
export { handoff } from './teams/handoff.ts';
export { mapReduce } from './teams/mapReduce.ts';
export { debate } from './teams/debate.ts';
export { supervisorTeam } from './teams/supervisorTeam.ts';
export { asTool } from './teams/asTool.ts';
export { until, type Until, type Conversation } from './teams/until.ts';
export {
  orchestrator,
  type Orchestrator,
  type OrchestratorBudget,
  type OrchestratorOptions,
  type RotationOptions,
} from './orchestrator.ts';
export { routers, type Router } from './routers.ts';
export { monitorOf } from './monitor.ts';
export { control, type Control } from './control.ts';
export { standing, type Call, type HealthStatus, type HealthWindow, type Standing } from './contracts/health.ts';
export type { HealthReport } from './observe/health.ts';
export type {
  BudgetSnapshot,
  ExecutionMode,
  Monitor,
  PipelineResult,
  RetryPolicy,
  TaskErrorKind,
  TaskResult,
  TaskSpec,
} from './contracts/task.ts';
export { run, type RunOptions } from './run.ts';
export { guarded, type Guarded } from './guarded.ts';
export { guardrails, type GuardrailOptions } from './guardrails.ts';
export type { Guardrail } from '../actors/guardrail.ts';
export {
  openRuntime,
  type Runtime,
  type RuntimeOptions,
  type RunHandle,
  type RunOutcome,
  type Ticket,
} from './runtime.ts';
export { cluster, node, type ClusterNode, type NodeOptions } from './node.ts';
export type { Cluster, Invoked, InvokeOptions } from './cluster/client.ts';
export type { NodeReport } from './cluster/report.ts';
export type { Subject } from './subject.ts';
export { protocol, type Body, type Protocol, type Reply, type Said } from './contracts/protocol.ts';
export { tool, type Tool } from './tools/tool.ts';
export { mcpServer } from './servers.ts';
export { offlineModel } from './gateway/offlineModel.ts';
export { aiSdkModel } from './gateway/aiSdkModel.ts';
export { TroupeError, failureKinds, type Failure, type FailureKind } from './contracts/failure.ts';
export type { Objective, AgentOutput, AgentUsage, Budget } from './contracts/agent.ts';
export type { Json, JsonObject } from './contracts/json.ts';
export type { Model, ModelChoice, Usage } from './contracts/model.ts';
export type { ToolSource } from './contracts/tool.ts';
export type { Duration } from './contracts/duration.ts';
export type { Ref } from './system/ref.ts';
export { machine, type MachineSubject } from './machine.ts';
export { effect } from '../actors/effect.ts';
