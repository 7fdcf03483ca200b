/** The front door of `troupe/client`: what can be done with runs, from the process that has them or from any other. */
export { troupeClient, type TroupeClientOptions } from './client.ts';
export type { DefinitionResolver, ResolvedDefinition } from './definitions.ts';
export type { RunAbout } from './runFacts.ts';
export type {
  ArtifactsClient,
  AuthClient,
  DeploymentInfo,
  DeploymentsClient,
  ExecutionQuery,
  ExecutionsClient,
  LogQuery,
  ReplayOptions,
  ReplayPlan,
  SecretInfo,
  SecretsClient,
  TokenInfo,
  TroupeClient,
} from '../contracts/client/client.ts';
export type { NewScheduleOptions, ScheduleInfo, SchedulesClient } from '../contracts/client/schedules.ts';
export type {
  ArtifactInfo,
  CheckpointAttempt,
  CheckpointInfo,
  Execution,
  ExecutionStatus,
  FailureInfo,
  LogEntry,
  Page,
  PendingWait,
} from '../contracts/client/execution.ts';
