/** The front door of `troupe/client`: what can be done with runs, from the process that has them or from any other. */
export { troupeClient, type TroupeClientOptions } from './client.ts';
export type { DefinitionResolver, ResolvedDefinition } from './definitions.ts';
export type { RunAbout } from './runFacts.ts';
export type { ArtifactsClient } from '../contracts/client/artifacts.ts';
export type { TroupeClient } from '../contracts/client/client.ts';
export type { DeadLetterInfo, DeadLettersClient } from '../contracts/client/deadLetters.ts';
export type { DeploymentInfo, DeploymentsClient } from '../contracts/client/deployments.ts';
export type {
  ExecutionQuery,
  ExecutionsClient,
  LogQuery,
  ReplayOptions,
  ReplayPlan,
} from '../contracts/client/executions.ts';
export type { SecretInfo, SecretsClient } from '../contracts/client/secrets.ts';
export type { AuthClient, TokenInfo } from '../contracts/client/tokens.ts';
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
